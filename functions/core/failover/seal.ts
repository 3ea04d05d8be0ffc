/** The allocation as it is sealed: what it was made of, what gateways are given, and what holds each member back. */

import { allocate } from '../allocation/allocate.ts';
import { declaredPoints, entitlementsOf } from '../allocation/bounds.ts';
import { givenPoints } from '../allocation/points.ts';
import type { Allocated, AllocationInput, Backend, BackendMember, Capacity, Limit } from '../allocation/types.ts';
import { digest, equal } from '../digest.ts';
import { type Context, stateOf } from './context.ts';
import { type Grace, graceOf } from './grace.ts';
import { gatedClusters, type Limits } from './limits.ts';
import { hasFallen } from './pace.ts';
import type { Placement } from './situation.ts';
import {
  type ClusterLimits,
  NO_ALLOCATION,
  type SealedAllocation,
  type SealedBackend,
  type Traffic,
} from './traffic.ts';

const NO_LIMITS: readonly Limit[] = [];

/**
 * The points of all placements within the limits; `given`: what gateways have. The last allocation stands where nothing but what it gave has
 * changed: what members had is looked at anew only with a new standing, declaration or time.
 */
export function sealAllocation(
  context: Context,
  traffic: Traffic,
  limits: Limits,
  last: SealedAllocation,
  given: SealedAllocation = last,
): SealedAllocation {
  const { placements, policy } = context.situation;
  const capacities = capacitiesOf(context, traffic);
  const graces = placements.map((placement) => graceOf(context, traffic, placement));
  const { headroomPercent, correlation } = policy.failover;
  const declared = placements.map(({ key, load }, index) => [key, load, [...(graces[index] ?? [])]]);
  const basis = digest([declared, [...limits], capacities, headroomPercent, correlation.windowSeconds]);
  if (basis === last.basis) return last;
  if (limits.size === 0 && capacities.length === 0)
    return last.backends.length + last.limits.length === 0 ? last : NO_ALLOCATION;
  const backends = placements.map((placement, index) =>
    backendOf(placement, limits, givenPoints(placement, given), graces[index]),
  );
  const correlationWindowMs = correlation.windowSeconds * 1000;
  const input: AllocationInput = { backends, capacities, headroomPercent, correlationWindowMs };
  const allocated = allocate(input);
  const sealed = placements.flatMap((placement, index) => {
    const [backend, points] = [backends[index], allocated.backends[index]];
    return backend && points ? (sealedBackend(placement, backend, points) ?? []) : [];
  });
  const found = {
    limits: [...limits].map(([cluster, own]) => withPercent(cluster, own, sealed, placements)),
    backends: sealed,
    overloads: [...allocated.overloads],
  };
  const { basis: _, ...before } = last;
  return equal(before, found) ? last : { basis, ...found };
}

/**
 * What a cluster has of what it would have with the state that `traffic` gives it and no limit of its own, in percent: of the placement of which it
 * has least, since a step of its return is a step of each of them.
 */
export function heldPercent(context: Context, traffic: Traffic, limits: Limits, cluster: string): number {
  const parts = context.situation.placements.map((placement) => {
    const index = placement.members.findIndex((member) => member.cluster === cluster && member.weight > 0);
    if (index === -1 || placement.pinned) return 100;
    const points = givenPoints(placement, traffic.allocation);
    const backend = backendOf(placement, limits, points, graceOf(context, traffic, placement));
    const entitlement = entitlementsOf(backend)[index] ?? 0;
    return entitlement === 0 ? 100 : Math.floor((100 * (points[index] ?? 0)) / entitlement);
  });
  return Math.min(100, ...parts);
}

function backendOf(placement: Placement, limits: Limits, had: readonly number[], grace: Grace | undefined): Backend {
  const members = placement.members.map((member, index): BackendMember => {
    const own = limits.get(member.cluster) ?? NO_LIMITS;
    return { ...member, had: had[index] ?? 0, limits: grace?.has(member.cluster) ? own.map(spared) : own };
  });
  return { id: placement.key, load: placement.load, isPinned: placement.pinned, members };
}

/** What people ask for holds in the time of grace, too. */
function spared(limit: Limit): Limit {
  return limit.reason === 'down' ? { reason: 'turn' } : limit;
}

/** Undefined for a backend that nothing holds back and that has what is declared. */
function sealedBackend({ key, pools }: Placement, backend: Backend, allocated: Allocated): SealedBackend | undefined {
  const declared = declaredPoints(backend.members);
  const isDeclared = allocated.points.every((points, index) => points === declared[index]);
  if (isDeclared && backend.members.every(({ limits }) => limits.length === 0)) return undefined;
  return {
    placement: key,
    pools,
    clusters: backend.members.map(({ cluster }) => cluster),
    points: [...allocated.points],
    reasons: allocated.reasons.map((reason) => reason ?? null),
  };
}

/** A closed gate keeps its clusters in whatever they carry. */
function capacitiesOf(context: Context, traffic: Traffic): Capacity[] {
  const gated = gatedClusters(context);
  return context.situation.clusters.flatMap((facts) => {
    if (facts.capacity === undefined || gated.has(facts.name)) return [];
    const { fallsMs } = stateOf(traffic, facts);
    const fallen = hasFallen(fallsMs, context.situation.nowMs);
    return [{ cluster: facts.name, requestsPerSecond: facts.capacity, hasFallen: fallen }];
  });
}

function withPercent(
  cluster: string,
  limits: readonly Limit[],
  backends: readonly SealedBackend[],
  placements: readonly Placement[],
): ClusterLimits {
  const sealed = new Map(backends.map((backend) => [backend.placement, backend]));
  let [given, declared] = [0, 0];
  for (const { key, members } of placements) {
    const index = members.findIndex((member) => member.cluster === cluster);
    if (index === -1) continue;
    given += sealed.get(key)?.points[index] ?? 0;
    declared += declaredPoints(members)[index] ?? 0;
  }
  const had = declared === 0 ? 0 : Math.min(100, Math.ceil((100 * given) / declared));
  return { cluster, percent: given > 0 ? Math.max(1, partOf(limits, had)) : partOf(limits, had), limits: [...limits] };
}

/** What the limits leave to a cluster, which has `had` of what is declared; one that is to have nothing may have to keep that all the same. */
function partOf(limits: readonly Limit[], had: number): number {
  const parts = limits.map((limit) => {
    if ('percent' in limit) return limit.percent;
    return limit.reason === 'turn' || limit.reason === 'dwell' || limit.reason === 'consent' ? had : 0;
  });
  const left = Math.min(...parts);
  return left === 0 ? had : left;
}
