/** Computes the splits of a rollout: how points move, step by step, from members that lose to members that gain. */

import { apportion } from '../allocation/apportion.ts';

/** Whole points by member; they total 100. */
export type MemberPoints = ReadonlyMap<string, number>;

export function pointsByWeight(weights: ReadonlyMap<string, number>): Map<string, number> {
  const serving = [...weights].filter(([, weight]) => weight > 0);
  const points = apportion(
    100,
    serving.map(([, weight]) => weight),
  );
  return new Map(serving.map(([member], index) => [member, points[index] ?? 0]));
}

/** Returns how many points move in total. */
export function movedBetween(before: MemberPoints, after: MemberPoints): number {
  return sum(deltas(before, after).map(({ delta }) => Math.max(0, delta)));
}

/** Returns how many of all points to be moved have moved at a percentage of the way. */
export function movedAt(all: number, percent: number): number {
  return Math.round((all * percent) / 100);
}

/**
 * Returns the split after `moved` points have moved. Each further point takes one from one member and gives it to
 * another, so that the points of a member always lie between those before and those after the rollout. Each member has
 * moved its proportional part of `moved`, within less than a point.
 */
export function pointsBetween(before: MemberPoints, after: MemberPoints, moved: number): Map<string, number> {
  const all = deltas(before, after);
  const given = quotas(
    all.map(({ delta }) => Math.max(0, delta)),
    moved,
  );
  const taken = quotas(
    all.map(({ delta }) => Math.max(0, -delta)),
    moved,
  );
  return new Map(
    all.map(({ member }, index) => [member, (before.get(member) ?? 0) + (given[index] ?? 0) - (taken[index] ?? 0)]),
  );
}

function deltas(before: MemberPoints, after: MemberPoints): { member: string; delta: number }[] {
  const members = new Set([...before.keys(), ...after.keys()]);
  return [...members].map((member) => ({ member, delta: (after.get(member) ?? 0) - (before.get(member) ?? 0) }));
}

/**
 * Gives out `count` points in the proportions of `parts`, one by one. Each goes to the entry that has the fewest for
 * its part, among those that would not exceed their part rounded up. This quota method of Balinski and Young keeps each
 * entry within a point of its part and never takes a point back as `count` grows; with the largest remainder method, an
 * entry can lose a point when there are more to give.
 */
function quotas(parts: readonly number[], count: number): number[] {
  const total = sum(parts);
  const given = parts.map(() => 0);
  for (let point = 1; point <= count; point++) {
    let next = -1;
    for (const [index, part] of parts.entries()) {
      const has = given[index] ?? 0;
      if (has * total >= part * point) continue;
      if (next < 0 || part * ((given[next] ?? 0) + 1) > (parts[next] ?? 0) * (has + 1)) next = index;
    }
    given[next] = (given[next] ?? 0) + 1;
  }
  return given;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
