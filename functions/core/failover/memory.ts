/** The memory of clusters: which failures and removals are remembered, and for how long. */

import { placementShares } from '../allocation/points.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import type { Placement } from '../model/fleet-facts.ts';
import { type Context, moved, type Step, UNCHANGED } from './context.ts';
import { cooldownMs, hasFallen, MEMORY_MS } from './pace.ts';
import type { DecisionInput } from './decision-input.ts';
import { type ClusterState, type Dwell, type Traffic, withState } from './traffic.ts';

/**
 * Forgets clusters that are gone or were replaced by others of the same name, and failures and removals that are too
 * old to matter.
 */
export const forget: Step = ({ input, clusters }, traffic) => {
  const { nowMs, policy } = input;
  const windowMs = (policy.safety.maxRemoved?.windowSeconds ?? 0) * 1000;
  const isThere = ({ cluster, uid }: ClusterState) => {
    const facts = clusters.get(cluster)?.facts;
    return facts !== undefined && (uid === '' || uid === facts.uid);
  };
  const kept = traffic.clusters
    .filter(isThere)
    .map((state) => faded(inTime(state, input), nowMs, Math.max(MEMORY_MS, windowMs)));
  const gone = traffic.clusters.filter((state) => !isThere(state)).flatMap(({ removedAtMs }) => removedAtMs ?? []);
  const known = traffic.goneRemovalsMs ?? [];
  const goneRemovalsMs = [...known, ...gone].filter((atMs) => nowMs - atMs < windowMs);
  const isSame = kept.length === traffic.clusters.length && kept.every((state, at) => state === traffic.clusters[at]);
  if (isSame && goneRemovalsMs.length === known.length) return UNCHANGED;
  const { goneRemovalsMs: _, ...rest } = traffic;
  const next = goneRemovalsMs.length > 0 ? { ...rest, goneRemovalsMs } : rest;
  return moved(kept.reduce(withState, { ...next, clusters: [] }));
};

/**
 * Records the loss of clusters that went down earlier and lose their last point with this allocation: their cooldown
 * begins now.
 */
export function withLosses({ input }: Context, traffic: Traffic, before: SealedAllocation): Traffic {
  const { nowMs, placements } = input;
  const down = traffic.clusters.filter(({ standing, sinceMs }) => standing === 'down' && sinceMs < nowMs);
  if (down.length === 0 || traffic.allocation === before) return traffic;
  const [had, has] = [before, traffic.allocation].map((allocation) => serving(placements, allocation));
  return down
    .filter(({ cluster }) => had?.has(cluster) && !has?.has(cluster))
    .reduce((next, state) => withState(next, { ...state, leftAtMs: nowMs }), traffic);
}

/** Returns the clusters that have points in a placement that is not pinned. */
function serving(placements: readonly Placement[], allocation: SealedAllocation): Set<string> {
  const shares = placements
    .filter(({ pinned }) => !pinned)
    .flatMap((placement) => placementShares(placement, { allocation }));
  return new Set(shares.filter(({ percent }) => percent > 0).map(({ cluster }) => cluster));
}

function faded(state: ClusterState, nowMs: number, removalMemoryMs: number): ClusterState {
  const isKnown = (atMs: number) => nowMs - atMs < MEMORY_MS || state.standing === 'down';
  const failuresMs = state.failuresMs.filter(isKnown);
  const isRemoved = state.removedAtMs !== undefined && nowMs - state.removedAtMs < removalMemoryMs;
  const fallsMs = hasFallen(state.fallsMs, nowMs) ? state.fallsMs : [];
  const isDismissed = state.dismissedUntilMs !== undefined && nowMs < state.dismissedUntilMs;
  const isSame =
    failuresMs.length === state.failuresMs.length &&
    fallsMs.length === state.fallsMs.length &&
    isRemoved === (state.removedAtMs !== undefined) &&
    isDismissed === (state.dismissedUntilMs !== undefined);
  if (isSame) return state;
  const { dismissedUntilMs, removedAtMs, ...rest } = state;
  return { ...rest, failuresMs, fallsMs, ...(isDismissed && { dismissedUntilMs }), ...(isRemoved && { removedAtMs }) };
}

/**
 * Returns the state with all of its times capped at what is possible now. A clock that ran ahead for a while may have
 * left times in the future, and nothing should wait for them.
 */
function inTime(state: ClusterState, { nowMs, policy }: DecisionInput): ClusterState {
  const { sinceMs, failuresMs, removedAtMs, dwell, brake, ramp } = state;
  const { cooldownSeconds, correlation, dataGates = [] } = policy.failover;
  const gateSeconds = Math.max(0, ...dataGates.map((gate) => gate.gateSeconds));
  const latestMs = {
    dwell: nowMs + cooldownMs(failuresMs.length, cooldownSeconds),
    brake: nowMs + Math.max(correlation.askSeconds, policy.safety.maxRemoved?.windowSeconds ?? 0, gateSeconds) * 1000,
  };
  const isSound =
    [sinceMs, ...failuresMs, removedAtMs ?? 0, ramp?.steppedAtMs ?? 0, dwell?.sinceMs ?? 0].every(
      (atMs) => atMs <= nowMs,
    ) &&
    (dwell?.untilMs ?? 0) <= latestMs.dwell &&
    (brake?.untilMs ?? 0) <= latestMs.brake;
  if (isSound) return state;
  return {
    ...state,
    sinceMs: Math.min(sinceMs, nowMs),
    failuresMs: failuresMs.map((atMs) => Math.min(atMs, nowMs)),
    ...(removedAtMs !== undefined && { removedAtMs: Math.min(removedAtMs, nowMs) }),
    ...(ramp && { ramp: { ...ramp, steppedAtMs: Math.min(ramp.steppedAtMs, nowMs) } }),
    ...(brake?.untilMs !== undefined && { brake: { ...brake, untilMs: Math.min(brake.untilMs, latestMs.brake) } }),
    ...(dwell && { dwell: dwellBy(dwell, nowMs, latestMs.dwell) }),
  };
}

function dwellBy(dwell: Dwell, nowMs: number, latestMs: number): Dwell {
  const { untilMs, sinceMs } = dwell;
  return {
    ...dwell,
    untilMs: Math.min(untilMs, latestMs),
    ...(sinceMs !== undefined && { sinceMs: Math.min(sinceMs, nowMs) }),
  };
}
