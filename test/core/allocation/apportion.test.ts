import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apportion, pour, toPercents } from '../../../functions/core/allocation/apportion.ts';

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

describe('points by weight up to a most', () => {
  it.each([
    { says: 'what is above the most of one goes to the others', most: [10, 100, 100], points: [10, 45, 45], left: 0 },
    { says: 'those that become full by that give it on', most: [10, 40, 100], points: [10, 40, 50], left: 0 },
    { says: 'what fits nowhere is left over', most: [10, 20, 30], points: [10, 20, 30], left: 40 },
    { says: 'who may have nothing takes no part', most: [0, 100, 100], points: [0, 50, 50], left: 0 },
  ])('$says', ({ most, points, left }) => {
    const given = [0, 0, 0];
    const takers = most.map((own, index) => ({ index, weight: 1, most: own }));
    expect(pour(100, takers, given)).toBe(left);
    expect(given).toEqual(points);
  });

  it('adds to what there is', () => {
    const given = [7, 0];
    pour(10, [{ index: 0, weight: 1, most: Number.POSITIVE_INFINITY }], given);
    expect(given).toEqual([17, 0]);
  });

  it('loses no point, and gives nobody more than it may have', () => {
    const takers = fc.array(fc.record({ weight: fc.integer({ min: 1, max: 1000 }), most: fc.nat(60) }));
    fc.assert(
      fc.property(fc.nat(100), takers, (amount, drawn) => {
        const given = drawn.map(() => 0);
        const left = pour(
          amount,
          drawn.map((taker, index) => ({ ...taker, index })),
          given,
        );
        expect(total(given) + left).toBe(amount);
        expect(drawn.every(({ most }, index) => (given[index] ?? 0) <= most)).toBe(true);
        if (left > 0) expect(given).toEqual(drawn.map(({ most }) => most));
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
