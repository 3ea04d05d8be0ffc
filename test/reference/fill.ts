// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/**
 * Apportion, Water-fill and Fill, as docs/adr/0024-one-allocation.md defines them. Weights are BigInt so that remainders are
 * compared exactly; the capacities that serve as weights in stage 6 are far larger than the weights that people
 * declare.
 */

/** A cap of a member that nothing bounds. */
export const UNBOUNDED = Number.POSITIVE_INFINITY;

/** A member that takes part in a water-filling. */
export interface Entry {
  weight: bigint;
  cap: number;
}

export interface Filled {
  /** Points of each entry, in the order of the entries. */
  got: number[];
  leftOver: number;
}

/** Shares the amount by the largest remainder; on a tie the earlier one goes first. All weights are above 0. */
function byLargestRemainder(amount: number, weights: readonly bigint[]): number[] {
  if (weights.length === 0) {
    if (amount !== 0) throw new Error('There is nobody to share the amount.');
    return [];
  }
  const sum = weights.reduce((total, weight) => total + weight, 0n);
  const shares = weights.map((weight) => Number((weight * BigInt(amount)) / sum));
  const remainders = weights.map((weight) => (weight * BigInt(amount)) % sum);
  let missing = amount - shares.reduce((total, share) => total + share, 0);
  // The sort is stable, so that entries with equal remainders stay in their order.
  const order = weights
    .map((_, index) => index)
    .sort((a, b) => (remainders[a] > remainders[b] ? -1 : remainders[a] < remainders[b] ? 1 : 0));
  for (const index of order) {
    if (missing === 0) break;
    shares[index] += 1;
    missing -= 1;
  }
  return shares;
}

/** Apportion: integers that total the amount, each at least 1 where the amount suffices for that. */
export function apportion(amount: number, weights: readonly bigint[]): number[] {
  if (amount < weights.length) return byLargestRemainder(amount, weights);
  const isSetAside = weights.map(() => false);
  for (;;) {
    const rest = weights.filter((_, index) => !isSetAside[index]);
    const budget = BigInt(amount - (weights.length - rest.length));
    const sum = rest.reduce((total, weight) => total + weight, 0n);
    const first = weights.findIndex((weight, index) => !isSetAside[index] && weight * budget < sum);
    if (first < 0) {
      const shares = byLargestRemainder(Number(budget), rest);
      return weights.map((_, index) => (isSetAside[index] ? 1 : (shares.shift() as number)));
    }
    isSetAside[first] = true;
  }
}

/** Water-fill: no member gets more than its cap, and the rest is shared by the others. */
export function waterFill(amount: number, entries: readonly Entry[]): Filled {
  const got = entries.map(() => 0);
  let rest = amount;
  let taking = entries.map((_, index) => index).filter((index) => entries[index].cap > 0);
  while (taking.length > 0) {
    const shares = apportion(
      rest,
      taking.map((index) => entries[index].weight),
    );
    const isAbove = taking.map((index, position) => shares[position] > entries[index].cap);
    if (!isAbove.includes(true)) {
      taking.forEach((index, position) => {
        got[index] = shares[position];
      });
      return { got, leftOver: 0 };
    }
    for (const index of taking.filter((_, position) => isAbove[position])) {
      got[index] = entries[index].cap;
      rest -= entries[index].cap;
    }
    taking = taking.filter((_, position) => !isAbove[position]);
  }
  return { got, leftOver: rest };
}

/** A member that may be filled; those that are not able get nothing. */
export interface Fillable {
  tier: number;
  weight: number;
  isAble: boolean;
}

/** The tiers of the members, ascending, each once. */
export function tiersOf(members: readonly { tier: number }[]): number[] {
  return [...new Set(members.map((member) => member.tier))].sort((a, b) => a - b);
}

/** Fill: 100 points, tier by tier, each able member up to its bound. */
export function fill(members: readonly Fillable[], bounds: readonly number[]): Filled {
  const got = members.map(() => 0);
  let leftOver = 100;
  for (const tier of tiersOf(members)) {
    const able = members
      .map((_, index) => index)
      .filter((index) => members[index].tier === tier && members[index].isAble);
    const filled = waterFill(
      leftOver,
      able.map((index) => ({ weight: BigInt(members[index].weight), cap: bounds[index] })),
    );
    able.forEach((index, position) => {
      got[index] += filled.got[position];
    });
    leftOver = filled.leftOver;
  }
  return { got, leftOver };
}
