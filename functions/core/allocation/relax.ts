/** What is left over relaxes what is in its way, one reason after the other. */

import type { Taker } from './apportion.ts';
import { give, place } from './capacity.ts';
import { STAGES, type Stage } from './stages.ts';
import { boundsAfter, mostFor, type RoomLimit, type Work, type WorkedBackend } from './work.ts';

/** Applies one stage to every backend that has points left over. */
export function relax(work: Work, stage: Stage): void {
  const limit: RoomLimit = ({ capacity, hasFallen }) => capacity * (hasFallen ? stage.roomOfFallen : stage.room);
  const stages = STAGES.indexOf(stage) + 1;
  const isLoosening = stage.relaxes.length > 0 || stage.believesTogether === true;
  for (const item of work.ordered) {
    if (item.left === 0) continue;
    item.stages = stages;
    if (isLoosening) item.bounds = boundsAfter(work, item, stages);
    item.left = stage.isByCapacity
      ? give(item, item.left, takersByCapacity(item, limit))
      : place(item, item.left, item.tiers, limit);
  }
}

/** Whether any backend has points left over. */
export function isShort({ ordered }: Work): boolean {
  return ordered.some(({ left }) => left > 0);
}

/** Members that may be given points now, of all tiers; what nobody knows the capacity of counts as much as the largest of the others. */
function takersByCapacity(item: WorkedBackend, limit: RoomLimit): Taker[] {
  if (!item.isMovable) return [];
  const takers = item.clusters.map(({ capacity }, index) => ({
    index,
    weight: capacity,
    most: mostFor(item, index, limit),
  }));
  const open = takers.filter(({ most }) => most > 0);
  const largest = Math.max(1, ...open.map(({ weight }) => weight).filter(Number.isFinite));
  return open.map((taker) => ({ ...taker, weight: Math.min(taker.weight, largest) }));
}
