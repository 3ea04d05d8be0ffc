/** Points that leave overloaded clusters, directly or by a chain of moves, for clusters that have room. */

import { type Bounds, boundsOf } from './bounds.ts';
import type { LimitReason } from './types.ts';
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

/** What counts as too much, and what may be taken. */
interface Relief {
  /** A part of the capacity, above which a cluster is overloaded. */
  above: number;
  /** The most that each member may have. */
  boundsOf: (item: WorkedBackend) => Bounds;
}

const ORDINARY: Relief = { above: 1, boundsOf: ({ bounds }) => bounds };

/** What does not keep points on a cluster that is above 110 % of its capacity. */
const COMFORT: readonly LimitReason[] = ['turn', 'ramp', 'drill', 'impaired', 'dwell'];

/** Moves points as long as an overloaded cluster has a chain to one with room; clusters by name, the shortest chain first. */
export function relieve(work: Work): void {
  relieveBy(work, ORDINARY);
}

/** The same for clusters above 110 %, to members that only wait, too: those of backends that no stage has loosened. */
export function relieveHot(work: Work): void {
  const loosened = new Map<WorkedBackend, Bounds>();
  const loosenedBounds = (item: WorkedBackend) => {
    const bounds = loosened.get(item) ?? boundsWithout(item);
    loosened.set(item, bounds);
    return bounds;
  };
  relieveBy(work, { above: 1.1, boundsOf: loosenedBounds });
}

function boundsWithout({ backend, relaxed, bounds }: WorkedBackend): Bounds {
  const isConcerned = backend.members.some(({ limits }) => limits.some(({ reason }) => COMFORT.includes(reason)));
  return isConcerned ? boundsOf(backend, new Set([...relaxed, ...COMFORT])) : bounds;
}

function relieveBy(work: Work, relief: Relief): void {
  const hot = overloaded(work, relief.above);
  if (hot.length === 0 || !hasRoomAnywhere(work, relief)) return;
  for (const cluster of hot) {
    for (let chain = chainFrom(work, cluster, relief); chain !== undefined; chain = chainFrom(work, cluster, relief)) {
      follow(work, chain, relief);
    }
  }
}

/** Whether the smallest point could go anywhere; a fleet that is hot everywhere needs no search. */
function hasRoomAnywhere(work: Work, relief: Relief): boolean {
  const { moved, servedBy } = work;
  const least = moved.reduce((min, { pointLoad }) => (pointLoad > 0 && pointLoad < min ? pointLoad : min), Infinity);
  return [...servedBy].some(([cluster, items]) => {
    const room = capacityOf(work, cluster) - loadOf(work, cluster);
    return room + TOLERANCE >= least && items.some((item) => isReceivedBy(item, cluster, relief));
  });
}

function isReceivedBy(item: WorkedBackend, cluster: string, relief: Relief): boolean {
  const index = item.backend.members.findIndex((member) => member.cluster === cluster);
  return isReceiver(item, index, relief.boundsOf(item));
}

/** Clusters above a part of their capacity, by name. */
export function overloaded({ capacities, loads }: Work, above = 1): string[] {
  return [...capacities]
    .filter(([cluster, { requestsPerSecond }]) => (loads.get(cluster) ?? 0) > requestsPerSecond * above + TOLERANCE)
    .map(([cluster]) => cluster)
    .sort();
}

function follow(work: Work, chain: readonly Hop[], relief: Relief): void {
  const count = chain.length === 1 && chain[0] ? timesOf(work, chain[0], relief) : 1;
  for (const { item, from, to } of chain) {
    item.points[from] = (item.points[from] ?? 0) - count;
    item.points[to] = (item.points[to] ?? 0) + count;
    addLoad(work, item, from, -count);
    addLoad(work, item, to, count);
  }
}

/** How often a direct move can be made before it is no longer the one to make. */
function timesOf(work: Work, { item, from, to }: Hop, { above, boundsOf }: Relief): number {
  const { points, pointLoad, backend } = item;
  const [giver, taker] = [backend.members[from]?.cluster ?? '', backend.members[to]?.cluster ?? ''];
  const whole = (load: number) => Math.floor(load / pointLoad + TOLERANCE);
  const room = capacityOf(work, taker) - loadOf(work, taker);
  const most = [
    points[from] ?? 0,
    (boundsOf(item)[to] ?? 0) - (points[to] ?? 0),
    whole(loadOf(work, giver) - capacityOf(work, giver) * above),
    room === Number.POSITIVE_INFINITY ? room : whole(room),
  ];
  return Math.max(1, Math.min(...most));
}

/** The shortest chain of moves from a cluster that is above its capacity by a whole point; undefined where there is none. */
function chainFrom(work: Work, start: string, { above, boundsOf }: Relief): Hop[] | undefined {
  const excess = loadOf(work, start) - capacityOf(work, start) * above;
  if (excess <= TOLERANCE) return undefined;
  const reached = new Map<string, Arrival>();
  const queue = [start];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    const from = at;
    const gets = reached.get(from)?.hop.item.pointLoad ?? 0;
    const isPassable = (pointLoad: number) =>
      from === start ? pointLoad <= excess + TOLERANCE : mayPassOn(work, from, gets, pointLoad);
    for (const hop of hopsFrom(work, from, isPassable, boundsOf)) {
      const to = hop.item.backend.members[hop.to]?.cluster ?? '';
      if (to === start) continue;
      const hasRoom = loadOf(work, to) + hop.item.pointLoad <= capacityOf(work, to) + TOLERANCE;
      if (hasRoom) return [...chainTo(reached, from, start), hop];
      if (reached.has(to)) continue;
      reached.set(to, { hop, from });
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
function* hopsFrom(
  { servedBy }: Work,
  cluster: string,
  isPassable: (pointLoad: number) => boolean,
  boundsOf: Relief['boundsOf'],
): Generator<Hop> {
  for (const item of servedBy.get(cluster) ?? []) {
    if (!isPassable(item.pointLoad)) continue;
    const from = item.backend.members.findIndex((member) => member.cluster === cluster);
    if ((item.points[from] ?? 0) === 0) continue;
    const bounds = boundsOf(item);
    for (const to of item.points.keys()) if (to !== from && isReceiver(item, to, bounds)) yield { item, from, to };
  }
}

/** A member that is not down, and has less than its bound. */
function isReceiver({ backend, points }: WorkedBackend, index: number, bounds: Bounds): boolean {
  const member = backend.members[index];
  if (member === undefined || member.weight === 0 || member.limits.some(({ reason }) => reason === 'down'))
    return false;
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
