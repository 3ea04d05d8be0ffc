/** Clusters above what they can serve give points to members that have room. */

import { pour, type Taker } from './apportion.ts';
import { addLoad, type RoomLimit, takersOf, TOLERANCE, type Work, type WorkedBackend } from './work.ts';

/** Points that clusters have given up, by the tier of those that gave them. */
type Displaced = Map<WorkedBackend, Map<number, number>>;

/** Every cluster gives up what is above its capacity; then that goes to where there is room below the headroom, the same tier first. */
export function relieveCapacity(work: Work): void {
  if (work.capacities.size === 0) return;
  const displaced: Displaced = new Map();
  for (const cluster of [...work.capacities.keys()].sort()) giveUp(work, cluster, displaced);
  const part = 1 - work.input.headroomPercent / 100;
  const limit: RoomLimit = ({ requestsPerSecond }) => requestsPerSecond * part;
  for (const item of work.moved) {
    const own = displaced.get(item);
    if (item.pointLoad === 0 || (own === undefined && item.left === 0)) continue;
    let left = 0;
    for (const tier of item.tiers) {
      const order = [tier, ...item.tiers.filter((other) => other !== tier)];
      left += place(work, item, own?.get(tier) ?? 0, order, limit);
    }
    item.left = left + place(work, item, item.left, item.tiers, limit);
  }
}

/** Pours an amount into the tiers, one after the other, and returns what fits nowhere. */
export function place(
  work: Work,
  item: WorkedBackend,
  amount: number,
  tiers: readonly number[],
  limit: RoomLimit,
): number {
  let left = amount;
  for (const tier of tiers) {
    if (left === 0) break;
    left = give(work, item, left, takersOf(work, item, tier, limit));
  }
  return left;
}

/** Pours an amount to takers, and counts it to the loads. Returns what is left over. */
export function give(work: Work, item: WorkedBackend, amount: number, takers: readonly Taker[]): number {
  const before = takers.map(({ index }) => item.points[index] ?? 0);
  const left = pour(amount, takers, item.points);
  for (const [position, { index }] of takers.entries()) {
    addLoad(work, item, index, (item.points[index] ?? 0) - (before[position] ?? 0));
  }
  return left;
}

interface Giver {
  item: WorkedBackend;
  index: number;
  exact: number;
  given: number;
}

function giveUp(work: Work, cluster: string, displaced: Displaced): void {
  const capacity = work.capacities.get(cluster)?.requestsPerSecond ?? 0;
  const load = work.loads.get(cluster) ?? 0;
  if (load <= capacity + TOLERANCE) return;
  const givers = giversOf(work, cluster, load - capacity);
  let excess = load - capacity - givers.reduce((sum, { item, given }) => sum + item.pointLoad * given, 0);
  const byRemainder = [...givers].sort((a, b) => b.exact - b.given - (a.exact - a.given));
  for (const giver of byRemainder) {
    if (excess <= TOLERANCE) break;
    if (giver.given >= (giver.item.points[giver.index] ?? 0)) continue;
    giver.given += 1;
    excess -= giver.item.pointLoad;
  }
  for (const { item, index, given } of givers) {
    const tier = item.backend.members[index]?.tier ?? 0;
    const own = displaced.get(item) ?? new Map<number, number>();
    displaced.set(item, own.set(tier, (own.get(tier) ?? 0) + given));
    item.points[index] = (item.points[index] ?? 0) - given;
    addLoad(work, item, index, -given);
  }
}

/** In the order of backends. */
function giversOf({ servedBy }: Work, cluster: string, excess: number): Giver[] {
  const givers = (servedBy.get(cluster) ?? []).flatMap((item): Giver[] => {
    const index = item.backend.members.findIndex((member) => member.cluster === cluster);
    return (item.points[index] ?? 0) > 0 ? [{ item, index, exact: 0, given: 0 }] : [];
  });
  const movable = givers.reduce((sum, { item, index }) => sum + item.pointLoad * (item.points[index] ?? 0), 0);
  const part = movable > 0 ? Math.min(1, excess / movable) : 0;
  return givers.map((giver) => {
    const exact = (giver.item.points[giver.index] ?? 0) * part;
    return { ...giver, exact, given: Math.floor(exact + TOLERANCE) };
  });
}
