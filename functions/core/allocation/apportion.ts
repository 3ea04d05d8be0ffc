/** How whole points are shared out by weight. */

/**
 * `amount` points for entries with weights above 0, in proportion to the weights, by the largest remainder; earlier entries first on a tie. Each
 * entry gets at least 1 where there are enough points for all. The result totals `amount`; there must be at least one entry.
 *
 * Weights are integers up to 100,000,000, so that all products are exact.
 */
export function apportion(amount: number, weights: readonly number[]): number[] {
  if (weights.length === 1) return [amount];
  const points = weights.map(() => 0);
  const { budget, total } = liftSmall(amount, weights, points);
  const remainders: { index: number; remainder: number }[] = [];
  let rest = budget;
  for (const [index, weight] of weights.entries()) {
    if (points[index] !== 0) continue;
    const whole = Math.floor((weight * budget) / total);
    points[index] = whole;
    rest -= whole;
    remainders.push({ index, remainder: (weight * budget) % total });
  }
  if (rest === 0) return points;
  remainders.sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of remainders.slice(0, rest)) points[index] = (points[index] ?? 0) + 1;
  return points;
}

/** Gives 1 point to each entry whose proportion is below 1, until the others can share what is left: returns how much, and their weight. */
function liftSmall(amount: number, weights: readonly number[], points: number[]): { budget: number; total: number } {
  let budget = amount;
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  if (amount < weights.length) return { budget, total };
  const isSmall = (weight: number, index: number) => points[index] === 0 && weight * budget < total;
  for (let small = weights.findIndex(isSmall); small !== -1; small = weights.findIndex(isSmall)) {
    points[small] = 1;
    budget -= 1;
    total -= weights[small] ?? 0;
  }
  return { budget, total };
}

/** Integers that total 100, in proportion to the weights, as `apportion` shares them out; a weight of 0 gets 0. No weight above 0 gives zeros. */
export function toPercents(weights: readonly number[]): number[] {
  const percents = weights.map(() => 0);
  const takers = weights.map((weight, index) => ({ index, weight, most: weight > 0 ? Number.POSITIVE_INFINITY : 0 }));
  pour(100, takers, percents);
  return percents;
}

/** Who may get points of an amount: by index of the member, with a weight above 0 and the most that it may be given now. */
export interface Taker {
  index: number;
  weight: number;
  most: number;
}

/**
 * Adds `amount` points to `points`, by weight, none of the takers getting more than it may. Returns what is left over. Whoever would get too
 * much gets the most that it may, and the others share what is left.
 */
export function pour(amount: number, takers: readonly Taker[], points: Record<number, number>): number {
  let left = amount;
  let open = takers.filter(({ most }) => most > 0);
  while (left > 0 && open.length > 0) {
    const given = apportion(
      left,
      open.map(({ weight }) => weight),
    );
    const isFull = ({ most }: Taker, position: number) => (given[position] ?? 0) > most;
    const full = open.filter(isFull);
    if (full.length === 0) {
      for (const [position, { index }] of open.entries()) points[index] = (points[index] ?? 0) + (given[position] ?? 0);
      return 0;
    }
    for (const { index, most } of full) {
      points[index] = (points[index] ?? 0) + most;
      left -= most;
    }
    open = open.filter((taker) => !full.includes(taker));
  }
  return left;
}
