/** The splits of a rollout: in which order points move from those that lose to those that gain. */

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

/** How many points move in all. */
export function movedBetween(before: MemberPoints, after: MemberPoints): number {
  return sum(deltas(before, after).map(({ delta }) => Math.max(0, delta)));
}

/** How many of these points have moved at a percentage of the way. */
export function movedAt(all: number, percent: number): number {
  return Math.round((all * percent) / 100);
}

/**
 * The split when `moved` points have moved. One more point moved gives one member a point and takes one from another, so that nobody ever has
 * less, or more, than before and shall have later; and each has moved its part of what has moved in all, but for less than a point.
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
 * Gives out `count` points in the proportions of `parts`, one by one, to whoever has the fewest for its part and would not have more than its
 * part rounded up. This quota method of Balinski and Young keeps each within a point of its part, and takes nothing back when one more is
 * given out; by the largest remainder, a member can lose when there is more.
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
