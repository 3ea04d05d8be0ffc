import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { effectiveShares, shares, toPercents } from '../../functions/core/distribution.ts';
import { placementKey, placementsOf } from '../../functions/core/placements.ts';
import { member, pool, T0, withdrawal, without } from './fixtures.ts';

const percents = (result: { percent: number }[]) => result.map((share) => share.percent);

describe('toPercents', () => {
  it.each([
    [
      [60, 40],
      [60, 40],
    ],
    [
      [1, 1, 1],
      [34, 33, 33],
    ],
    [
      [0, 0],
      [0, 0],
    ],
    [
      [1, 0],
      [100, 0],
    ],
    [
      [1, 1000],
      [1, 99],
    ],
    [
      [1, 1, 100_000],
      [1, 1, 98],
    ],
    [
      [2, 1],
      [67, 33],
    ],
  ])('%j is shared as %j', (weights, expected) => {
    expect(toPercents(weights)).toEqual(expected);
  });

  it('always totals 100, gives a weight of 0 nothing and any other weight at least 1', () => {
    const weights = fc
      .array(fc.nat(10_000), { minLength: 1, maxLength: 100 })
      .filter((list) => list.some((weight) => weight > 0));
    fc.assert(
      fc.property(weights, (list) => {
        const result = toPercents(list);
        expect(result.reduce((sum, value) => sum + value, 0)).toBe(100);
        for (const [index, weight] of list.entries()) {
          if (weight === 0) expect(result[index]).toBe(0);
          else expect(result[index]).toBeGreaterThanOrEqual(1);
        }
      }),
    );
  });

  it('never gives a smaller weight more than a larger one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 2, maxLength: 50 }), (list) => {
        const result = toPercents(list);
        for (const [i, a] of list.entries()) {
          for (const [j, b] of list.entries()) if (a > b) expect(result[i]).toBeGreaterThanOrEqual(result[j] ?? 0);
        }
      }),
    );
  });
});

describe('shares of a pool', () => {
  const active = pool([member('a', 60), member('b', 40)]);
  const standby = pool([member('a', 100), member('b', 100, 1), member('c', 100, 2)]);

  it('are the declared weights while nobody is withdrawn', () => {
    expect(percents(effectiveShares(active, without()))).toEqual([60, 40]);
    expect(percents(effectiveShares(standby, without()))).toEqual([100, 0, 0]);
  });

  it('move to the others of the tier when a cluster is withdrawn', () => {
    expect(percents(effectiveShares(active, without(withdrawal('a'))))).toEqual([0, 100]);
    expect(
      percents(effectiveShares(pool([member('a', 50), member('b', 30), member('c', 20)]), without(withdrawal('a')))),
    ).toEqual([0, 60, 40]);
  });

  it('move to the next tier that can serve, and to no further one', () => {
    expect(percents(effectiveShares(standby, without(withdrawal('a'))))).toEqual([0, 100, 0]);
    expect(percents(effectiveShares(standby, without(withdrawal('a'), withdrawal('b'))))).toEqual([0, 0, 100]);
  });

  it('stay with the cluster that was withdrawn last when every cluster is: a failed pool is better than an empty one', () => {
    const both = [withdrawal('a', T0), withdrawal('b', T0 + 60_000)];
    expect(percents(effectiveShares(active, without(...both)))).toEqual([0, 100]);
  });

  it('are the declared ones when all clusters were withdrawn at once', () => {
    expect(percents(effectiveShares(active, without(withdrawal('a'), withdrawal('b'))))).toEqual([60, 40]);
  });

  it('do not move for a pinned pool', () => {
    expect(percents(effectiveShares(pool([member('b', 1)], true), without(withdrawal('b'))))).toEqual([100]);
  });

  it('ignore clusters that are not in the pool', () => {
    expect(percents(effectiveShares(active, without(withdrawal('z'))))).toEqual([60, 40]);
  });

  it('leave a cluster with the declared weight 0 alone, even when the others are withdrawn', () => {
    const canary = pool([member('a', 100), member('b', 0)]);
    expect(percents(effectiveShares(canary, without(withdrawal('a'))))).toEqual([100, 0]);
  });

  it('leave a part to a cluster that is on its way back; the others of its tier have the rest', () => {
    const [three, only] = [pool([member('a', 50), member('b', 30), member('c', 20)]), pool([member('a', 100)])];
    expect(percents(effectiveShares(active, without(withdrawal('a', T0, 50))))).toEqual([30, 70]);
    expect(percents(effectiveShares(three, without(withdrawal('a', T0, 10))))).toEqual([5, 57, 38]);
    expect(percents(effectiveShares(three, without(withdrawal('a', T0, 10), withdrawal('b'))))).toEqual([7, 0, 93]);
    expect(percents(effectiveShares(standby, without(withdrawal('a', T0, 10))))).toEqual([10, 90, 0]);
    expect(percents(effectiveShares(only, without(withdrawal('a', T0, 10))))).toEqual([100]);
  });

  it('grow linearly with what is left to a cluster, and never jump', () => {
    const seen = Array.from(
      { length: 100 },
      (_, percent) => effectiveShares(active, without(withdrawal('a', T0, percent)))[0]?.percent,
    );
    for (const [percent, share] of seen.entries()) {
      expect(Math.abs((share ?? 0) - 0.6 * percent)).toBeLessThanOrEqual(1);
      expect(share).toBeGreaterThanOrEqual(seen[percent - 1] ?? 0);
    }
  });

  it('are what an allocation says, also nothing at all; of the placement that it names, and not of a pinned one', () => {
    const allocation = (shares: { cluster: string; percent: number }[]) => {
      return {
        withdrawals: [],
        allocations: [{ placement: placementKey(active), cause: 'capacity' as const, shares }],
      };
    };
    const given = allocation([
      { cluster: 'a', percent: 10 },
      { cluster: 'b', percent: 90 },
    ]);
    expect(percents(effectiveShares(active, given))).toEqual([10, 90]);
    expect(percents(effectiveShares(active, allocation([])))).toEqual([0, 0]);
    expect(percents(effectiveShares(standby, given))).toEqual([100, 0, 0]);
    expect(percents(effectiveShares({ ...active, pinned: true }, given))).toEqual([60, 40]);
    expect(shares(active, given)[0]).toMatchObject({
      effectivePercent: 10,
      reason: expect.stringContaining('capacity'),
    });
  });

  it('say why each cluster has its share', () => {
    const [a, b] = shares(active, without(withdrawal('a')));
    expect(a).toMatchObject({
      declaredPercent: 60,
      effectivePercent: 0,
      reason: 'withdrawn: 3 consecutive probes failed',
    });
    expect(b).toMatchObject({
      declaredPercent: 40,
      effectivePercent: 100,
      reason: 'serves for clusters that are withdrawn',
    });
  });

  it('are never all 0 while a weight is declared, and total 100, whoever is withdrawn and whenever', () => {
    const arbitrary = fc.record({
      members: fc.uniqueArray(
        fc.record({ cluster: fc.constantFrom('a', 'b', 'c', 'd', 'e'), weight: fc.nat(100), tier: fc.nat(3) }),
        {
          selector: (item) => item.cluster,
          minLength: 1,
        },
      ),
      withdrawn: fc.uniqueArray(
        fc.record({
          cluster: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
          sinceMs: fc.nat(3),
          percent: fc.constantFrom(0, 0, 10, 99),
        }),
        {
          selector: (item) => item.cluster,
        },
      ),
      pinned: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, ({ members, withdrawn, pinned }) => {
        const target = pool(
          members.map((item) => member(item.cluster, item.weight, item.tier)),
          pinned,
        );
        const result = effectiveShares(
          target,
          without(...withdrawn.map((item) => withdrawal(item.cluster, item.sinceMs, item.percent))),
        );
        const total = percents(result).reduce((sum, value) => sum + value, 0);
        expect(total).toBe(members.some((item) => item.weight > 0) ? 100 : 0);
      }),
    );
  });
});

describe('placements', () => {
  it('are the pools with the same members, weights and tiers, wherever their endpoints are; loads add up', () => {
    const [one, two] = [pool([member('a', 60), member('b', 40)]), pool([member('a', 60), member('b', 40)])];
    const moved = {
      ...two,
      service: 'pay',
      load: 20,
      members: two.members.map((item) => ({ ...item, endpoints: [] })),
    };
    const found = placementsOf([
      { ...one, load: 100 },
      moved,
      pool([member('a', 60), member('b', 41)]),
      { ...one, pinned: true },
    ]);
    expect(found).toHaveLength(3);
    expect(found.find(({ key }) => key === placementKey(one))).toMatchObject({ load: 120, services: ['pay', 'shop'] });
    expect(found.map(({ key }) => key)).toEqual(found.map(({ key }) => key).sort());
  });
});
