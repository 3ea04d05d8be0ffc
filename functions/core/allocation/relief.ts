/** Points that leave overloaded clusters, directly or by a chain of moves, for clusters that have room. */

import { COMFORT_STAGES, HOT } from './stages.ts';
import { addPoints, at, boundsAfter, setBounds, TOLERANCE, type Work } from './work.ts';

interface Relief {
  work: Work;
  /** By cluster: the load above which it is overloaded. */
  limits: Float64Array;
  /** By slot: the most points with which it takes part; 0 where the member is down. */
  takes: Uint8Array;
  /** By cluster: 1 where it may have a chain, whatever the size of points. */
  isPromising: Uint8Array;
  /** By cluster: the smallest point by which the search under way has reached it; larger ones lead to nothing new. */
  smallest: Float64Array;
}

/** A point of a backend that goes from one of its slots to another. */
interface Hop {
  from: number;
  to: number;
}

/** A cluster that a point has come to and that may pass one on; the overloaded one, at the start, is reached by no hop. */
interface Arrival {
  cluster: number;
  hop?: Hop;
  before?: Arrival;
}

/** Moves points off clusters above their capacity. */
export function relieve(work: Work): void {
  relieveBy(work, work.clusters.capacities, () => work.slots.bounds);
}

/** Moves points off clusters that are hot, to members that only wait, too: those of backends that no stage has reached. */
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

/** Clusters by name, each as long as it has a chain, again and again until none has one. */
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

/** Marks clusters that have room for a point that they may take, and all that lead to them. A fleet that is hot everywhere has none. */
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

/** Marks clusters that have points of backends of which these slots may take some, and all that lead to them. */
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
  /** In the order in which they are found. */
  arrivals: Arrival[];
}

/** The shortest chain of moves off an overloaded cluster, breadth first in the order of backends and of members. */
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

/** The hop from here that ends the chain; where there is none, all clusters are noted that are reached from here. */
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
 * Loads of the points that a cluster may give: the overloaded one, those by which it is above its limit; another one, those that are no smaller
 * than what it gets, or small as they are leave it within its capacity.
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

/** Moves one point of each hop, as often as all of them allow it. */
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
