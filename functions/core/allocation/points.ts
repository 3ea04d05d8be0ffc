import type { PointsRange } from '../../../schemas/decision.ts';
import { type ReasonCode, sentenceOf } from '../../../schemas/reasons.ts';
import type { ClusterShare } from '../../../schemas/route.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Share } from '../model/ir.ts';
import { allocate } from './allocate.ts';
import { declaredPoints } from './bounds.ts';
import { type Limits, limitsFor } from './limits.ts';
import { placementKey, sharedKey } from './placements.ts';
import type { PlacementShares } from './safety.ts';
import type { SealedAllocation, SealedBackend } from './sealed.ts';
import type { LimitReason } from './types.ts';

/**
 * The properties of a pool on which its shares depend. `service` and `port` (or `pools`) identify what an edited pool
 * was given before.
 */
export type Shared = Pick<Placement, 'members' | 'pinned'> & {
  service?: string | undefined;
  port?: number;
  pools?: readonly string[];
};

/** The allocation in force. */
export type InForce = { allocation: SealedAllocation };

/**
 * Returns the share of a pool that each member gets, and why, in the order of the members. The effective percentages
 * total 100, or are all 0 when no member may serve at all.
 */
export function shares(pool: Shared, traffic: InForce & Behind): ClusterShare[] {
  const { allocation } = traffic;
  const declared = declaredPoints(pool.members);
  const { points, reasons } = allotted(pool, keyIn(allocation, pool), allocation);
  return pool.members.map((member, index) => {
    const [declaredPercent, effectivePercent] = [declared[index] ?? 0, points[index] ?? 0];
    const reason = reasonOf(member, pool.pinned, {
      declaredPercent,
      effectivePercent,
      held: reasons[index] ?? undefined,
    });
    const shift = shiftBehind(reason, member.cluster, pool.service, traffic);
    const message = sentenceOf(reason, { tier: member.tier, ...(shift !== undefined && { shift }) });
    return { cluster: member.cluster, declaredPercent, effectivePercent, reason, message };
  });
}

/** The shifts that people have asked for, and the returns of services that follow them. */
interface Behind {
  shifts?: readonly (OfCluster & { name: string; mode: string; currentPercent: number })[] | undefined;
  serviceReturns?: readonly (OfCluster & { shift?: string | undefined })[] | undefined;
}

/** A cluster, or one service at it; `service` is absent when all services of the cluster are meant. */
interface OfCluster {
  cluster: string;
  service?: string | undefined;
}

/**
 * Returns the name of the shift that takes a cluster, or one service at it, out of service, or of the shift after which
 * the service returns.
 */
function shiftBehind(
  reason: ReasonCode,
  cluster: string,
  service: string | undefined,
  { shifts = [], serviceReturns = [] }: Behind,
): string | undefined {
  const isOf = (own: OfCluster) => own.cluster === cluster && (own.service === undefined || own.service === service);
  if (reason === 'AwaitsTurn' || reason === 'Ramping') return serviceReturns.find(isOf)?.shift;
  if (reason !== 'Isolated' && reason !== 'Drained') return undefined;
  const mode = reason === 'Isolated' ? 'isolate' : 'drain';
  const takesOut = shifts.filter((shift) => isOf(shift) && shift.mode === mode);
  return takesOut.sort((a, b) => a.currentPercent - b.currentPercent)[0]?.name;
}

/** Returns the effective percentages of a pool, without reasons. */
export function effectiveShares(pool: Shared, { allocation }: InForce): Share[] {
  return sharesBy(pool, allotted(pool, keyIn(allocation, pool), allocation).points);
}

/** Returns the effective percentages of a placement. */
export function placementShares(placement: Placement, { allocation }: InForce): Share[] {
  return sharesBy(placement, allotted(placement, placement.key, allocation).points);
}

/**
 * Returns the shares of the placements once no cluster gets more load than its ceiling in `ceilings` (requests per
 * second), as far as other clusters have room.
 */
export function sharesWithin(
  placed: readonly PlacementShares[],
  { allocation }: InForce,
  ceilings: ReadonlyMap<string, number>,
): PlacementShares[] {
  const { limits } = indexOf(allocation);
  const backends = placed.map(({ placement, shares: had }) => {
    const held = limitsFor(limits, placement.service);
    return {
      id: placement.key,
      load: placement.load,
      isPinned: placement.pinned,
      members: placement.members.map((member, index) => {
        return { ...member, had: had[index]?.percent ?? 0, limits: held.get(member.cluster) ?? [] };
      }),
    };
  });
  const capacities = [...ceilings].map(([cluster, room]) => {
    return { cluster, requestsPerSecond: Math.max(room, Number.MIN_VALUE), hasFallen: false };
  });
  const { backends: found } = allocate({ backends, capacities, headroomPercent: 0, correlationWindowMs: 0 });
  return placed.map(({ placement }, index) => ({ placement, shares: sharesBy(placement, found[index]?.points ?? []) }));
}

/** Tells whether the requests of a pool are rejected: no cluster gets a share, although some member has a weight. */
export function isRejected(pool: Shared, traffic: InForce): boolean {
  const isServed = effectiveShares(pool, traffic).some(({ percent }) => percent > 0);
  return !isServed && pool.members.some(({ weight }) => weight > 0);
}

function sharesBy({ members }: Shared, points: readonly number[]): Share[] {
  return members.map(({ cluster }, index) => ({ cluster, percent: points[index] ?? 0 }));
}

export type Allotted = Pick<SealedBackend, 'points' | 'reasons'>;

/** Returns the points of a placement that gateways were given, and what held its members back. */
export function givenOf(placement: Placement, allocation: SealedAllocation): Allotted {
  return allotted(placement, placement.key, allocation);
}

/** Returns the points of a placement that gateways were given, in the order of the members. */
export function givenPoints(placement: Placement, allocation: SealedAllocation): readonly number[] {
  return givenOf(placement, allocation).points;
}

/** Returns the key of the placement to which a pool belonged when the allocation was made. */
function keyIn(allocation: SealedAllocation, pool: Shared): string {
  const { service } = pool;
  return placementKey(pool, service !== undefined && indexOf(allocation).apart.has(service) ? service : undefined);
}

/**
 * Returns the sealed points of a placement. A placement that is newer than the allocation is allocated by itself,
 * within the limits of its members; the limit `mode` is ignored, as a new placement has no points to keep.
 */
function allotted(pool: Shared, key: string, allocation: SealedAllocation): Allotted {
  const index = indexOf(allocation);
  const sealed = index.backends.get(key) ?? sharedBackend(pool, key, index);
  if (sealed) return sealed;
  const held = limitsFor(index.limits, pool.service);
  const limitsOf = (cluster: string) => held.get(cluster)?.filter(({ reason }) => reason !== 'mode') ?? [];
  if (pool.members.every(({ cluster }) => limitsOf(cluster).length === 0)) {
    return { points: declaredPoints(pool.members), reasons: [] };
  }
  const had = formerPoints(pool, index);
  const members = pool.members.map((member) => {
    return { ...member, had: had.get(member.cluster) ?? 0, limits: limitsOf(member.cluster) };
  });
  const backend = { id: key, load: 0, isPinned: pool.pinned, members };
  const alone = { backends: [backend], capacities: [], headroomPercent: 0, correlationWindowMs: 0 };
  const [found] = allocate(alone).backends;
  return { points: [...(found?.points ?? [])], reasons: (found?.reasons ?? []).map((reason) => reason ?? null) };
}

/**
 * Returns the backend shared with other services, from which a service that has since got limits of its own takes its
 * points.
 */
function sharedBackend({ service }: Shared, key: string, { apart, backends }: Index): SealedBackend | undefined {
  if (service === undefined || apart.has(service)) return undefined;
  return key.endsWith(`/${service}`) ? backends.get(sharedKey({ key, service })) : undefined;
}

/** Returns the points, by cluster, that the pools had in the placement to which they belonged before. */
function formerPoints({ service, port, pools = [`${service}/${port}`] }: Shared, index: Index): Map<string, number> {
  const former = pools.map((pool) => index.byPool.get(pool)).find((backend) => backend !== undefined);
  return new Map(former?.clusters.map((cluster, position) => [cluster, former.points[position] ?? 0]));
}

/** Returns the clusters whose capacity is used up. */
export function fullClusters(allocation: SealedAllocation): ReadonlySet<string> {
  return indexOf(allocation).full;
}

/** Returns the limits of each cluster, and of each service by itself, in a sealed allocation. */
export function sealedLimits(allocation: SealedAllocation): Limits {
  return indexOf(allocation).limits;
}

interface Index {
  backends: ReadonlyMap<string, SealedBackend>;
  byPool: ReadonlyMap<string, SealedBackend>;
  limits: Limits;
  /** Services that have limits of their own, and therefore share no placement with other services. */
  apart: ReadonlySet<string>;
  full: ReadonlySet<string>;
}

const indexes = new WeakMap<SealedAllocation, Index>();

/**
 * Returns the index of an allocation. It is built once for each allocation, which may have thousands of backends and is
 * asked about each pool in turn.
 */
function indexOf(allocation: SealedAllocation): Index {
  const known = indexes.get(allocation);
  if (known) return known;
  const made = {
    backends: new Map(allocation.backends.map((backend) => [backend.placement, backend])),
    byPool: new Map(allocation.backends.flatMap((backend) => backend.pools.map((pool) => [pool, backend] as const))),
    limits: {
      clusters: new Map(allocation.limits.map(({ cluster, limits }) => [cluster, limits])),
      services: allocation.services ?? [],
    },
    apart: new Set([...allocation.backends, ...(allocation.services ?? [])].flatMap(({ service }) => service ?? [])),
    full: fullIn(allocation),
  };
  indexes.set(allocation, made);
  return made;
}

function fullIn({ backends, overloads }: SealedAllocation): Set<string> {
  const full = new Set(overloads.map(({ cluster }) => cluster));
  for (const { clusters, reasons } of backends) {
    for (const [index, reason] of reasons.entries()) if (reason === 'capacity') full.add(clusters[index] ?? '');
  }
  return full;
}

/** The reason code that is shown for each limit. */
export const LIMIT_REASONS: Record<LimitReason | 'capacity', ReasonCode> = {
  isolated: 'Isolated',
  down: 'Down',
  gate: 'GateClosed',
  grace: 'Grace',
  joining: 'Joining',
  mode: 'ModeHolds',
  consent: 'AwaitsConsent',
  drained: 'Drained',
  dwell: 'Dwelling',
  impaired: 'Impaired',
  turn: 'AwaitsTurn',
  ramp: 'Ramping',
  drill: 'Drilled',
  capacity: 'CapacityBinds',
};

interface Outcome {
  declaredPercent: number;
  effectivePercent: number;
  held: LimitReason | 'capacity' | undefined;
}

function reasonOf(
  member: Shared['members'][number],
  isPinned: boolean,
  { declaredPercent, effectivePercent, held }: Outcome,
): ReasonCode {
  if (held !== undefined) return LIMIT_REASONS[held];
  if (member.weight === 0) return 'WeightZero';
  if (isPinned) return 'Pinned';
  if (effectivePercent === 0) return 'StandsBy';
  return effectivePercent === declaredPercent ? 'AsDeclared' : 'TakesOver';
}

/**
 * Returns the smallest and the largest share, in percent, that each cluster is to get of any placement of which it is a
 * member.
 */
export function clusterPoints(placements: readonly Placement[], inForce: InForce): Map<string, PointsRange> {
  const found = new Map<string, PointsRange>();
  for (const placement of placements) {
    for (const { cluster, percent } of placementShares(placement, inForce)) {
      const { minPercent, maxPercent } = found.get(cluster) ?? { minPercent: percent, maxPercent: percent };
      const range = { minPercent: Math.min(minPercent, percent), maxPercent: Math.max(maxPercent, percent) };
      found.set(cluster, range);
    }
  }
  return found;
}

/** Returns the range for display: `60 %`, or `10 to 60 %`. */
export function rangeText({ minPercent, maxPercent }: PointsRange): string {
  return minPercent === maxPercent ? `${maxPercent} %` : `${minPercent} to ${maxPercent} %`;
}
