/**
 * Seals allocations: records what points were computed from, what gateways are given, and what holds each member back.
 */

import { allocate } from '../allocation/allocate.ts';
import { boundsOf, declaredPoints, entitlementsOf, hasPart } from '../allocation/bounds.ts';
import { isHeldApart, type Limits, limitsFor } from '../allocation/limits.ts';
import { type Allotted, givenOf, givenPoints, sealedLimits } from '../allocation/points.ts';
import { NO_ALLOCATION, type SealedAllocation, type SealedBackend } from '../allocation/sealed.ts';
import type { Allocated, AllocationInput, Backend, BackendMember, Capacity, Limit } from '../allocation/types.ts';
import { digest, equal } from '../model/digest.ts';
import type { Placement } from '../model/fleet-facts.ts';
import { type Context, stateOf } from './context.ts';
import { type Grace, gracesOf } from './grace.ts';
import { askedAnew, clustersBehindClosedGates, limitsOf, limitsWithoutAutomation } from './limits.ts';
import { hasFallen } from './pace.ts';
import { isOfPeople } from './peoples-limits.ts';
import type { Traffic } from './traffic.ts';

const NO_LIMITS: readonly Limit[] = [];
const GRACE: Limit = { reason: 'grace' };

/** Inputs of an allocation besides the limits. */
interface Sealing {
  /** The allocation that this one replaces. */
  last: SealedAllocation;
  /** The allocation that gateways have. It differs from `last` only when a recommendation is sealed. */
  given?: SealedAllocation;
  /** Placements that keep what gateways have for them, whatever the limits say. */
  kept?: ReadonlySet<Placement>;
}

const NOTHING_KEPT: ReadonlySet<Placement> = new Set();

/**
 * Returns the points of all placements within the limits. Returns `last` itself when nothing else has changed than the
 * points that it gave: what members had is considered again only with a new standing, declaration or time.
 */
export function sealAllocation(
  context: Context,
  traffic: Traffic,
  limits: Limits,
  { last, given = last, kept = NOTHING_KEPT }: Sealing,
): SealedAllocation {
  const { placements, policy } = context.input;
  const capacities = capacitiesOf(context, traffic);
  const graces = placements.map(gracesOf(context, traffic));
  const { headroomPercent, correlation } = policy.failover;
  const declared = placements.map(({ key, load }, index) => [key, load, [...(graces[index] ?? [])]]);
  const { clusters, services } = limits;
  const basis = digest([
    ...[declared, [...clusters], capacities, headroomPercent, correlation.windowSeconds],
    ...(services.length > 0 ? [services] : []),
  ]);
  if (basis === last.basis) return last;
  if (clusters.size + services.length + capacities.length + kept.size === 0)
    return last.backends.length + last.limits.length + (last.services ?? []).length === 0 ? last : NO_ALLOCATION;
  const backends = placements.map((placement, index) => {
    const points = givenPoints(placement, given);
    return kept.has(placement) ? keptBackend(placement, points) : backendOf(placement, limits, points, graces[index]);
  });
  const correlationWindowMs = correlation.windowSeconds * 1000;
  const allocationInput: AllocationInput = { backends, capacities, headroomPercent, correlationWindowMs };
  const allocated = allocate(allocationInput);
  const placed = placements.map((placement, index): PlacementPoints => {
    const { points = [], reasons = [] } = allocated.backends[index] ?? {};
    const held = kept.has(placement) ? givenOf(placement, given).reasons : reasons;
    return { placement, points, reasons: held, declared: declaredPoints(placement.members) };
  });
  const totals = totalsOf(placed);
  const found = {
    limits: [...clusters].map(([cluster, own]) => {
      return { cluster, percent: percentLeft(own, totals.get(cluster) ?? NOTHING), limits: [...own] };
    }),
    ...(services.length > 0 && { services: sealedServices(services, placed) }),
    backends: placed.flatMap((item) => sealedBackend(item, limits) ?? []),
    overloads: [...allocated.overloads],
  };
  const { basis: _, ...before } = last;
  return equal(before, found) ? last : { basis, ...found };
}

/**
 * Returns the allocation while automation does not act. A placement keeps what gateways have for it until people ask
 * for something else on one of its members, or until something that they asked for becomes possible.
 */
export function sealWithoutAutomation(context: Context, traffic: Traffic): SealedAllocation {
  const last = traffic.allocation;
  const anew = askedAnew(context, traffic);
  const wanted = limitsWithoutAutomation(context, traffic);
  const { placements } = context.input;
  const asIs = placements.filter(({ service = '', members }) => {
    return !anew.services.has(service) && !members.some(({ cluster }) => anew.clusters.has(cluster));
  });
  const kept = new Set(asIs.filter((placement) => hasWhatIsAsked(placement, wanted, last)));
  const isAsBefore = kept.size === placements.length && anew.clusters.size + anew.services.size === 0;
  const limits = isAsBefore ? sealedLimits(last) : wanted;
  return sealAllocation(context, traffic, limits, { last, kept });
}

/** Tells whether no member of a placement, or not the member `of`, has more points than people have left to it. */
function hasWhatIsAsked(placement: Placement, limits: Limits, given: SealedAllocation, of?: string): boolean {
  const own = limitsFor(limits, placement.service);
  if (placement.pinned || !placement.members.some(({ cluster }) => own.get(cluster)?.some(isOfPeople))) return true;
  const points = givenPoints(placement, given);
  const { members } = backendOf(placement, limits, points, undefined);
  const bounds = boundsOf(members, entitlementsOf({ members }, hasPart), (limit) => !isOfPeople(limit));
  const isMeant = (index: number) => of === undefined || members[index]?.cluster === of;
  return points.every((own, index) => !isMeant(index) || own <= (bounds[index] ?? 0));
}

/**
 * Tells whether gateways are told to give the cluster, or one service of it, no more than people have left to it. This
 * is false when no other cluster is left to serve.
 */
export function givesNoMore(
  context: Context,
  traffic: Traffic,
  { cluster, service }: { cluster: string; service?: string | undefined },
): boolean {
  const limits = limitsOf(context, traffic);
  const all = context.placements.get(cluster) ?? [];
  const placements = service === undefined ? all : all.filter((placement) => placement.service === service);
  return placements.every((placement) => hasWhatIsAsked(placement, limits, traffic.allocation, cluster));
}

/**
 * Returns how much a cluster has of what it would have with its standing in `traffic` and no limit of its own, in
 * percent. It is the lowest percentage of all its placements, since one step of a return is a step in each of them.
 * With `service`, only placements of that service count; without, all but those of services that return on their own.
 */
export function heldPercent(
  context: Context,
  traffic: Traffic,
  limits: Limits,
  { cluster, service }: { cluster: string; service?: string | undefined },
): number {
  const isMeant = (placement: Placement) =>
    service === undefined ? !isHeldApart(limits, placement.service, cluster) : placement.service === service;
  const graces = gracesOf(context, traffic);
  let least = 100;
  for (const placement of context.placements.get(cluster) ?? []) {
    const index = placement.members.findIndex((member) => member.cluster === cluster && member.weight > 0);
    if (index === -1 || placement.pinned || !isMeant(placement)) continue;
    const points = givenPoints(placement, traffic.allocation);
    const backend = backendOf(placement, limits, points, graces(placement));
    const entitlement = entitlementsOf(backend, (_, own) => own === index)[index] ?? 0;
    if (entitlement > 0) least = Math.min(least, Math.floor((100 * (points[index] ?? 0)) / entitlement));
    if (least === 0) break;
  }
  return least;
}

/**
 * Returns a placement as input for an allocation: each member with the points that it had and the limits that hold it
 * back.
 */
export function backendOf(
  placement: Placement,
  limits: Limits,
  had: readonly number[],
  grace: Grace | undefined,
): Backend {
  const held = limitsFor(limits, placement.service);
  const members = placement.members.map(({ cluster, weight, tier }, index): BackendMember => {
    const own = held.get(cluster) ?? NO_LIMITS;
    return { cluster, weight, tier, had: had[index] ?? 0, limits: grace?.has(cluster) ? own.map(spared) : own };
  });
  return { id: placement.key, load: placement.load, isPinned: placement.pinned, members };
}

/** Returns a placement that keeps its points: its load counts, and nothing moves it. */
function keptBackend({ key, load, members }: Placement, points: readonly number[]): Backend {
  const kept = members.map(({ cluster }, index): BackendMember => {
    const weight = points[index] ?? 0;
    return { cluster, tier: 0, weight, had: weight, limits: NO_LIMITS };
  });
  return { id: key, load, isPinned: true, members: kept };
}

/** Replaces the limit of a cluster that is down by one of grace. Limits that people ask for hold during grace, too. */
function spared(limit: Limit): Limit {
  return limit.reason === 'down' ? GRACE : limit;
}

/** A placement with its points, and the points that the declarations alone would give it. */
interface PlacementPoints {
  placement: Placement;
  points: readonly number[];
  reasons: Allotted['reasons'] | Allocated['reasons'];
  declared: readonly number[];
}

/** Returns undefined for a backend that nothing holds back and that has its declared points. */
function sealedBackend({ placement, points, reasons, declared }: PlacementPoints, limits: Limits): SealedBackend | undefined {
  const { key, pools, members, service } = placement;
  const isDeclared = points.every((own, index) => own === declared[index]);
  const held = limitsFor(limits, service);
  if (isDeclared && members.every(({ cluster }) => !held.has(cluster))) return undefined;
  return {
    placement: key,
    ...(service !== undefined && { service }),
    pools,
    clusters: members.map(({ cluster }) => cluster),
    points: [...points],
    reasons: members.map((_, index) => reasons[index] ?? null),
  };
}

/** Returns what each service that is held back on its own has left of a cluster. */
function sealedServices(services: Limits['services'], placed: readonly PlacementPoints[]): SealedAllocation['services'] {
  const of = Map.groupBy(placed, ({ placement }) => placement.service);
  return services.map(({ service, cluster, limits }) => {
    const total = totalsOf(of.get(service) ?? []).get(cluster) ?? NOTHING;
    return { service, cluster, percent: percentLeft(limits, total), limits: [...limits] };
  });
}

/**
 * Returns the capacities of clusters. Clusters behind a closed gate are left out, since the gate keeps them in whatever
 * they carry.
 */
export function capacitiesOf(context: Context, traffic: Traffic): Capacity[] {
  const gated = clustersBehindClosedGates(context);
  return context.input.clusters.flatMap((facts) => {
    if (facts.capacity === undefined || gated.has(facts.name)) return [];
    const { fallsMs } = stateOf(traffic, facts);
    const fallen = hasFallen(fallsMs, context.input.nowMs);
    return [{ cluster: facts.name, requestsPerSecond: facts.capacity, hasFallen: fallen }];
  });
}

/** The points of a cluster, summed over all backends. */
interface Total {
  given: number;
  declared: number;
}

const NOTHING: Total = { given: 0, declared: 0 };

function totalsOf(placed: readonly PlacementPoints[]): Map<string, Total> {
  const totals = new Map<string, Total>();
  for (const { placement, points, declared } of placed) {
    for (const [index, { cluster }] of placement.members.entries()) {
      const total = totals.get(cluster) ?? { ...NOTHING };
      total.given += points[index] ?? 0;
      total.declared += declared[index] ?? 0;
      totals.set(cluster, total);
    }
  }
  return totals;
}

function percentLeft(limits: readonly Limit[], { given, declared }: Total): number {
  const had = declared === 0 ? 0 : Math.min(100, Math.ceil((100 * given) / declared));
  const left = partOf(limits, had);
  return given > 0 ? Math.max(1, left) : left;
}

const KEEPING: ReadonlySet<Limit['reason']> = new Set(['turn', 'dwell', 'consent', 'mode', 'grace', 'gate'] as const);

/**
 * Returns the percentage that the limits leave to a cluster; `had` is what it has of its declared points. A cluster
 * whose limits leave nothing may have to keep `had` all the same, when no other can serve.
 */
function partOf(limits: readonly Limit[], had: number): number {
  const parts = limits.map((limit) => {
    if ('percent' in limit) return limit.percent;
    return KEEPING.has(limit.reason) ? had : 0;
  });
  const left = Math.min(...parts);
  return left === 0 ? had : left;
}
