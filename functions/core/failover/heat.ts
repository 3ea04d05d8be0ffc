/** Tracks clusters that carry, or lately carried, more than their capacity, which explains why they are slow. */

import { givenPoints } from '../allocation/points.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import { equal } from '../model/digest.ts';
import type { Placement } from '../model/fleet-facts.ts';
import { type Context, stateOf, type Watched } from './context.ts';
import { recoveryMsOf } from './grace.ts';
import { MEMORY_MS } from './pace.ts';
import { type ClusterState, type Traffic, withState } from './traffic.ts';

/** Requests per second by which a load may exceed a capacity because of rounding. */
const TOLERANCE = 1e-6;

/** Returns the traffic with the heat of clusters that become hot or cool down under this allocation. */
export function withHeat(context: Context, traffic: Traffic): Traffic {
  const hot = hotClusters(context, context.input.traffic.allocation, traffic.allocation);
  const known = traffic.clusters.filter(({ heat }) => heat !== undefined).map(({ cluster }) => cluster);
  return [...new Set([...hot, ...known])].reduce((next, name) => {
    const item = context.clusters.get(name);
    if (item === undefined) return next;
    const { heat: before, ...state } = stateOf(next, item.facts);
    const heat = hot.has(name) ? {} : cooling(context, item, before);
    return equal(heat, before) ? next : withState(next, heat ? { ...state, heat } : state);
  }, traffic);
}

/**
 * Returns the clusters that may be above their capacity. Gateways follow at different times, so meanwhile a cluster may
 * carry the larger of its old and its new points in each backend.
 */
function hotClusters({ input }: Context, before: SealedAllocation, after: SealedAllocation): Set<string> {
  const { clusters, placements } = input;
  const capacities = new Map(
    clusters.flatMap(({ name, capacity }) => (capacity === undefined ? [] : [[name, capacity]])),
  );
  if (capacities.size === 0) return new Set();
  const loads = mostLoads(placements, before, after);
  const hot = [...capacities].filter(([name, capacity]) => (loads.get(name) ?? 0) > capacity + TOLERANCE);
  return new Set(hot.map(([name]) => name));
}

function mostLoads(
  placements: readonly Placement[],
  before: SealedAllocation,
  after: SealedAllocation,
): Map<string, number> {
  const loads = new Map<string, number>();
  for (const placement of placements) {
    if (placement.load === 0) continue;
    const then = givenPoints(placement, before);
    const now = before === after ? then : givenPoints(placement, after);
    for (const [index, { cluster }] of placement.members.entries()) {
      const most = Math.max(now[index] ?? 0, then[index] ?? 0);
      loads.set(cluster, (loads.get(cluster) ?? 0) + (placement.load * most) / 100);
    }
  }
  return loads;
}

/**
 * Returns the remaining heat of a cluster that is not above its capacity any more. Once gateways follow, heat lasts
 * until voters have forgotten what they saw meanwhile, and then until a quorum of them has found the cluster quick, but
 * for an hour more at most.
 */
function cooling(
  { input, verifiedAtMs }: Context,
  item: Watched,
  before: ClusterState['heat'],
): ClusterState['heat'] {
  if (before === undefined) return undefined;
  const { nowMs, policy } = input;
  const { untilMs = verifiedAtMs === undefined ? undefined : nowMs + recoveryMsOf(policy) } = before;
  if (untilMs === undefined) return {};
  const isHot = nowMs < untilMs || (!isQuick(item) && nowMs < untilMs + MEMORY_MS);
  return isHot ? { untilMs } : undefined;
}

/** Tells whether a quorum of the cluster's voters finds it quick and no monitoring system raises an alert. */
function isQuick({ tally, isWatched }: Watched): boolean {
  const quick = tally.votes.filter(({ state, isFresh, isSuspect, slowSinceMs }) => {
    return state === 'healthy' && isFresh && !isSuspect && slowSinceMs === undefined;
  });
  return !isWatched || (quick.length >= tally.quorum && tally.impaired === undefined);
}
