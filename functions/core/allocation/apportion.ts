/** Shares out whole points by weight. */

/**
 * Shares out `amount` points in proportion to the weights, by the largest remainder; on a tie, the earlier entry wins.
 * Each entry gets at least 1 point when there are enough points for all. The result totals `amount`. There must be at
 * least one weight, and every weight must be above 0.
 *
 * Weights are integers up to 100,000,000, so that all products are exact.
 */
export function apportion(amount: number, weights: readonly number[]): number[] {
  if (weights.length === 1) return [amount];
  const points = weights.map(() => 0);
  const { budget, total } = liftSmall(amount, weights, points);
  const remainders = weights.map(() => NO_REMAINDER);
  let rest = budget;
  for (let index = 0; index < weights.length; index++) {
    if (points[index] !== 0) continue;
    const proportion = (weights[index] ?? 0) * budget;
    const whole = Math.floor(proportion / total);
    points[index] = whole;
    remainders[index] = proportion - whole * total;
    rest -= whole;
  }
  for (; rest > 0; rest--) {
    const largest = indexOfLargest(remainders);
    points[largest] = (points[largest] ?? 0) + 1;
    remainders[largest] = NO_REMAINDER;
  }
  return points;
}

/** A value below every real remainder: the entry takes no part in sharing out the rest. */
const NO_REMAINDER = -1;

/** Returns the index of the largest value, the first one on a tie. */
function indexOfLargest(values: readonly number[]): number {
  let largest = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] ?? 0) > (values[largest] ?? 0)) largest = index;
  }
  return largest;
}

/**
 * Gives 1 point to each entry whose proportion is below 1, until the other entries can share the rest. Returns the
 * points that are left for those others, and the total of their weights.
 */
function liftSmall(amount: number, weights: readonly number[], points: number[]): { budget: number; total: number } {
  let budget = amount;
  let total = weights.reduce((sum, weight) => sum + weight, 0);
  let isDone = amount < weights.length;
  while (!isDone) {
    isDone = true;
    for (let index = 0; index < weights.length; index++) {
      const weight = weights[index] ?? 0;
      if (points[index] !== 0 || weight * budget >= total) continue;
      points[index] = 1;
      budget -= 1;
      total -= weight;
      isDone = false;
    }
  }
  return { budget, total };
}

/**
 * Returns integers that total 100, in proportion to the weights, as `apportion` shares them out. A weight of 0 gets 0;
 * when no weight is above 0, all are 0.
 */
export function toPercents(weights: readonly number[]): number[] {
  const percents = weights.map(() => 0);
  const entries = weights.map((weight, index) => ({ index, weight, cap: weight > 0 ? Number.POSITIVE_INFINITY : 0 }));
  waterFill(100, entries, percents);
  return percents;
}

/** An entry that may get points: its index, its weight (above 0), and the most points that it may be given now. */
export interface CappedWeight {
  index: number;
  weight: number;
  cap: number;
}

/**
 * Adds `amount` points to `points`, by weight, without giving any entry more than its cap (water-filling). An entry
 * that would get too much gets its cap, and the others share the rest. Returns the points that are left over.
 */
export function waterFill(amount: number, entries: readonly CappedWeight[], points: Record<number, number>): number {
  let left = amount;
  let open = entries.filter(({ cap }) => cap > 0);
  while (left > 0 && open.length > 0) {
    const given = apportion(
      left,
      open.map(({ weight }) => weight),
    );
    const isFull = ({ cap }: CappedWeight, position: number) => (given[position] ?? 0) > cap;
    if (!open.some(isFull)) {
      for (const [position, { index }] of open.entries()) points[index] = (points[index] ?? 0) + (given[position] ?? 0);
      return 0;
    }
    for (const { index, cap } of open.filter(isFull)) {
      points[index] = (points[index] ?? 0) + cap;
      left -= cap;
    }
    open = open.filter((entry, position) => !isFull(entry, position));
  }
  return left;
}
