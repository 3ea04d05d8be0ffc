/** Backends while their points are allocated, and the loads that follow. */

import type { Taker } from './apportion.ts';
import { type Bounds, boundsOf, fill, isAble, tiersOf } from './bounds.ts';
import type { AllocationInput, Backend, Capacity, LimitReason } from './types.ts';

/** A part of a request per second that is no overload: sums of loads are rounded. */
export const TOLERANCE = 1e-6;

export interface WorkedBackend {
  backend: Backend;
  tiers: number[];
  points: number[];
  bounds: Bounds;
  /** Requests per second of one point. */
  pointLoad: number;
  /** Points that no member has yet. */
  left: number;
  /** How many stages of relaxation have been applied to it. */
  relaxed: ReadonlySet<LimitReason>;
}

export interface Work {
  input: AllocationInput;
  /** In the order of the input. */
  all: WorkedBackend[];
  /** Those that capacity and limits move: load descending, then id. */
  moved: WorkedBackend[];
  capacities: ReadonlyMap<string, Capacity>;
  /** Requests per second of all backends, by cluster; kept for clusters that have a capacity. */
  loads: Map<string, number>;
  /** Of the backends with a load that capacity may move, those of which a cluster is a member, in their order. */
  servedBy: ReadonlyMap<string, WorkedBackend[]>;
}

const NOTHING: ReadonlySet<LimitReason> = new Set();

/** Every backend filled within its bounds. */
export function workOf(input: AllocationInput): Work {
  const capacities = new Map(input.capacities.map((capacity) => [capacity.cluster, capacity]));
  const all = input.backends.map(workedOf);
  const moved = all.filter(({ backend }) => !backend.isPinned).sort(compareBackends);
  const work: Work = { input, all, moved, capacities, loads: new Map(), servedBy: servedBy(moved, capacities) };
  for (const item of all) for (const index of item.points.keys()) addLoad(work, item, index, item.points[index] ?? 0);
  return work;
}

function workedOf(backend: Backend): WorkedBackend {
  const bounds = backend.isPinned
    ? backend.members.map((member) => (isAble(member) ? Number.POSITIVE_INFINITY : 0))
    : boundsOf(backend);
  const { points, left } = fill(backend.members, bounds);
  const canServe = backend.members.some(isAble);
  const pointLoad = backend.load / 100;
  const tiers = tiersOf(backend.members);
  return { backend, tiers, points, bounds, pointLoad, left: canServe ? left : 0, relaxed: NOTHING };
}

function compareBackends(a: WorkedBackend, b: WorkedBackend): number {
  return b.backend.load - a.backend.load || (a.backend.id < b.backend.id ? -1 : 1);
}

function servedBy(
  moved: readonly WorkedBackend[],
  capacities: ReadonlyMap<string, Capacity>,
): Map<string, WorkedBackend[]> {
  const found = new Map<string, WorkedBackend[]>();
  if (capacities.size === 0) return found;
  for (const item of moved) {
    if (item.pointLoad === 0) continue;
    for (const { cluster } of item.backend.members) {
      const own = found.get(cluster);
      if (own) own.push(item);
      else found.set(cluster, [item]);
    }
  }
  return found;
}

/** Counts points that a member gets, or loses, to the load of its cluster. */
export function addLoad({ loads, capacities }: Work, item: WorkedBackend, index: number, points: number): void {
  const cluster = item.backend.members[index]?.cluster;
  if (cluster === undefined || points === 0 || item.pointLoad === 0 || !capacities.has(cluster)) return;
  loads.set(cluster, (loads.get(cluster) ?? 0) + points * item.pointLoad);
}

/** How much of its capacity a cluster may be given. */
export type RoomLimit = (capacity: Capacity) => number;

/** Whole points of a backend that a member may still be given: within its bound, and within what its cluster has room for. */
export function mostFor({ loads, capacities }: Work, item: WorkedBackend, index: number, limit: RoomLimit): number {
  const within = (item.bounds[index] ?? 0) - (item.points[index] ?? 0);
  const cluster = item.backend.members[index]?.cluster ?? '';
  const capacity = item.pointLoad > 0 ? capacities.get(cluster) : undefined;
  if (within <= 0 || capacity === undefined) return Math.max(0, within);
  const room = limit(capacity) - (loads.get(cluster) ?? 0);
  return Math.max(0, Math.min(within, Math.floor(room / item.pointLoad + TOLERANCE)));
}

/** The members of a tier that may be given points now, by their weights. */
export function takersOf(work: Work, item: WorkedBackend, tier: number, limit: RoomLimit): Taker[] {
  return item.backend.members.flatMap((member, index): Taker[] => {
    if (member.tier !== tier || member.weight === 0) return [];
    return [{ index, weight: member.weight, most: mostFor(work, item, index, limit) }];
  });
}
