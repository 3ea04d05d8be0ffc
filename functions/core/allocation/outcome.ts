/**
 * Explains the allocated points: why a member has fewer than declared, and which clusters have to serve more than they
 * can.
 */

import { sortLimits } from './stages.ts';
import type { Allocated, Allocation, LimitReason } from './types.ts';
import { at, relaxedIn, TOLERANCE, type Work, type WorkedBackend } from './work.ts';

export function allocatedOf(work: Work, item: WorkedBackend): Allocated {
  const { id, members } = item.backend;
  const points = members.map((_, index) => at(work.slots.points, item.first + index));
  const reasons = points.map((count, index) => {
    return count < at(item.declared, index) ? reasonOf(work, item, index) : undefined;
  });
  return { id, points, reasons };
}

/**
 * Returns the first limit that still holds; otherwise `capacity`, if capacity may move the backend and its cluster has
 * one; otherwise the first limit of the member, which was relaxed only after other members had been given its points.
 */
function reasonOf(work: Work, item: WorkedBackend, index: number): LimitReason | 'capacity' | undefined {
  const limits = sortLimits(item.backend.members[index]?.limits ?? []);
  if (item.backend.isPinned) return limits.find(({ reason }) => reason === 'isolated')?.reason;
  const isRelaxed = relaxedIn(work, item, item.stages);
  const holding = limits.find((limit) => !isRelaxed(limit));
  if (holding !== undefined) return holding.reason;
  const capacity = at(work.clusters.capacities, at(work.slots.clusters, item.first + index));
  return item.isMovable && Number.isFinite(capacity) ? 'capacity' : limits[0]?.reason;
}

/**
 * Returns the clusters whose load is above their capacity by at least one of their own points, counting the points of
 * pinned backends.
 */
export function overloadsOf({ slots, clusters }: Work): Allocation['overloads'] {
  const { names, loads, capacities } = clusters;
  const least = new Float64Array(names.length).fill(Number.POSITIVE_INFINITY);
  for (const [slot, points] of slots.points.entries()) {
    const [cluster, pointLoad] = [at(slots.clusters, slot), at(slots.pointLoads, slot)];
    if (points > 0 && pointLoad > 0) least[cluster] = Math.min(pointLoad, at(least, cluster));
  }
  return names.flatMap((name, cluster) => {
    const [load, requestsPerSecond] = [at(loads, cluster), at(capacities, cluster)];
    const excess = load - requestsPerSecond + TOLERANCE;
    return excess > 2 * TOLERANCE && excess >= at(least, cluster) ? [{ cluster: name, load, requestsPerSecond }] : [];
  });
}
