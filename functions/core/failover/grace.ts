import { saidAtMs } from '../health/vouch.ts';
import type { Placement, Policy } from '../model/fleet-facts.ts';
import { type Context, statesOf, type Watched } from './context.ts';
import type { ClusterState, Traffic } from './traffic.ts';

/**
 * The names of the clusters of a placement that are down and are given time to be found healthy like another cluster
 * that failed with them.
 */
export type Grace = ReadonlySet<string>;

const NONE: Grace = new Set();

/** A cluster that may be given grace. */
interface Candidate {
  item: Watched;
  state: ClusterState;
  isDown: boolean;
  /** The time at which it recovered: infinity while it is down, minus infinity if it was never down. */
  backMs: number;
  failedMs: number;
  removedMs: number;
}

/**
 * Returns the grace that each placement gives its members. When all members have gone down together, for example
 * because their observer was cut off, the first that is found healthy is not given all traffic for the few moments
 * until the others are found healthy, too. Each of the others keeps what it had until voters have looked again and
 * found it failing, or until the time that a recovery takes is over.
 */
export function gracesOf(context: Context, traffic: Traffic): (placement: Placement) => Grace {
  const { nowMs, policy } = context.input;
  const recoveryMs = recoveryMsOf(policy);
  const isRecent = traffic.clusters.some(
    ({ recoveredAtMs }) => recoveredAtMs !== undefined && nowMs - recoveredAtMs < recoveryMs,
  );
  if (!isRecent) return () => NONE;
  const candidates = candidatesOf(context, traffic);
  const isolated = isolatedBy(traffic);
  return ({ service, members, pinned }) => {
    if (pinned) return NONE;
    const own: Candidate[] = [];
    for (const { cluster, weight } of members) {
      const candidate = weight > 0 && !isolated(cluster, service) ? candidates.get(cluster) : undefined;
      if (candidate) own.push(candidate);
    }
    return graceAmong(context, own);
  };
}

/** Returns all clusters as candidates, by name. */
function candidatesOf(context: Context, traffic: Traffic): Map<string, Candidate> {
  const states = statesOf(context, traffic);
  const candidates = new Map<string, Candidate>();
  for (const [name, item] of context.clusters) {
    const state = states.get(name);
    if (state) candidates.set(name, candidateOf(item, state));
  }
  return candidates;
}

/** Returns a function that tells whether a person has isolated a cluster, or one service of it. */
function isolatedBy({ shifts }: Traffic): (cluster: string, service: string | undefined) => boolean {
  const isolations = shifts.filter(({ mode }) => mode === 'isolate');
  return (cluster, service) =>
    isolations.some((shift) => shift.cluster === cluster && (shift.service === undefined || shift.service === service));
}

function candidateOf(item: Watched, state: ClusterState): Candidate {
  const isDown = state.standing === 'down';
  return {
    item,
    state,
    isDown,
    backMs: isDown ? Number.POSITIVE_INFINITY : (state.recoveredAtMs ?? Number.NEGATIVE_INFINITY),
    failedMs: state.failuresMs.at(-1) ?? Number.POSITIVE_INFINITY,
    removedMs: state.removedAtMs ?? Number.POSITIVE_INFINITY,
  };
}

function graceAmong(context: Context, candidates: readonly Candidate[]): Grace {
  const { nowMs, policy } = context.input;
  const first = firstBack(candidates);
  if (first === undefined || nowMs - first.backMs >= recoveryMsOf(policy)) return NONE;
  const atMs = first.backMs;
  const wereAllDown = candidates.every(({ backMs, removedMs }) => backMs >= atMs && removedMs < atMs);
  if (!wereAllDown) return NONE;
  const windowMs = policy.failover.correlation.windowSeconds * 1000;
  const together = candidates.filter(({ item, state, isDown, failedMs }) => {
    const isNear = Math.abs(failedMs - first.failedMs) <= windowMs;
    if (!isDown || !isNear) return false;
    return (state.seenFailingAtMs ?? 0) <= atMs && !isSeenFailing(context, item, atMs);
  });
  return new Set(together.map(({ state }) => state.cluster));
}

/** Returns the candidate that recovered first; undefined while all are down. */
function firstBack(candidates: readonly Candidate[]): Candidate | undefined {
  let first: Candidate | undefined;
  for (const candidate of candidates) {
    if (!candidate.isDown && !(first && first.backMs <= candidate.backMs)) first = candidate;
  }
  return first;
}

/** Returns the longest time that voters take to find a cluster healthy again, in milliseconds. */
export function recoveryMsOf({ health }: Policy): number {
  return (health.recoveryWindow * health.intervalSeconds + health.timeoutSeconds) * 1000;
}

/**
 * Remembers that voters saw a down cluster fail again after another one had recovered, so that a single good answer
 * does not give it new grace.
 */
export function withFailureSeen(context: Context, traffic: Traffic, item: Watched, state: ClusterState): ClusterState {
  if (state.standing !== 'down') return state;
  const lastMs = Math.max(0, ...traffic.clusters.map(({ recoveredAtMs = 0 }) => recoveredAtMs));
  const { nowMs } = context.input;
  const isKnown = lastMs === 0 || lastMs >= nowMs || (state.seenFailingAtMs ?? 0) > lastMs;
  return isKnown || !isSeenFailing(context, item, lastMs) ? state : { ...state, seenFailingAtMs: nowMs };
}

/**
 * Tells whether a quorum has looked at the cluster since `sinceMs` and saw it fail. A voter's clock may be late: once a
 * whole round is over, what the voter saw within the last round by its own clock counts as seen since then, too.
 */
function isSeenFailing(context: Context, { record, tally }: Watched, sinceMs: number): boolean {
  const { intervalSeconds, timeoutSeconds } = context.input.policy.health;
  const roundMs = (intervalSeconds + timeoutSeconds) * 1000;
  const isRoundOver = context.input.nowMs - sinceMs > roundMs;
  const failed = (record?.votes ?? []).filter((vote) => {
    if (vote.last.outcome !== 'fail') return false;
    const atMs = saidAtMs(vote);
    return atMs > sinceMs || (isRoundOver && (context.clocksMs.get(vote.voter) ?? 0) - atMs <= roundMs);
  });
  return failed.length >= tally.quorum;
}
