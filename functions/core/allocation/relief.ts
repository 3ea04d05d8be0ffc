/** Points that leave overloaded clusters, directly or by a chain of moves, for clusters that have room. */

import type { Bounds } from './bounds.ts';
import { COMFORT_STAGES, HOT } from './stages.ts';
import {
  addLoad,
  boundsAfter,
  type Place,
  TOLERANCE,
  type Work,
  type WorkedBackend,
  type WorkedCluster,
} from './work.ts';

/** What counts as too much, and what may be taken. */
interface Relief {
  /** The load above which a cluster is overloaded. */
  limitOf: (cluster: WorkedCluster) => number;
  /** The most that each member may have. */
  boundsOf: (item: WorkedBackend) => Bounds;
}

/** A point of a backend that goes from one of its members to another. */
interface Hop {
  item: WorkedBackend;
  from: number;
  to: number;
}

/** A cluster that a point has come to and that may pass one on; the overloaded one at the start has no hop. */
interface Arrival {
  cluster: WorkedCluster;
  hop?: Hop;
  before?: Arrival;
}

/** Moves points off clusters above their capacity. */
export function relieve(work: Work): void {
  relieveBy(work, { limitOf: ({ capacity }) => capacity, boundsOf: ({ bounds }) => bounds });
}

/** Moves points off clusters that are hot, to members that only wait, too: those of backends that no stage has reached. */
export function relieveHot(work: Work): void {
  relieveBy(work, { limitOf: ({ capacity }) => capacity * HOT, boundsOf: (item) => urgentBoundsOf(work, item) });
}

function urgentBoundsOf(work: Work, item: WorkedBackend): Bounds {
  if (item.stages >= COMFORT_STAGES) return item.bounds;
  item.urgentBounds ??= boundsAfter(work, item, COMFORT_STAGES);
  return item.urgentBounds;
}

/** Clusters by name, each as long as it has a chain, again and again until none has one. */
function relieveBy(work: Work, relief: Relief): void {
  const { clusters } = work;
  if (!clusters.some((cluster) => isOverloaded(cluster, relief))) return;
  const promising = promisingOf(clusters, relief);
  for (let isMoved = true; isMoved; ) {
    isMoved = false;
    for (const cluster of clusters) {
      for (
        let chain = chainFrom(work, cluster, relief, promising);
        chain;
        chain = chainFrom(work, cluster, relief, promising)
      ) {
        follow(chain, relief);
        promise(chain, promising, relief);
        isMoved = true;
      }
    }
  }
}

function isOverloaded(cluster: WorkedCluster, { limitOf }: Relief): boolean {
  return cluster.load > limitOf(cluster) + TOLERANCE;
}

/**
 * Clusters that may have a chain, whatever the size of points: those that have room for a point that they may take, and those that have points of
 * what one of these may take. A fleet that is hot everywhere has none.
 */
function promisingOf(clusters: readonly WorkedCluster[], relief: Relief): Set<WorkedCluster> {
  const promising = new Set<WorkedCluster>();
  for (const cluster of clusters) {
    for (const { item, index } of cluster.places) {
      if (!hasRoom(cluster, item.pointLoad) || !mayTake(item, index, relief.boundsOf(item))) continue;
      promising.add(cluster);
      break;
    }
  }
  promise(
    [...promising].flatMap(({ places }) => places),
    promising,
    relief,
  );
  return promising;
}

/** Adds who has points of a backend of which a promising cluster may take some, and whoever is promising through them. */
function promise(places: readonly { item: WorkedBackend }[], promising: Set<WorkedCluster>, relief: Relief): void {
  const queue = [...places];
  for (const { item } of queue) {
    const bounds = relief.boundsOf(item);
    if (!item.clusters.some((cluster, index) => promising.has(cluster) && mayTake(item, index, bounds))) continue;
    for (const [index, cluster] of item.clusters.entries()) {
      if (item.points[index] === 0 || promising.has(cluster)) continue;
      promising.add(cluster);
      queue.push(...cluster.places);
    }
  }
}

/** One search for a chain. */
interface Search {
  work: Work;
  relief: Relief;
  /** Of the promising clusters, the smallest point by which each has been reached; larger ones lead to nothing new. */
  smallest: Map<WorkedCluster, number>;
  /** In the order in which they were found. */
  arrivals: Arrival[];
}

/** The shortest chain of moves off an overloaded cluster, breadth first in the order of backends and of members. */
function chainFrom(work: Work, start: WorkedCluster, relief: Relief, promising: Set<WorkedCluster>): Hop[] | undefined {
  if (!isOverloaded(start, relief) || !promising.has(start)) return undefined;
  const smallest = new Map([...promising].map((cluster) => [cluster, Number.POSITIVE_INFINITY]));
  const search: Search = { work, relief, smallest, arrivals: [{ cluster: start }] };
  for (const arrival of search.arrivals) {
    if (arrival.hop !== undefined && work.hopsLeft <= 0) return undefined;
    const last = lastHopFrom(arrival, search);
    if (last !== undefined) return [...hopsTo(arrival), last];
  }
  return undefined;
}

/** The hop from here that ends the chain; where there is none, other clusters are reached from here. */
function lastHopFrom(arrival: Arrival, search: Search): Hop | undefined {
  const { cluster, hop } = arrival;
  search.work.hopsLeft -= cluster.places.length;
  for (const place of cluster.places) {
    if (place.item.points[place.index] === 0 || !mayGive(cluster, hop, place.item.pointLoad, search.relief)) continue;
    const last = lastHopOf(place, arrival, search);
    if (last !== undefined) return last;
  }
  return undefined;
}

function lastHopOf(
  { item, index: from }: Place,
  arrival: Arrival,
  { relief, smallest, arrivals }: Search,
): Hop | undefined {
  const bounds = relief.boundsOf(item);
  for (const [to, cluster] of item.clusters.entries()) {
    const known = smallest.get(cluster);
    if (to === from || known === undefined || !mayTake(item, to, bounds)) continue;
    const isEnd = hasRoom(cluster, item.pointLoad);
    if ((!isEnd && item.pointLoad + TOLERANCE >= known) || isOnWayTo(arrival, cluster)) continue;
    const hop = { item, from, to };
    if (isEnd) return hop;
    smallest.set(cluster, item.pointLoad);
    arrivals.push({ cluster, hop, before: arrival });
  }
  return undefined;
}

/** Whether a cluster may give such a point: the overloaded one, when it is above its limit by as much; another one, when it can bear what it gets for it. */
function mayGive(cluster: WorkedCluster, got: Hop | undefined, gives: number, { limitOf }: Relief): boolean {
  if (got === undefined) return gives <= cluster.load - limitOf(cluster) + TOLERANCE;
  const gets = got.item.pointLoad;
  return gives >= gets || hasRoom(cluster, gets - gives);
}

function mayTake({ isDown, points }: WorkedBackend, index: number, bounds: Bounds): boolean {
  return !isDown[index] && (points[index] ?? 0) < (bounds[index] ?? 0);
}

function hasRoom({ load, capacity }: WorkedCluster, added: number): boolean {
  return load + added <= capacity + TOLERANCE;
}

function isOnWayTo(arrival: Arrival, cluster: WorkedCluster): boolean {
  for (let at: Arrival | undefined = arrival; at; at = at.before) if (at.cluster === cluster) return true;
  return false;
}

function hopsTo(arrival: Arrival): Hop[] {
  const hops: Hop[] = [];
  for (let at: Arrival | undefined = arrival; at?.hop; at = at.before) hops.unshift(at.hop);
  return hops;
}

/** Moves one point of each hop, as often as all of them allow it. */
function follow(chain: readonly Hop[], relief: Relief): void {
  do {
    for (const { item, from, to } of chain) {
      item.points[from] = (item.points[from] ?? 0) - 1;
      item.points[to] = (item.points[to] ?? 0) + 1;
      addLoad(item, from, -1);
      addLoad(item, to, 1);
    }
  } while (isPossible(chain, relief));
}

function isPossible(chain: readonly Hop[], relief: Relief): boolean {
  const last = chain.at(-1);
  const end = last?.item.clusters[last.to];
  if (last === undefined || end === undefined || !hasRoom(end, last.item.pointLoad)) return false;
  const start = chain[0]?.item.clusters[chain[0].from];
  if (start === undefined || !isOverloaded(start, relief)) return false;
  return chain.every(({ item, from, to }, position) => {
    const cluster = item.clusters[from];
    if (cluster === undefined || item.points[from] === 0 || !mayTake(item, to, relief.boundsOf(item))) return false;
    return mayGive(cluster, chain[position - 1], item.pointLoad, relief);
  });
}
