/** Relaxes the limits that keep left-over points from being placed, one stage after the other. */

import type { CappedWeight } from './apportion.ts';
import { give, place } from './capacity.ts';
import { STAGES, type Stage } from './stages.ts';
import { at, boundsAfter, mostFor, setBounds, type Work, type WorkedBackend } from './work.ts';

/** Applies one stage to every backend that has points left over. */
export function relax(work: Work, stage: Stage): void {
  const { capacities, hasFallen } = work.clusters;
  const limits = capacities.map(
    (capacity, cluster) => capacity * (hasFallen[cluster] ? stage.roomOfFallen : stage.room),
  );
  const stages = STAGES.indexOf(stage) + 1;
  const isLoosening = stage.relaxes.length > 0 || stage.believesTogether === true;
  for (const item of work.items) {
    if (item.left === 0) continue;
    item.stages = stages;
    if (isLoosening) setBounds(work.slots.bounds, item, boundsAfter(work, item, stages));
    item.left = stage.isByCapacity
      ? give(work, item.left, weightsByCapacity(work, item, limits))
      : place(work, item, item.left, item.tiers, limits);
  }
}

/** Tells whether any backend has points left over. */
export function isShort({ items }: Work): boolean {
  return items.some(({ left }) => left > 0);
}

/**
 * Returns the members of all tiers that may be given points now, weighted by the capacity of their clusters. A cluster
 * of unknown capacity counts as much as the largest of the others.
 */
function weightsByCapacity(work: Work, item: WorkedBackend, limits: Float64Array): CappedWeight[] {
  if (!item.isMovable) return [];
  const entries: CappedWeight[] = [];
  let largest = 1;
  for (const index of item.backend.members.keys()) {
    const slot = item.first + index;
    const cap = mostFor(work, slot, limits);
    if (cap === 0) continue;
    const weight = at(work.clusters.capacities, at(work.slots.clusters, slot));
    if (Number.isFinite(weight)) largest = Math.max(largest, weight);
    entries.push({ index: slot, weight, cap });
  }
  return entries.map((entry) => ({ ...entry, weight: Math.min(entry.weight, largest) }));
}
