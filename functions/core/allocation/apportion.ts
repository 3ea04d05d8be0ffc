/** How whole points are shared out by weight. */

/**
 * `amount` points for entries with weights above 0, in proportion to the weights, by the largest remainder; earlier entries first on a tie. Each
 * entry gets at least 1 where there are enough points for all. The result totals `amount`; there must be at least one entry.
 */
export function apportion(amount: number, weights: readonly number[]): number[] {
  const { lifted, budget, total } = liftSmall(amount, weights);
  const points = weights.map((weight, index) => (lifted.has(index) ? 1 : Math.floor((weight * budget) / total)));
  const rest = amount - points.reduce((sum, one) => sum + one, 0);
  if (rest === 0) return points;
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: lifted.has(index) ? -1 : (weight * budget) % total }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, rest)) points[index] = (points[index] ?? 0) + 1;
  return points;
}

/** Sets aside 1 point for each entry whose proportion is below 1, until the others can share what is left. */
function liftSmall(
  amount: number,
  weights: readonly number[],
): { lifted: ReadonlySet<number>; budget: number; total: number } {
  const lifted = new Set<number>();
  for (;;) {
    const budget = amount - lifted.size;
    const total = weights.reduce((sum, weight, index) => (lifted.has(index) ? sum : sum + weight), 0);
    const small =
      amount < weights.length
        ? -1
        : weights.findIndex((weight, index) => !lifted.has(index) && weight * budget < total);
    if (small === -1) return { lifted, budget, total };
    lifted.add(small);
  }
}

/** Integers that total 100, in proportion to the weights, as `apportion` shares them out; a weight of 0 gets 0. No weight above 0 gives zeros. */
export function toPercents(weights: readonly number[]): number[] {
  const positions = weights.flatMap((weight, index) => (weight > 0 ? [index] : []));
  const percents = weights.map(() => 0);
  if (positions.length === 0) return percents;
  const points = apportion(
    100,
    positions.map((index) => weights[index] ?? 0),
  );
  for (const [position, index] of positions.entries()) percents[index] = points[position] ?? 0;
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
export function pour(amount: number, takers: readonly Taker[], points: number[]): number {
  let left = amount;
  let open = takers.filter(({ most }) => most > 0);
  while (left > 0 && open.length > 0) {
    const given = apportion(
      left,
      open.map(({ weight }) => weight),
    );
    const isFull = ({ most }: Taker, position: number) => (given[position] ?? 0) > most;
    const full = open.filter(isFull);
    for (const [position, { index, most }] of open.entries()) {
      if (full.length > 0 && (given[position] ?? 0) <= most) continue;
      const added = full.length > 0 ? most : (given[position] ?? 0);
      points[index] = (points[index] ?? 0) + added;
      left -= added;
    }
    if (full.length === 0) break;
    open = open.filter((taker) => !full.includes(taker));
  }
  return left;
}
