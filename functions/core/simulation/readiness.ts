/**
 * Readiness tells whether a fleet in its current state could serve without any one of its clusters, sites and cities.
 */

import type { LossOutcome as ShownOutcome } from '../../../schemas/loss-readiness.ts';
import { allocate } from '../allocation/allocate.ts';
import type { Limits } from '../allocation/limits.ts';
import { type Loss, lossesOf, withoutLost } from '../allocation/losses.ts';
import { givenPoints } from '../allocation/points.ts';
import type { Capacity, LimitReason } from '../allocation/types.ts';
import { TOLERANCE } from '../allocation/work.ts';
import { type Context, contextOf } from '../failover/context.ts';
import { limitsOf } from '../failover/limits.ts';
import { backendOf, capacitiesOf } from '../failover/seal.ts';
import type { DecisionInput } from '../failover/decision-input.ts';
import type { Placement } from '../model/fleet-facts.ts';
import { compareText } from '../model/text.ts';

export type LossOutcome = Omit<ShownOutcome, 'since'>;

/**
 * The losses that were worked out. `skipped` is the number of those that were not, because the fleet has too many
 * backends of many members.
 */
export interface Readiness {
  losses: LossOutcome[];
  skipped: number;
}

/** The most members of backends that are allocated anew over all losses, which takes some seconds of processor time. */
const MOST_MEMBERS = 300_000;

/** The most clusters and services that are named for one loss. */
const MOST_NAMED = 5;

/** The current state, with which every loss is compared. */
interface Present {
  context: Context;
  limits: Limits;
  capacities: readonly Capacity[];
  /** The load that each cluster has to serve now, in requests per second. */
  loads: ReadonlyMap<string, number>;
}

/**
 * Returns what would become of the loss of each cluster, site and city, one at a time, with everything else as it is
 * now. Only backends with a lost member are allocated anew, and all others stay as they are. A fleet that could make
 * room only by moving those others counts as one that cannot bear the loss.
 */
export function readinessOf(input: DecisionInput): Readiness {
  const context = contextOf(input);
  const { traffic, placements } = input;
  const present: Present = {
    context,
    limits: limitsOf(context, traffic),
    capacities: capacitiesOf(context, traffic),
    loads: loadsNow(placements, traffic),
  };
  const losses = lossesOf(input.clusters);
  let left = MOST_MEMBERS;
  const worked = losses.toReversed().filter((loss) => {
    left -= membersOf(loss, context);
    return left >= 0;
  });
  return {
    losses: worked.toReversed().map((loss) => outcomeOf(loss, present)),
    skipped: losses.length - worked.length,
  };
}

function membersOf({ clusters }: Loss, { placements }: Context): number {
  const counts = [...clusters].flatMap((name) => (placements.get(name) ?? []).map(({ members }) => members.length));
  return counts.reduce((sum, count) => sum + count, 0);
}

function loadsNow(placements: readonly Placement[], { allocation }: DecisionInput['traffic']): Map<string, number> {
  const loads = new Map<string, number>();
  for (const placement of placements) addLoads(loads, placement, givenPoints(placement, allocation), 1);
  return loads;
}

function addLoads(
  loads: Map<string, number>,
  { load, members }: Placement,
  points: readonly number[],
  sign: 1 | -1,
): void {
  if (load === 0) return;
  for (const [index, { cluster }] of members.entries()) {
    loads.set(cluster, (loads.get(cluster) ?? 0) + (sign * load * (points[index] ?? 0)) / 100);
  }
}

function outcomeOf(loss: Loss, { context, limits, capacities, loads }: Present): LossOutcome {
  const { policy, traffic } = context.input;
  const touched = new Set([...loss.clusters].flatMap((name) => context.placements.get(name) ?? []));
  const backends = [...touched].map((placement) => {
    const backend = backendOf(placement, limits, givenPoints(placement, traffic.allocation), undefined);
    return { ...backend, members: withoutLost(backend.members, loss.clusters) };
  });
  const rest = new Map(loads);
  for (const placement of touched) addLoads(rest, placement, givenPoints(placement, traffic.allocation), -1);
  const room = capacities
    .filter(({ cluster }) => !loss.clusters.has(cluster))
    .map((capacity) => {
      const left = capacity.requestsPerSecond - (rest.get(capacity.cluster) ?? 0);
      return { ...capacity, requestsPerSecond: Math.max(Number.MIN_VALUE, left) };
    });
  const { headroomPercent, correlation } = policy.failover;
  const correlationWindowMs = correlation.windowSeconds * 1000;
  const found = allocate({ backends, capacities: room, headroomPercent, correlationWindowMs }).backends;
  const then = new Map(rest);
  const [stranded, sole]: [string[], string[]] = [[], []];
  for (const [index, placement] of [...touched].entries()) {
    const points = found[index]?.points ?? [];
    addLoads(then, placement, points, 1);
    if (isUnserved(loss, limits, placement, points))
      (hasOthers(loss, placement) ? stranded : sole).push(...placement.services);
  }
  const { type, name, clusters } = loss;
  const overloads = overloadsIn(capacities, loss, loads, then);
  return {
    ...{ type, name, clusters: [...clusters].sort(compareText) },
    survives: overloads.length + stranded.length + sole.length === 0,
    ...{ overloads, strandedServices: someOf(stranded), soleServices: someOf(sole) },
  };
}

function someOf(names: readonly string[]): string[] {
  return [...new Set(names)].sort(compareText).slice(0, MOST_NAMED);
}

/** Tells whether another cluster is declared to serve the placement and health may move traffic to it. */
function hasOthers({ clusters }: Loss, { members, pinned }: Placement): boolean {
  return !pinned && members.some(({ cluster, weight }) => weight > 0 && !clusters.has(cluster));
}

/** Tells whether traffic stays on a cluster that is lost or down, because no other may serve it. */
function isUnserved({ clusters }: Loss, limits: Limits, { members }: Placement, points: readonly number[]) {
  const isDead = (name: string) =>
    clusters.has(name) || limits.clusters.get(name)?.some(({ reason }) => DEAD.has(reason));
  return members.some(({ cluster }, index) => (points[index] ?? 0) > 0 && isDead(cluster));
}

const DEAD: ReadonlySet<LimitReason> = new Set<LimitReason>(['down', 'gate']);

/**
 * Returns the clusters that would have to serve more than their capacity, and more than they have now; the most
 * overloaded come first.
 */
function overloadsIn(
  capacities: readonly Capacity[],
  { clusters }: Loss,
  now: ReadonlyMap<string, number>,
  then: ReadonlyMap<string, number>,
): LossOutcome['overloads'] {
  const hot = capacities.flatMap(({ cluster, requestsPerSecond }) => {
    const load = then.get(cluster) ?? 0;
    const isHot = load > requestsPerSecond + TOLERANCE && load > (now.get(cluster) ?? 0) + TOLERANCE;
    return isHot && !clusters.has(cluster) ? [{ cluster, load, requestsPerSecond }] : [];
  });
  const excess = ({ load, requestsPerSecond }: LossOutcome['overloads'][number]) => load / requestsPerSecond;
  return hot.sort((a, b) => excess(b) - excess(a) || compareText(a.cluster, b.cluster)).slice(0, MOST_NAMED);
}
