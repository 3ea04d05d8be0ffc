import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apportion, toPercents, waterFill } from '../../../functions/core/allocation/apportion.ts';

const weights = fc.array(fc.integer({ min: 1, max: 100_000_000 }), { minLength: 1, maxLength: 12 });
const total = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

describe('points by weight', () => {
  it('total the amount, and are within one point of the proportion or the minimum of 1', () => {
    fc.assert(
      fc.property(fc.nat(100), weights, (amount, list) => {
        const points = apportion(amount, list);
        expect(total(points)).toBe(amount);
        const isLifted = amount >= list.length && list.some((weight) => weight * amount < total(list));
        if (isLifted) expect(Math.min(...points)).toBeGreaterThanOrEqual(1);
        else for (const [index, count] of points.entries()) isNear(count, (amount * (list[index] ?? 0)) / total(list));
      }),
    );
  });

  function isNear(count: number, exact: number): void {
    expect(Math.abs(count - exact)).toBeLessThan(1);
  }

  it.each([
    { says: 'the largest remainder gets the odd point', amount: 100, weights: [5, 3, 1], points: [56, 33, 11] },
    { says: 'the earlier one gets it on a tie', amount: 100, weights: [1, 1, 1], points: [34, 33, 33] },
    { says: 'the smallest weight has a point', amount: 100, weights: [1000, 1], points: [99, 1] },
    { says: 'several small ones have one each', amount: 100, weights: [1, 100_000_000, 1, 1], points: [1, 97, 1, 1] },
    {
      says: 'one that becomes too small by the points of others has one, too',
      amount: 100,
      weights: [100, ...Array.from({ length: 50 }, () => 1), 4960, 4890],
      points: [1, ...Array.from({ length: 50 }, () => 1), 25, 24],
    },
    { says: 'too few points for all have no minimum', amount: 2, weights: [1, 5, 4], points: [0, 1, 1] },
    { says: 'remainders of large weights are exact', amount: 99, weights: [99_999_999, 100_000_000], points: [49, 50] },
    { says: 'nothing is shared out as nothing', amount: 0, weights: [3, 4], points: [0, 0] },
  ])('$says', ({ amount, weights: list, points }) => {
    expect(apportion(amount, list)).toEqual(points);
  });

  it('gives a larger weight no fewer points than a smaller one', () => {
    fc.assert(
      fc.property(fc.nat(100), weights, (amount, list) => {
        const points = apportion(amount, list);
        for (const [one, weight] of list.entries()) {
          for (const [other, smaller] of list.entries()) {
            if (weight > smaller) expect(points[one] ?? 0).toBeGreaterThanOrEqual(points[other] ?? 0);
          }
        }
      }),
    );
  });
});

describe('points by weight up to a cap', () => {
  it.each([
    { says: 'what is above the cap of one goes to the others', caps: [10, 100, 100], points: [10, 45, 45], left: 0 },
    { says: 'those that become full by that give it on', caps: [10, 40, 100], points: [10, 40, 50], left: 0 },
    { says: 'what fits nowhere is left over', caps: [10, 20, 30], points: [10, 20, 30], left: 40 },
    { says: 'who may have nothing takes no part', caps: [0, 100, 100], points: [0, 50, 50], left: 0 },
  ])('$says', ({ caps, points, left }) => {
    const given = [0, 0, 0];
    const entries = caps.map((cap, index) => ({ index, weight: 1, cap }));
    expect(waterFill(100, entries, given)).toBe(left);
    expect(given).toEqual(points);
  });

  it('adds to what there is', () => {
    const given = [7, 0];
    waterFill(10, [{ index: 0, weight: 1, cap: Number.POSITIVE_INFINITY }], given);
    expect(given).toEqual([17, 0]);
  });

  it('loses no point, and gives nobody more than it may have', () => {
    const entries = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 1000 }), cap: fc.nat(60) }));
    fc.assert(
      fc.property(fc.nat(100), entries, (amount, drawn) => {
        const given = drawn.map(() => 0);
        const left = waterFill(
          amount,
          drawn.map((entry, index) => ({ ...entry, index })),
          given,
        );
        expect(total(given) + left).toBe(amount);
        expect(drawn.every(({ cap }, index) => (given[index] ?? 0) <= cap)).toBe(true);
        if (left > 0) expect(given).toEqual(drawn.map(({ cap }) => cap));
      }),
    );
  });
});

describe('percents of weights', () => {
  it('a weight of 0 has nothing, and no weights at all give zeros', () => {
    expect(toPercents([3, 0, 1])).toEqual([75, 0, 25]);
    expect(toPercents([0, 0])).toEqual([0, 0]);
    expect(toPercents([])).toEqual([]);
  });
});
