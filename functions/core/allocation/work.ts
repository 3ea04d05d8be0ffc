/** Backends and clusters while points are allocated. */

import type { Taker } from './apportion.ts';
import { type Bounds, boundsOf, entitlementsOf, fill, hasPart, isAble, tiersOf } from './bounds.ts';
import { relaxedBy } from './stages.ts';
import type { AllocationInput, Backend, Limit } from './types.ts';

/** Requests per second, or a part of a point, that count as nothing: both are sums and quotients, which are rounded. */
export const TOLERANCE = 1e-6;

export interface WorkedCluster {
  name: string;
  /** Requests per second that it can serve; Infinity where nobody says. */
  capacity: number;
  hasFallen: boolean;
  /** Requests per second of all the points that it has. */
  load: number;
  /** Where it may have points that capacity can move, in the order of backends. */
  places: Place[];
}

/** A cluster in a backend: the member of this index. */
export interface Place {
  item: WorkedBackend;
  index: number;
}

export interface WorkedBackend {
  backend: Backend;
  /** Whether capacity may move its points: it has a load, and is not pinned. */
  isMovable: boolean;
  /** Requests per second of one point. */
  pointLoad: number;
  /** In the order of the members. */
  clusters: readonly WorkedCluster[];
  isDown: readonly boolean[];
  tiers: readonly number[];
  points: number[];
  bounds: Bounds;
  /** What bounds it where a cluster is hot, once somebody has asked. */
  urgentBounds?: Bounds;
  /** What its members are entitled to; empty where no limit is a part of it. */
  entitlements: readonly number[];
  /** Points that no member has yet. */
  left: number;
  /** How many stages of relaxation have been applied to it. */
  stages: number;
}

export interface Work {
  input: AllocationInput;
  /** In the order of the input. */
  items: readonly WorkedBackend[];
  /** Those that are not pinned, in the order of backends: load descending, then id. */
  ordered: readonly WorkedBackend[];
  /** By name. */
  clusters: readonly WorkedCluster[];
  /** How many hops may still be examined by searches for chains, so that no fleet makes them take seconds. */
  hopsLeft: number;
}

/** So many take about half a second. */
const MOST_HOPS = 500_000;

/** Every backend filled within its bounds. */
export function workOf(input: AllocationInput): Work {
  const clusters = clustersOf(input);
  const items = input.backends.map((backend) => itemOf(backend, clusters));
  const ordered = items.filter(({ backend }) => !backend.isPinned).sort(compareItems);
  for (const item of ordered) {
    if (!item.isMovable) continue;
    for (const [index, cluster] of item.clusters.entries()) cluster.places.push({ item, index });
  }
  for (const item of items) for (const [index, points] of item.points.entries()) addLoad(item, index, points);
  return { input, items, ordered, clusters: [...clusters.values()], hopsLeft: MOST_HOPS };
}

function clustersOf({ backends, capacities }: AllocationInput): Map<string, WorkedCluster> {
  const declared = new Map(capacities.map((capacity) => [capacity.cluster, capacity]));
  const names = new Set(backends.flatMap(({ members }) => members.map(({ cluster }) => cluster)));
  const clusters = [...names].sort().map((name): [string, WorkedCluster] => {
    const { requestsPerSecond = Number.POSITIVE_INFINITY, hasFallen = false } = declared.get(name) ?? {};
    return [name, { name, capacity: requestsPerSecond, hasFallen, load: 0, places: [] }];
  });
  return new Map(clusters);
}

function itemOf(backend: Backend, known: ReadonlyMap<string, WorkedCluster>): WorkedBackend {
  const { members, isPinned, load } = backend;
  const entitlements = !isPinned && members.some(hasPart) ? entitlementsOf(backend) : [];
  const bounds = isPinned ? boundsOf(members, entitlements, isAnything) : boundsOf(members, entitlements);
  const { points, left } = fill(members, bounds);
  return {
    backend,
    isMovable: load > 0 && !isPinned,
    pointLoad: load / 100,
    clusters: members.flatMap(({ cluster }) => known.get(cluster) ?? []),
    isDown: members.map(({ limits }) => limits.some(({ reason }) => reason === 'down')),
    tiers: tiersOf(members),
    points,
    bounds,
    entitlements,
    left: members.some(isAble) ? left : 0,
    stages: 0,
  };
}

/** Limits of a pinned backend are all relaxed; who is able counts all the same. */
function isAnything(): boolean {
  return true;
}

function compareItems({ backend: a }: WorkedBackend, { backend: b }: WorkedBackend): number {
  return b.load - a.load || (a.id < b.id ? -1 : 1);
}

/** Tells which limits of its members no longer hold when so many stages have been applied to it. */
export function relaxedIn(
  { input }: Work,
  { backend, stages }: WorkedBackend,
  count: number = stages,
): (limit: Limit) => boolean {
  return relaxedBy(count, backend.members, input.correlationWindowMs);
}

/** What bounds its members when so many stages have been applied to it. */
export function boundsAfter(work: Work, item: WorkedBackend, count: number): Bounds {
  return boundsOf(item.backend.members, item.entitlements, relaxedIn(work, item, count));
}

/** Counts points that a member gets, or loses when they are below 0, to the load of its cluster. */
export function addLoad({ clusters, pointLoad }: WorkedBackend, index: number, points: number): void {
  const cluster = clusters[index];
  if (cluster !== undefined) cluster.load += points * pointLoad;
}

/** Requests per second up to which a cluster may be given points. */
export type RoomLimit = (cluster: WorkedCluster) => number;

/** Whole points that a member may still be given: within its bound, and within what its cluster has room for. */
export function mostFor(
  { bounds, points, clusters, pointLoad }: WorkedBackend,
  index: number,
  limit: RoomLimit,
): number {
  const within = Math.max(0, (bounds[index] ?? 0) - (points[index] ?? 0));
  const cluster = clusters[index];
  if (within === 0 || pointLoad === 0 || cluster === undefined) return within;
  const room = Math.floor((limit(cluster) - cluster.load) / pointLoad + TOLERANCE);
  return Math.max(0, Math.min(within, room));
}

/** The members of a tier that may be given points now, by their weights. */
export function takersOf(item: WorkedBackend, tier: number, limit: RoomLimit): Taker[] {
  const takers: Taker[] = [];
  for (const [index, member] of item.backend.members.entries()) {
    if (member.tier !== tier) continue;
    const most = mostFor(item, index, limit);
    if (most > 0) takers.push({ index, weight: member.weight, most });
  }
  return takers;
}
