/** Builds inputs of the allocation as short as a case needs them, and draws random ones. */

import fc from 'fast-check';
import { allocate } from '../../../functions/core/allocation/allocate.ts';
import type {
  Allocation,
  AllocationInput,
  Backend,
  BackendMember,
  Capacity,
  Limit,
  LimitReason,
} from '../../../functions/core/allocation/types.ts';

export const NOW_MS = 1_000_000_000;
export const WINDOW_MS = 60_000;

/** Limit of each reason, for cases that need not say more. */
export const LIMITS: Record<LimitReason, Limit> = {
  isolated: { reason: 'isolated' },
  down: { reason: 'down', sinceMs: NOW_MS },
  joining: { reason: 'joining' },
  consent: { reason: 'consent' },
  mode: { reason: 'mode' },
  grace: { reason: 'grace' },
  gate: { reason: 'gate' },
  drained: { reason: 'drained', percent: 0 },
  dwell: { reason: 'dwell' },
  impaired: { reason: 'impaired' },
  turn: { reason: 'turn' },
  ramp: { reason: 'ramp', percent: 0 },
  drill: { reason: 'drill', percent: 0 },
};

export const REASONS = Object.keys(LIMITS) as LimitReason[];

/** A member has the weight 1 in tier 0 and had no points, unless the case says otherwise. */
export function member(cluster: string, fields: Partial<BackendMember> = {}): BackendMember {
  return { cluster, weight: 1, tier: 0, had: 0, limits: [], ...fields };
}

/** A member that is held back for one reason. */
export function heldBack(cluster: string, reason: LimitReason, fields: Partial<BackendMember> = {}): BackendMember {
  return member(cluster, { limits: [LIMITS[reason]], ...fields });
}

/** A backend of 100 requests per second: a point is one of them. */
export function backend(members: readonly BackendMember[], fields: Partial<Backend> = {}): Backend {
  return { id: 'shop', load: 100, isPinned: false, members, ...fields };
}

export function capacity(cluster: string, requestsPerSecond: number, hasFallen = false): Capacity {
  return { cluster, requestsPerSecond, hasFallen };
}

export function inputOf(backends: readonly Backend[], fields: Partial<AllocationInput> = {}): AllocationInput {
  return { backends, capacities: [], headroomPercent: 0, correlationWindowMs: WINDOW_MS, ...fields };
}

/** The points of a single backend of these members. */
export function pointsOf(members: readonly BackendMember[], fields: Partial<AllocationInput> = {}): readonly number[] {
  return pointsIn(allocate(inputOf([backend(members)], fields)))[0] ?? [];
}

export function pointsIn({ backends }: Allocation): (readonly number[])[] {
  return backends.map(({ points }) => points);
}

const NAMES = ['a', 'b', 'c', 'd', 'e'];

const limits: fc.Arbitrary<Limit[]> = fc
  .uniqueArray(fc.constantFrom(...REASONS), { maxLength: 3 })
  .chain((reasons) => fc.tuple(...reasons.map(limitOf)));

function limitOf(reason: LimitReason): fc.Arbitrary<Limit> {
  const limit = LIMITS[reason];
  if ('percent' in limit) return fc.nat(100).map((percent) => ({ ...limit, percent }));
  if ('sinceMs' in limit) return fc.nat(2 * WINDOW_MS).map((ago) => ({ ...limit, sinceMs: NOW_MS - ago }));
  return fc.constant(limit);
}

function memberOf(cluster: string): fc.Arbitrary<BackendMember> {
  return fc.record({
    cluster: fc.constant(cluster),
    weight: fc.oneof(fc.constant(0), fc.constant(1), fc.integer({ min: 1, max: 100 })),
    tier: fc.nat(2),
    had: fc.nat(100),
    limits: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 3, arbitrary: limits }),
  });
}

function backendOf(id: string): fc.Arbitrary<Backend> {
  return fc.record({
    id: fc.constant(id),
    load: fc.oneof(fc.constant(0), fc.nat(1000)),
    isPinned: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
    members: fc
      .subarray(NAMES, { minLength: 1 })
      .chain((names) => fc.tuple(...names.map(memberOf)))
      .map((members) => members.sort((a, b) => a.tier - b.tier || (a.cluster < b.cluster ? -1 : 1))),
  });
}

export const backends: fc.Arbitrary<Backend[]> = fc
  .integer({ min: 1, max: 4 })
  .chain((count) => fc.tuple(...Array.from({ length: count }, (_, index) => backendOf(`backend-${index}`))));

export const capacities: fc.Arbitrary<Capacity[]> = fc.subarray(NAMES).chain((names) =>
  fc.tuple(
    ...names.map((cluster) =>
      fc.record({
        cluster: fc.constant(cluster),
        requestsPerSecond: fc.integer({ min: 1, max: 1500 }),
        hasFallen: fc.boolean(),
      }),
    ),
  ),
);

export const inputs: fc.Arbitrary<AllocationInput> = fc.record({
  backends,
  capacities,
  headroomPercent: fc.constantFrom(0, 10, 50),
  correlationWindowMs: fc.constant(WINDOW_MS),
});
