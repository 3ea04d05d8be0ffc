/** Moves points off overloaded clusters to clusters that have room, directly or by a chain of moves. */

import { COMFORT_STAGES, HOT } from './stages.ts';
import { addPoints, at, boundsAfter, setBounds, TOLERANCE, type Work } from './work.ts';

interface Relief {
  work: Work;
  /** For each cluster, the load in requests per second above which it is overloaded. */
  limits: Float64Array;
  /** For each slot, the most points that the member may have in these moves; 0 when it is down. */
  takes: Uint8Array;
  /** For each cluster, 1 when a chain may start there or pass through it, whatever the size of the points. */
  isPromising: Uint8Array;
  /**
   * For each cluster, the load of the smallest point by which the current search has reached it. Reaching it by a
   * larger point would lead to nothing new.
   */
  smallest: Float64Array;
}

/** The move of one point of a backend from one of its slots to another. */
interface Hop {
  from: number;
  to: number;
}

/** A cluster that a point has come to and that may pass one on. The overloaded cluster at the start has no `hop`. */
interface Arrival {
  cluster: number;
  hop?: Hop;
  before?: Arrival;
}

/** Moves points off clusters whose load is above their capacity. */
export function relieve(work: Work): void {
  relieveBy(work, work.clusters.capacities, () => work.slots.bounds);
}

/**
 * Moves points off clusters whose load is above `HOT` times their capacity, even to members that are only held back for
 * comfort: every backend counts as if at least `COMFORT_STAGES` stages had been applied to it.
 */
export function relieveHot(work: Work): void {
  const limits = work.clusters.capacities.map((capacity) => capacity * HOT);
  relieveBy(work, limits, () => {
    const bounds = work.slots.bounds.slice();
    for (const item of work.items) {
      const isLimited = item.backend.members.some(({ limits: own }) => own.length > 0);
      if (isLimited && item.stages < COMFORT_STAGES) setBounds(bounds, item, boundsAfter(work, item, COMFORT_STAGES));
    }
    return bounds;
  });
}

/** Takes the clusters by name, follows chains from each as long as it has one, and repeats until no cluster has any. */
function relieveBy(work: Work, limits: Float64Array, boundsOf: () => Uint8Array): void {
  const { loads } = work.clusters;
  if (!loads.some((load, cluster) => load > at(limits, cluster) + TOLERANCE)) return;
  const takes = boundsOf().map((bound, slot) => (work.slots.isDown[slot] ? 0 : bound));
  const [isPromising, smallest] = [new Uint8Array(loads.length), new Float64Array(loads.length)];
  const relief: Relief = { work, limits, takes, isPromising, smallest };
  promiseRoom(relief);
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const cluster of loads.keys()) {
      for (let chain = chainFrom(relief, cluster); chain; chain = chainFrom(relief, cluster)) {
        follow(relief, chain);
        isMoved = true;
      }
    }
  }
}

/**
 * Marks the clusters that have room for a point that they may take, and all clusters that lead to them. When a whole
 * fleet is hot, no cluster is marked, and no search begins.
 */
function promiseRoom(relief: Relief): void {
  const { slots, clusters } = relief.work;
  const found: number[] = [];
  for (const [cluster, own] of clusters.slots.entries()) {
    const isEnd = (slot: number) => mayTake(relief, slot) && hasRoom(relief.work, cluster, at(slots.pointLoads, slot));
    if (!own.some(isEnd)) continue;
    relief.isPromising[cluster] = 1;
    for (const slot of own) if (mayTake(relief, slot)) found.push(slot);
  }
  promise(relief, found);
}

/** Marks the clusters that have points which these slots may take, and all clusters that lead to them. */
function promise(relief: Relief, takers: number[]): void {
  const { slots, clusters } = relief.work;
  for (const taker of takers) {
    for (let slot = at(slots.first, taker); slot < at(slots.end, taker); slot++) {
      const cluster = at(slots.clusters, slot);
      if (slots.points[slot] === 0 || relief.isPromising[cluster]) continue;
      relief.isPromising[cluster] = 1;
      for (const own of clusters.slots[cluster] ?? []) if (mayTake(relief, own)) takers.push(own);
    }
  }
}

interface Search {
  relief: Relief;
  /** The arrivals, in the order in which they were found. */
  arrivals: Arrival[];
}

/**
 * Returns the shortest chain of moves off an overloaded cluster. The search is breadth first, in the order of backends
 * and of members; undefined when there is none.
 */
function chainFrom(relief: Relief, start: number): Hop[] | undefined {
  const { work, limits, isPromising, smallest } = relief;
  if (!isPromising[start] || at(work.clusters.loads, start) <= at(limits, start) + TOLERANCE) return undefined;
  smallest.fill(Number.POSITIVE_INFINITY);
  const search: Search = { relief, arrivals: [{ cluster: start }] };
  for (const arrival of search.arrivals) {
    if (arrival.hop !== undefined && work.looksLeft <= 0) return undefined;
    const last = lastHopFrom(search, arrival);
    if (last !== undefined) return [...hopsTo(arrival), last];
  }
  return undefined;
}

/**
 * Returns the hop from this arrival that ends the chain. If there is none, it adds the clusters that can be reached
 * from here to the arrivals.
 */
function lastHopFrom(search: Search, arrival: Arrival): Hop | undefined {
  const { relief } = search;
  const { points, pointLoads } = relief.work.slots;
  const { least, most } = givenBy(relief, arrival.cluster, arrival.hop);
  const own = relief.work.clusters.slots[arrival.cluster] ?? [];
  for (const from of own) {
    const pointLoad = at(pointLoads, from);
    if (pointLoad < least) break;
    if (points[from] === 0 || pointLoad > most) continue;
    const last = lastHopOf(search, arrival, from, pointLoad);
    if (last !== undefined) return last;
  }
  relief.work.looksLeft -= own.length;
  return undefined;
}

function lastHopOf(search: Search, arrival: Arrival, from: number, pointLoad: number): Hop | undefined {
  const { relief, arrivals } = search;
  const { isPromising, smallest, work } = relief;
  const { slots } = work;
  const end = at(slots.end, from);
  for (let to = at(slots.first, from); to < end; to++) {
    if (to === from || !mayTake(relief, to)) continue;
    const cluster = at(slots.clusters, to);
    const isEnd = hasRoom(work, cluster, pointLoad);
    const leadsOn = isPromising[cluster] === 1 && pointLoad + TOLERANCE < at(smallest, cluster);
    if (!isEnd && !leadsOn) continue;
    if (isOnWayTo(arrival, cluster)) continue;
    if (isEnd) return { from, to };
    smallest[cluster] = pointLoad;
    arrivals.push({ cluster, hop: { from, to }, before: arrival });
  }
  return undefined;
}

/**
 * Returns the range of the load of a point that a cluster may give. The overloaded cluster may give points no larger
 * than its excess. Any other cluster may give points that are at least as large as the one it gets, or smaller ones
 * that leave it within its capacity.
 */
function givenBy({ work, limits }: Relief, cluster: number, got: Hop | undefined): { least: number; most: number } {
  const load = at(work.clusters.loads, cluster);
  if (got === undefined) return { least: 0, most: load - at(limits, cluster) + TOLERANCE };
  const gets = at(work.slots.pointLoads, got.from);
  const least = Math.min(gets, load + gets - at(work.clusters.capacities, cluster) - TOLERANCE);
  return { least, most: Number.POSITIVE_INFINITY };
}

function mayTake({ work, takes }: Relief, slot: number): boolean {
  return at(work.slots.points, slot) < at(takes, slot);
}

function hasRoom({ clusters }: Work, cluster: number, added: number): boolean {
  return at(clusters.loads, cluster) + added <= at(clusters.capacities, cluster) + TOLERANCE;
}

function isOnWayTo(arrival: Arrival, cluster: number): boolean {
  for (let one: Arrival | undefined = arrival; one; one = one.before) if (one.cluster === cluster) return true;
  return false;
}

function hopsTo(arrival: Arrival): Hop[] {
  const hops: Hop[] = [];
  for (let one: Arrival | undefined = arrival; one?.hop; one = one.before) hops.unshift(one.hop);
  return hops;
}

/** Moves one point along each hop of the chain, as often as all hops allow it. */
function follow(relief: Relief, chain: readonly Hop[]): void {
  do {
    for (const { from, to } of chain) {
      addPoints(relief.work, from, -1);
      addPoints(relief.work, to, 1);
    }
  } while (isPossible(relief, chain));
  promise(
    relief,
    chain.map(({ from }) => from),
  );
}

function isPossible(relief: Relief, chain: readonly Hop[]): boolean {
  const { slots, clusters } = relief.work;
  const start = at(slots.clusters, chain[0]?.from ?? 0);
  if (at(clusters.loads, start) <= at(relief.limits, start) + TOLERANCE) return false;
  return chain.every(({ from, to }, position) => {
    const pointLoad = at(slots.pointLoads, from);
    const { least, most } = givenBy(relief, at(slots.clusters, from), chain[position - 1]);
    if (slots.points[from] === 0 || !mayTake(relief, to) || pointLoad < least || pointLoad > most) return false;
    return position < chain.length - 1 || hasRoom(relief.work, at(slots.clusters, to), pointLoad);
  });
}
