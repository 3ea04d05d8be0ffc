/** Moves points from clusters whose load is above their capacity to members whose clusters have room. */

import { type CappedWeight, waterFill } from './apportion.ts';
import { addPoints, at, TOLERANCE, type Work, type WorkedBackend, weightsInTier } from './work.ts';

/** The number of points given up, by slot. */
type Displaced = Map<number, number>;

/**
 * Makes every cluster give up the points above its capacity, then places these where there is room below the headroom,
 * first in the tier they came from.
 */
export function displace(work: Work): void {
  const displaced: Displaced = new Map();
  for (const cluster of work.clusters.names.keys()) giveUp(work, cluster, displaced);
  const part = 1 - work.input.headroomPercent / 100;
  const limits = work.clusters.capacities.map((capacity) => capacity * part);
  for (const item of work.items) if (item.isMovable) placeDisplaced(work, item, displaced, limits);
}

function placeDisplaced(work: Work, item: WorkedBackend, displaced: Displaced, limits: Float64Array): void {
  const byTier = new Map<number, number>();
  for (const [index, { tier }] of item.backend.members.entries()) {
    const given = displaced.get(item.first + index) ?? 0;
    if (given > 0) byTier.set(tier, (byTier.get(tier) ?? 0) + given);
  }
  if (byTier.size === 0 && item.left === 0) return;
  let left = 0;
  for (const [tier, given] of byTier) {
    const order = [tier, ...item.tiers.filter((other) => other !== tier)];
    left += place(work, item, given, order, limits);
  }
  item.left = left + place(work, item, item.left, item.tiers, limits);
}

/** Gives an amount of points to the tiers, one after the other, and returns the points that fit nowhere. */
export function place(
  work: Work,
  item: WorkedBackend,
  amount: number,
  tiers: readonly number[],
  limits: Float64Array,
): number {
  let left = amount;
  for (const tier of tiers) {
    if (left === 0) break;
    left = give(work, left, weightsInTier(work, item, tier, limits));
  }
  return left;
}

/** Gives an amount of points to entries, whose `index` is a slot, and returns the points that are left over. */
export function give(work: Work, amount: number, entries: readonly CappedWeight[]): number {
  if (entries.length === 0) return amount;
  const given: Record<number, number> = {};
  const left = waterFill(amount, entries, given);
  for (const { index } of entries) addPoints(work, index, given[index] ?? 0);
  return left;
}

/**
 * Fractions of a point are compared in grains of a billionth: they are quotients of rounded numbers, and a smaller
 * difference is only rounding.
 */
const GRAINS_PER_POINT = 1e9;

interface Giver {
  slot: number;
  has: number;
  gives: number;
  /** The fraction of a point that it would also give if points could be divided, in grains. */
  remainder: number;
}

function giveUp(work: Work, cluster: number, displaced: Displaced): void {
  const { loads, capacities } = work.clusters;
  const { pointLoads } = work.slots;
  let excess = at(loads, cluster) - at(capacities, cluster);
  if (excess <= TOLERANCE) return;
  const givers = giversOf(work, cluster, excess);
  for (const { slot, gives } of givers) excess -= at(pointLoads, slot) * gives;
  for (const giver of [...givers].sort((a, b) => b.remainder - a.remainder)) {
    if (excess <= TOLERANCE) break;
    if (giver.gives === giver.has) continue;
    giver.gives += 1;
    excess -= at(pointLoads, giver.slot);
  }
  for (const { slot, gives } of givers) {
    displaced.set(slot, gives);
    addPoints(work, slot, -gives);
  }
}

/**
 * Returns the slots that have points at the cluster, in the order of backends. Each gives up the same part of its
 * points.
 */
function giversOf({ slots, clusters }: Work, cluster: number, excess: number): Giver[] {
  const having = (clusters.slots[cluster] ?? []).filter((slot) => at(slots.points, slot) > 0);
  const movable = having.reduce((sum, slot) => sum + at(slots.pointLoads, slot) * at(slots.points, slot), 0);
  const part = Math.min(1, excess / movable);
  return having.map((slot) => {
    const has = at(slots.points, slot);
    const gives = Math.floor(has * part + TOLERANCE);
    return { slot, has, gives, remainder: Math.round((has * part - gives) * GRAINS_PER_POINT) };
  });
}
