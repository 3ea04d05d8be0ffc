/** Points that leave overloaded clusters, directly or by a chain of moves, for clusters that have room. */

import { addLoad, TOLERANCE, type Work, type WorkedBackend } from './work.ts';

/** A point of a backend that goes from one cluster to another. */
interface Hop {
  item: WorkedBackend;
  from: number;
  to: number;
}

/** How a cluster was reached: by which hop, from which cluster. */
interface Arrival {
  hop: Hop;
  from: string;
}

/** Moves points as long as an overloaded cluster has a chain to one with room; clusters by name, the shortest chain first. */
export function relieve(work: Work): void {
  if (!hasRoomAnywhere(work)) return;
  for (const cluster of overloaded(work)) {
    for (let chain = chainFrom(work, cluster); chain !== undefined; chain = chainFrom(work, cluster)) follow(work, chain);
  }
}

/** Whether the smallest point could go anywhere; a fleet that is hot everywhere needs no search. */
function hasRoomAnywhere(work: Work): boolean {
  const { moved, servedBy } = work;
  const least = moved.reduce((min, { pointLoad }) => (pointLoad > 0 && pointLoad < min ? pointLoad : min), Infinity);
  return [...servedBy].some(([cluster, items]) => {
    const room = capacityOf(work, cluster) - loadOf(work, cluster);
    return room + TOLERANCE >= least && items.some((item) => isReceivedBy(item, cluster));
  });
}

function isReceivedBy(item: WorkedBackend, cluster: string): boolean {
  return isReceiver(
    item,
    item.backend.members.findIndex((member) => member.cluster === cluster),
  );
}

/** Clusters above their capacity, by name. */
export function overloaded({ capacities, loads }: Work): string[] {
  return [...capacities]
    .filter(([cluster, { requestsPerSecond }]) => (loads.get(cluster) ?? 0) > requestsPerSecond + TOLERANCE)
    .map(([cluster]) => cluster)
    .sort();
}

function follow(work: Work, chain: readonly Hop[]): void {
  const count = chain.length === 1 && chain[0] ? timesOf(work, chain[0]) : 1;
  for (const { item, from, to } of chain) {
    item.points[from] = (item.points[from] ?? 0) - count;
    item.points[to] = (item.points[to] ?? 0) + count;
    addLoad(work, item, from, -count);
    addLoad(work, item, to, count);
  }
}

/** How often a direct move can be made before it is no longer the one to make. */
function timesOf(work: Work, { item, from, to }: Hop): number {
  const { points, bounds, pointLoad, backend } = item;
  const [giver, taker] = [backend.members[from]?.cluster ?? '', backend.members[to]?.cluster ?? ''];
  const whole = (load: number) => Math.floor(load / pointLoad + TOLERANCE);
  const room = capacityOf(work, taker) - loadOf(work, taker);
  const most = [
    points[from] ?? 0,
    (bounds[to] ?? 0) - (points[to] ?? 0),
    whole(loadOf(work, giver) - capacityOf(work, giver)),
    room === Number.POSITIVE_INFINITY ? room : whole(room),
  ];
  return Math.max(1, Math.min(...most));
}

/** The shortest chain of moves from a cluster that is above its capacity by a whole point; undefined where there is none. */
function chainFrom(work: Work, start: string): Hop[] | undefined {
  const excess = loadOf(work, start) - capacityOf(work, start);
  if (excess <= TOLERANCE) return undefined;
  const reached = new Map<string, Arrival>();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const arrival = reached.get(at);
    const gets = arrival?.hop.item.pointLoad ?? 0;
    const isPassable = (pointLoad: number) =>
      at === start ? pointLoad <= excess + TOLERANCE : mayPassOn(work, at, gets, pointLoad);
    for (const hop of hopsFrom(work, at, isPassable)) {
      const to = hop.item.backend.members[hop.to]?.cluster ?? '';
      if (to === start || reached.has(to)) continue;
      reached.set(to, { hop, from: at });
      if (loadOf(work, to) + hop.item.pointLoad <= capacityOf(work, to) + TOLERANCE) return chainTo(reached, to, start);
      queue.push(to);
    }
  }
  return undefined;
}

/** A cluster that has no room itself may get a point when it gives one that is large enough. */
function mayPassOn(work: Work, cluster: string, gets: number, gives: number): boolean {
  const load = loadOf(work, cluster);
  return load + gets - gives <= Math.max(capacityOf(work, cluster), load) + TOLERANCE;
}

/** Points of a cluster that other members may take, in the order of backends and of members. */
function* hopsFrom({ servedBy }: Work, cluster: string, isPassable: (pointLoad: number) => boolean): Generator<Hop> {
  for (const item of servedBy.get(cluster) ?? []) {
    if (!isPassable(item.pointLoad)) continue;
    const from = item.backend.members.findIndex((member) => member.cluster === cluster);
    if ((item.points[from] ?? 0) === 0) continue;
    for (const to of item.points.keys()) if (to !== from && isReceiver(item, to)) yield { item, from, to };
  }
}

/** A member that is not down, and has less than its bound. */
function isReceiver({ backend, points, bounds }: WorkedBackend, index: number): boolean {
  const member = backend.members[index];
  if (member === undefined || member.weight === 0 || member.limits.some(({ reason }) => reason === 'down')) return false;
  return (points[index] ?? 0) < (bounds[index] ?? 0);
}

function chainTo(reached: ReadonlyMap<string, Arrival>, end: string, start: string): Hop[] {
  const chain: Hop[] = [];
  for (let at = end; at !== start; ) {
    const arrival = reached.get(at);
    if (arrival === undefined) break;
    chain.unshift(arrival.hop);
    at = arrival.from;
  }
  return chain;
}

function loadOf({ loads }: Work, cluster: string): number {
  return loads.get(cluster) ?? 0;
}

function capacityOf({ capacities }: Work, cluster: string): number {
  return capacities.get(cluster)?.requestsPerSecond ?? Number.POSITIVE_INFINITY;
}
