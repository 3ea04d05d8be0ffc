/** Backends and clusters while points are allocated. */

import type { Taker } from './apportion.ts';
import { type Bounds, boundsOf, declaredPoints, entitlementsOf, fill, hasPart, isAble, tiersOf } from './bounds.ts';
import { relaxedBy } from './stages.ts';
import type { AllocationInput, Backend, Limit, LimitReason } from './types.ts';

/** Requests per second, or a part of a point, that count as nothing: both are sums and quotients, which are rounded. */
export const TOLERANCE = 1e-6;

/** So many slots are looked at in about a third of a second; no fleet that was measured is relieved of more by looking longer. */
const MOST_LOOKS = 3_000_000;

/** Nothing is moved to members that may not answer. */
const DEAD: ReadonlySet<LimitReason> = new Set<LimitReason>(['down', 'grace', 'gate']);

export interface WorkedBackend {
  backend: Backend;
  /** Whether capacity may move its points: it has a load, and is not pinned. */
  isMovable: boolean;
  tiers: readonly number[];
  /** The slot of its first member; those of the others follow. */
  first: number;
  /** What those members are entitled to of which a limit is a part of that; 0 of the others, and empty where there are none. */
  entitlements: readonly number[];
  /** What declarations alone would give its members. */
  declared: readonly number[];
  /** Points that no member has yet. */
  left: number;
  /** How many stages of relaxation have been applied to it. */
  stages: number;
}

/**
 * The members of all backends have slots: numbers that ascend in the order of backends (load descending, then id), and within a backend in that of
 * its members. A cluster is the number of its name in the order of names. What is known of slots and clusters stands in arrays of numbers, which
 * searches for chains go through many times.
 */
export interface Work {
  input: AllocationInput;
  /** In the order of backends. */
  items: readonly WorkedBackend[];
  slots: Slots;
  clusters: Clusters;
  /** How many slots searches for chains may still look at, so that no fleet makes them take seconds. */
  looksLeft: number;
}

/** By slot. */
interface Slots {
  points: Uint8Array;
  /** The most points; 100 where nothing limits them. */
  bounds: Uint8Array;
  clusters: Uint32Array;
  /** Requests per second of one point. */
  pointLoads: Float64Array;
  /** The first slot of its backend, and the one behind the last. */
  first: Uint32Array;
  end: Uint32Array;
  /** 1 where the member is down. */
  isDown: Uint8Array;
}

/** By cluster. */
interface Clusters {
  names: readonly string[];
  /** Requests per second that it can serve; Infinity where nobody says. */
  capacities: Float64Array;
  hasFallen: readonly boolean[];
  /** Requests per second of all the points that it has. */
  loads: Float64Array;
  /** Its slots in backends that capacity may move, ascending. */
  slots: readonly (readonly number[])[];
}

/** Every backend filled within its bounds. */
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

/** All limits of a pinned backend are relaxed; an isolation is no limit but a member less. */
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

/** Counts the slots to their clusters, too. */
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

/** Tells which limits of its members no longer hold when so many stages have been applied to it. */
export function relaxedIn({ input }: Work, { backend }: WorkedBackend, stages: number): (limit: Limit) => boolean {
  return relaxedBy(stages, backend.members, input.correlationWindowMs);
}

/** What bounds its members when so many stages have been applied to it. */
export function boundsAfter(work: Work, item: WorkedBackend, stages: number): Bounds {
  return boundsOf(item.backend.members, item.entitlements, relaxedIn(work, item, stages));
}

/** Gives points to a member, or takes some from it when they are below 0; the load of its cluster follows. */
export function addPoints({ slots, clusters }: Work, slot: number, count: number): void {
  slots.points[slot] = at(slots.points, slot) + count;
  const cluster = at(slots.clusters, slot);
  clusters.loads[cluster] = at(clusters.loads, cluster) + count * at(slots.pointLoads, slot);
}

/** The number that stands there. */
export function at(values: { [index: number]: number }, index: number): number {
  return values[index] ?? 0;
}

/** Whole points that a member may still be given: within its bound, and within what its cluster has room for up to a limit of load. */
export function mostFor({ slots, clusters }: Work, slot: number, limits: Float64Array): number {
  const within = Math.max(0, at(slots.bounds, slot) - at(slots.points, slot));
  const pointLoad = at(slots.pointLoads, slot);
  if (within === 0 || pointLoad === 0) return within;
  const cluster = at(slots.clusters, slot);
  const room = at(limits, cluster) - at(clusters.loads, cluster);
  return Math.max(0, Math.min(within, Math.floor(room / pointLoad + TOLERANCE)));
}

/** The members of a tier that may be given points now, by their weights; named by their slots. */
export function takersOf(work: Work, { backend, first }: WorkedBackend, tier: number, limits: Float64Array): Taker[] {
  const takers: Taker[] = [];
  for (const [index, member] of backend.members.entries()) {
    if (member.tier !== tier) continue;
    const most = mostFor(work, first + index, limits);
    if (most > 0) takers.push({ index: first + index, weight: member.weight, most });
  }
  return takers;
}
