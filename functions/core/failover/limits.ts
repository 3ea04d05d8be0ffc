import type { Limits } from '../allocation/limits.ts';
import type { Limit } from '../allocation/types.ts';
import { equal } from '../model/digest.ts';
import { type Context, statesOf } from './context.ts';
import { awaitsGate } from './data-gates.ts';
import { isOfAutomation, keeping, peoplesLimits } from './peoples-limits.ts';
import { keptServiceLimits, serviceLimitsOf, servicesAskedAnew } from './service-limits.ts';
import type { ClusterState, Traffic } from './traffic.ts';
import { isFrozen } from './windows.ts';

/** Returns all limits that automation and people ask for. */
export function limitsOf(context: Context, traffic: Traffic): Limits {
  return { clusters: clusterLimitsOf(context, traffic), services: serviceLimitsOf(context, traffic) };
}

function clusterLimitsOf(context: Context, traffic: Traffic): Map<string, Limit[]> {
  const found = new Map<string, Limit[]>();
  const gated = clustersBehindClosedGates(context);
  for (const [name, state] of statesOf(context, traffic)) {
    const limits = [...standingLimits(context, traffic, state, gated.has(name)), ...peoplesLimits(traffic, name)];
    if (limits.length > 0) found.set(name, limits);
  }
  return found;
}

/**
 * Returns the limits that are in force while automation does not act: those that people ask for, and one for each
 * cluster that automation would hold back, or held back when it last acted. Such a cluster keeps what it has until a
 * person applies the recommendation.
 */
export function limitsWithoutAutomation(context: Context, traffic: Traffic): Limits {
  const wanted = limitsOf(context, traffic);
  return { clusters: keptClusterLimits(context, traffic, wanted), services: keptServiceLimits(traffic, wanted) };
}

function keptClusterLimits(context: Context, traffic: Traffic, wanted: Limits): Map<string, Limit[]> {
  const found = new Map<string, Limit[]>();
  const frozen = new Set(
    traffic.allocation.limits
      .filter(({ percent, limits }) => percent < 100 && limits.some(isOfAutomation))
      .map(({ cluster }) => cluster),
  );
  for (const name of context.clusters.keys()) {
    const held = wanted.clusters.get(name)?.filter(isOfAutomation) ?? [];
    const isHeldBack = frozen.has(name) || held.length > 0;
    const limits: Limit[] = [...(isHeldBack ? [keeping(held)] : []), ...peoplesLimits(traffic, name)];
    if (limits.length > 0) found.set(name, limits);
  }
  return found;
}

/**
 * Returns the clusters and single services for which people ask something else than when the current allocation was
 * made.
 */
export function askedAnew(context: Context, traffic: Traffic): Record<'clusters' | 'services', Set<string>> {
  return { clusters: clustersAskedAnew(context, traffic), services: servicesAskedAnew(traffic) };
}

function clustersAskedAnew({ clusters }: Context, traffic: Traffic): Set<string> {
  const sealed = new Map(traffic.allocation.limits.map(({ cluster, limits }) => [cluster, limits]));
  const asked = [...clusters.keys()].filter((name) => {
    const before = (sealed.get(name) ?? []).filter((limit) => !isOfAutomation(limit));
    return !equal(before, peoplesLimits(traffic, name));
  });
  return new Set(asked);
}

/**
 * Returns the limits that follow from a cluster's standing. A closed gate keeps traffic on its clusters whatever their
 * health is, and gives no more to those that are down or impaired.
 */
function standingLimits(context: Context, traffic: Traffic, state: ClusterState, isGated: boolean): Limit[] {
  const impaired: Limit[] = state.impairedSinceMs === undefined ? [] : [{ reason: isGated ? 'gate' : 'impaired' }];
  switch (state.standing) {
    case 'up':
      return impaired;
    case 'suspected':
      return suspectedLimits(state);
    case 'down':
      return isGated ? [{ reason: 'gate' }] : [{ reason: 'down', sinceMs: state.failuresMs.at(-1) ?? state.sinceMs }];
    case 'joining':
      return [{ reason: 'joining' }];
    case 'held':
      return [...impaired, ...holdReasonsOf(context, traffic, state).map((reason) => ({ reason }))];
    case 'ramping':
      return [...impaired, { reason: 'ramp', percent: state.ramp?.percent ?? 0 }];
  }
}

/**
 * Returns the limits of a suspected cluster, which keeps what it has: a cluster that was on its way back gets no
 * further points.
 */
function suspectedLimits({ ramp, dwell, isApproved }: ClusterState): Limit[] {
  if (ramp) return [{ reason: 'ramp', percent: ramp.percent }];
  return dwell || isApproved ? [{ reason: 'turn' }] : [];
}

type HoldReason = 'turn' | 'dwell' | 'consent';

/** Returns what a held cluster waits for; at least its turn. */
export function holdReasonsOf({ input }: Context, traffic: Traffic, state: ClusterState): HoldReason[] {
  const { nowMs, policy } = input;
  const { dwell, isApproved } = state;
  const { failback, freezeWindows } = policy.failover;
  const servedMs = dwell ? dwell.servedMs + (dwell.sinceMs === undefined ? 0 : nowMs - dwell.sinceMs) : 0;
  const mustDwell = dwell && (nowMs < dwell.untilMs || servedMs < policy.health.dwellSeconds * 1000);
  const mustBeAllowed = failback.mode === 'manual' && !isApproved;
  const needsConsent = mustBeAllowed || isFrozen(freezeWindows, nowMs) || awaitsGate({ ...input, traffic }, state);
  const reasons: HoldReason[] = [...(mustDwell ? ['dwell' as const] : []), ...(needsConsent ? ['consent' as const] : [])];
  return reasons.length > 0 ? reasons : ['turn'];
}

/** Returns the clusters that a closed gate keeps as they are. */
export function clustersBehindClosedGates({ clusters, input }: Context): Set<string> {
  const closed = input.policy.safety.gates.filter(({ open }) => !open);
  return new Set(closed.flatMap(({ clusters: named }) => named ?? [...clusters.keys()]));
}
