/** Clusters above what they can serve give points to members that have room. */

import { pour, type Taker } from './apportion.ts';
import {
  addLoad,
  type RoomLimit,
  TOLERANCE,
  takersOf,
  type Work,
  type WorkedBackend,
  type WorkedCluster,
} from './work.ts';

/** Points that clusters have given up, by the tier of those that gave them. */
type Displaced = Map<WorkedBackend, Map<number, number>>;

/** Every cluster gives up what is above its capacity; then that goes to where there is room below the headroom, the same tier first. */
export function displace({ input, ordered, clusters }: Work): void {
  const displaced: Displaced = new Map();
  for (const cluster of clusters) giveUp(cluster, displaced);
  const part = 1 - input.headroomPercent / 100;
  const limit: RoomLimit = ({ capacity }) => capacity * part;
  for (const item of ordered) {
    const own = displaced.get(item);
    if (!item.isMovable || (own === undefined && item.left === 0)) continue;
    let left = 0;
    for (const tier of own === undefined ? [] : item.tiers) {
      const order = [tier, ...item.tiers.filter((other) => other !== tier)];
      left += place(item, own?.get(tier) ?? 0, order, limit);
    }
    item.left = left + place(item, item.left, item.tiers, limit);
  }
}

/** Pours an amount into the tiers, one after the other, and returns what fits nowhere. */
export function place(item: WorkedBackend, amount: number, tiers: readonly number[], limit: RoomLimit): number {
  let left = amount;
  for (const tier of tiers) {
    if (left === 0) break;
    left = give(item, left, takersOf(item, tier, limit));
  }
  return left;
}

/** Pours an amount to takers, and counts it to the loads. Returns what is left over. */
export function give(item: WorkedBackend, amount: number, takers: readonly Taker[]): number {
  if (takers.length === 0) return amount;
  const before = takers.map(({ index }) => item.points[index] ?? 0);
  const left = pour(amount, takers, item.points);
  for (const [position, { index }] of takers.entries()) {
    addLoad(item, index, (item.points[index] ?? 0) - (before[position] ?? 0));
  }
  return left;
}

/** Parts of a point are quotients of rounded numbers: what differs by less is equal. */
const GRAINS_PER_POINT = 1e9;

interface Giver {
  item: WorkedBackend;
  index: number;
  has: number;
  gives: number;
  /** What it would give besides if points could be divided, in grains. */
  remainder: number;
}

function giveUp(cluster: WorkedCluster, displaced: Displaced): void {
  if (cluster.load <= cluster.capacity + TOLERANCE) return;
  const givers = giversOf(cluster);
  let excess = givers.reduce((rest, { item, gives }) => rest - item.pointLoad * gives, cluster.load - cluster.capacity);
  for (const giver of [...givers].sort((a, b) => b.remainder - a.remainder)) {
    if (excess <= TOLERANCE) break;
    if (giver.gives === giver.has) continue;
    giver.gives += 1;
    excess -= giver.item.pointLoad;
  }
  for (const { item, index, gives, has } of givers) {
    if (gives === 0) continue;
    const tier = item.backend.members[index]?.tier ?? 0;
    const own = displaced.get(item) ?? new Map<number, number>();
    displaced.set(item, own.set(tier, (own.get(tier) ?? 0) + gives));
    item.points[index] = has - gives;
    addLoad(item, index, -gives);
  }
}

/** In the order of backends, with the same part of their points. */
function giversOf({ places, load, capacity }: WorkedCluster): Giver[] {
  const having = places.filter(({ item, index }) => (item.points[index] ?? 0) > 0);
  const movable = having.reduce((sum, { item, index }) => sum + item.pointLoad * (item.points[index] ?? 0), 0);
  const part = Math.min(1, (load - capacity) / movable);
  return having.map(({ item, index }) => {
    const has = item.points[index] ?? 0;
    const gives = Math.floor(has * part + TOLERANCE);
    return { item, index, has, gives, remainder: Math.round((has * part - gives) * GRAINS_PER_POINT) };
  });
}
