/** What the allocation says of its points: why a member has fewer than declared, and who has to serve more than it can. */

import { declaredPoints } from './bounds.ts';
import { sortLimits } from './stages.ts';
import type { Allocated, Allocation, LimitReason } from './types.ts';
import { relaxedIn, TOLERANCE, type Work, type WorkedBackend } from './work.ts';

/** What holds back each member that has less than declarations alone would give it. */
export function reasonsOf(work: Work, item: WorkedBackend): Allocated['reasons'] {
  const { members } = item.backend;
  const declared = declaredPoints(members);
  return members.map((_, index) => {
    return (item.points[index] ?? 0) < (declared[index] ?? 0) ? reasonOf(work, item, index) : undefined;
  });
}

/** The first limit that holds; else the capacity of its cluster; else the limit that held until others had been given its points. */
function reasonOf(work: Work, item: WorkedBackend, index: number): LimitReason | 'capacity' | undefined {
  const limits = sortLimits(item.backend.members[index]?.limits ?? []);
  if (item.backend.isPinned) return limits.find(({ reason }) => reason === 'isolated')?.reason;
  const isRelaxed = relaxedIn(work, item);
  const holding = limits.find((limit) => !isRelaxed(limit));
  if (holding !== undefined) return holding.reason;
  const hasCapacity = Number.isFinite(item.clusters[index]?.capacity);
  return item.isMovable && hasCapacity ? 'capacity' : limits[0]?.reason;
}

/** Clusters above their capacity by at least one whole point of those that they have, pinned ones too. */
export function overloadsOf({ items, clusters }: Work): Allocation['overloads'] {
  const leastPoint = new Map<string, number>();
  for (const { backend, clusters: own, points, pointLoad } of items) {
    if (backend.load === 0) continue;
    for (const [index, { name }] of own.entries()) {
      if (points[index] !== 0) leastPoint.set(name, Math.min(pointLoad, leastPoint.get(name) ?? pointLoad));
    }
  }
  return clusters
    .filter(({ name, load, capacity }) => {
      const excess = load - capacity;
      return excess > TOLERANCE && excess + TOLERANCE >= (leastPoint.get(name) ?? 0);
    })
    .map(({ name, load, capacity }) => ({ cluster: name, load, requestsPerSecond: capacity }));
}
