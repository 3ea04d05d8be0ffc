/** The working state of an allocation: backends, their members as slots, and clusters. */

import type { CappedWeight } from './apportion.ts';
import { type Bounds, boundsOf, declaredPoints, entitlementsOf, fill, hasPart, isAble, tiersOf } from './bounds.ts';
import { relaxedBy } from './stages.ts';
import type { AllocationInput, Backend, Limit, LimitReason } from './types.ts';

/** The difference, in requests per second or in points, that counts as nothing: both are rounded sums and quotients. */
export const TOLERANCE = 1e-6;

/**
 * The most slots that searches for chains look at in one allocation, which takes about a third of a second. No measured
 * fleet was relieved of more load by looking longer.
 */
const MOST_LOOKS = 3_000_000;

/** Reasons for which a member may not answer; relief moves no points to it. */
const DEAD: ReadonlySet<LimitReason> = new Set<LimitReason>(['down', 'grace', 'gate']);

export interface WorkedBackend {
  backend: Backend;
  /** True when capacity may move the points: the backend has a load and is not pinned. */
  isMovable: boolean;
  tiers: readonly number[];
  /** The slot of the first member; the slots of the other members follow it. */
  first: number;
  /**
   * The entitlements of the members with a limit that is a percentage of their entitlement; 0 for other members. Empty
   * when no member has such a limit, or the backend is pinned.
   */
  entitlements: readonly number[];
  /** The points that the declarations alone would give its members. */
  declared: readonly number[];
  /** The number of points that no member has yet. */
  left: number;
  /** The number of relaxation stages that have been applied to the backend. */
  stages: number;
}

/**
 * The working state. Each member of a backend has a slot: a number that ascends in the order of backends (by load,
 * descending, then by id), and within a backend in the order of its members. Each cluster has a number: its position in
 * the order of names. Facts about slots and clusters are kept in arrays of numbers, because searches for chains go
 * through them many times.
 */
export interface Work {
  input: AllocationInput;
  /** The backends, in their order. */
  items: readonly WorkedBackend[];
  slots: Slots;
  clusters: Clusters;
  /** The number of slots that searches for chains may still look at; it keeps them from taking seconds in any fleet. */
  looksLeft: number;
}

/** Facts about slots, in arrays indexed by slot. */
interface Slots {
  points: Uint8Array;
  /** The most points that the slot may have; 100 when nothing limits it. */
  bounds: Uint8Array;
  clusters: Uint32Array;
  /** Requests per second of one point. */
  pointLoads: Float64Array;
  /** The first slot of the backend to which the slot belongs; `end` is the slot after its last one. */
  first: Uint32Array;
  end: Uint32Array;
  /** 1 when the member may not answer. */
  isDown: Uint8Array;
}

/** Facts about clusters, in arrays indexed by cluster number. */
interface Clusters {
  names: readonly string[];
  /** Requests per second that the cluster can serve; Infinity when no capacity is declared. */
  capacities: Float64Array;
  hasFallen: readonly boolean[];
  /** Requests per second of all the points that the cluster has. */
  loads: Float64Array;
  /** The cluster's slots in backends that capacity may move, ascending. */
  slots: readonly (readonly number[])[];
}

/** Returns the working state in which every backend is filled within its bounds. */
export function workOf(input: AllocationInput): Work {
  const items = itemsOf(input.backends);
  const clusters = clustersOf(input);
  const work = { input, items, slots: slotsOf(items, clusters), clusters, looksLeft: MOST_LOOKS };
  for (const item of items) {
    const { members, isPinned } = item.backend;
    const bounds = isPinned ? boundsOf(members, [], isAnything) : boundsOf(members, item.entitlements);
    const isFree = bounds.every((bound) => bound === Number.POSITIVE_INFINITY);
    const { points, left } = isFree ? { points: item.declared, left: 0 } : fill(members, bounds);
    setBounds(work.slots.bounds, item, bounds);
    for (const [index, count] of points.entries()) addPoints(work, item.first + index, count);
    item.left = members.some(isAble) ? left : 0;
  }
  return work;
}

/** Relaxes every limit of a pinned backend. An isolation still counts, because it takes the member out altogether. */
function isAnything(): boolean {
  return true;
}

function itemsOf(backends: readonly Backend[]): WorkedBackend[] {
  let end = 0;
  return [...backends].sort(compareBackends).map((backend) => {
    const { members, isPinned, load } = backend;
    const first = end;
    end += members.length;
    const entitlements = !isPinned && members.some(hasPart) ? entitlementsOf(backend, hasPart) : [];
    const isMovable = load > 0 && !isPinned;
    const declared = declaredPoints(members);
    return { backend, isMovable, tiers: tiersOf(members), first, entitlements, declared, left: 0, stages: 0 };
  });
}

function compareBackends(a: Backend, b: Backend): number {
  return b.load - a.load || (a.id < b.id ? -1 : 1);
}

function clustersOf({ backends, capacities }: AllocationInput) {
  const names = [...new Set(backends.flatMap(({ members }) => members.map(({ cluster }) => cluster)))].sort();
  const declared = new Map(capacities.map((capacity) => [capacity.cluster, capacity]));
  return {
    names,
    capacities: Float64Array.from(names, (name) => declared.get(name)?.requestsPerSecond ?? Number.POSITIVE_INFINITY),
    hasFallen: names.map((name) => declared.get(name)?.hasFallen ?? false),
    loads: new Float64Array(names.length),
    slots: names.map((): number[] => []),
  };
}

/** Returns the slots, and adds each slot of a movable backend to its cluster. */
function slotsOf(
  items: readonly WorkedBackend[],
  { names, slots: slotsOfClusters }: ReturnType<typeof clustersOf>,
): Slots {
  const numbers = new Map(names.map((name, number) => [name, number]));
  const count = items.reduce((sum, { backend }) => sum + backend.members.length, 0);
  const slots = {
    points: new Uint8Array(count),
    bounds: new Uint8Array(count),
    clusters: new Uint32Array(count),
    pointLoads: new Float64Array(count),
    first: new Uint32Array(count),
    end: new Uint32Array(count),
    isDown: new Uint8Array(count),
  };
  for (const { backend, first, isMovable } of items) {
    const { members, load } = backend;
    slots.first.fill(first, first, first + members.length);
    slots.end.fill(first + members.length, first, first + members.length);
    slots.pointLoads.fill(load / 100, first, first + members.length);
    for (const [index, { cluster, limits }] of members.entries()) {
      const number = numbers.get(cluster) ?? 0;
      slots.clusters[first + index] = number;
      slots.isDown[first + index] = limits.some(({ reason }) => DEAD.has(reason)) ? 1 : 0;
      if (isMovable) slotsOfClusters[number]?.push(first + index);
    }
  }
  return slots;
}

export function setBounds(bounds: Uint8Array, { first }: WorkedBackend, values: Bounds): void {
  for (const [index, value] of values.entries()) bounds[first + index] = Math.min(100, value);
}

/** Returns a test for limits that no longer hold once `stages` stages have been applied to the backend. */
export function relaxedIn({ input }: Work, { backend }: WorkedBackend, stages: number): (limit: Limit) => boolean {
  return relaxedBy(stages, backend.members, input.correlationWindowMs);
}

/** Returns the bounds of the members once `stages` stages have been applied to the backend. */
export function boundsAfter(work: Work, item: WorkedBackend, stages: number): Bounds {
  return boundsOf(item.backend.members, item.entitlements, relaxedIn(work, item, stages));
}

/** Adds points to a slot (or removes some, when `count` is negative) and updates the load of its cluster. */
export function addPoints({ slots, clusters }: Work, slot: number, count: number): void {
  slots.points[slot] = at(slots.points, slot) + count;
  const cluster = at(slots.clusters, slot);
  clusters.loads[cluster] = at(clusters.loads, cluster) + count * at(slots.pointLoads, slot);
}

/** Returns the number at an index, or 0 when there is none. */
export function at(values: { [index: number]: number }, index: number): number {
  return values[index] ?? 0;
}

/**
 * Returns the number of points that a slot may still be given: within its bound, and within the room that its cluster
 * has below its limit of load in `limits`.
 */
export function mostFor({ slots, clusters }: Work, slot: number, limits: Float64Array): number {
  const within = Math.max(0, at(slots.bounds, slot) - at(slots.points, slot));
  const pointLoad = at(slots.pointLoads, slot);
  if (within === 0 || pointLoad === 0) return within;
  const cluster = at(slots.clusters, slot);
  const room = at(limits, cluster) - at(clusters.loads, cluster);
  return Math.max(0, Math.min(within, Math.floor(room / pointLoad + TOLERANCE)));
}

/** Returns the members of a tier that may be given points now, with their weights; each `index` is a slot. */
export function weightsInTier(
  work: Work,
  { backend, first }: WorkedBackend,
  tier: number,
  limits: Float64Array,
): CappedWeight[] {
  const entries: CappedWeight[] = [];
  for (const [index, member] of backend.members.entries()) {
    if (member.tier !== tier) continue;
    const cap = mostFor(work, first + index, limits);
    if (cap > 0) entries.push({ index: first + index, weight: member.weight, cap });
  }
  return entries;
}
