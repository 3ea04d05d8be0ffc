import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPercents } from '../../functions/core/allocation/apportion.ts';
import { placementKey, placementsOf } from '../../functions/core/allocation/placements.ts';
import { effectiveShares, shares } from '../../functions/core/allocation/points.ts';
import type { Limit } from '../../functions/core/allocation/types.ts';
import { NO_ALLOCATION } from '../../functions/core/failover/traffic.ts';
import { down, limited, member, pool, T0 } from './fixtures.ts';

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

  it('are the declared weights while nothing holds anybody back', () => {
    expect(percents(effectiveShares(active, limited()))).toEqual([60, 40]);
    expect(percents(effectiveShares(standby, limited()))).toEqual([100, 0, 0]);
  });

  it('move to the others of the tier when a cluster is down', () => {
    const three = pool([member('a', 50), member('b', 30), member('c', 20)]);
    expect(percents(effectiveShares(active, limited({ a: [down()] })))).toEqual([0, 100]);
    expect(percents(effectiveShares(three, limited({ a: [down()] })))).toEqual([0, 60, 40]);
  });

  it('move to the next tier that can serve, and to no further one', () => {
    expect(percents(effectiveShares(standby, limited({ a: [down()] })))).toEqual([0, 100, 0]);
    expect(percents(effectiveShares(standby, limited({ a: [down()], b: [down()] })))).toEqual([0, 0, 100]);
  });

  it('are the declared ones when all went down together, and stay with the newest when they did not', () => {
    expect(percents(effectiveShares(active, limited({ a: [down()], b: [down()] })))).toEqual([60, 40]);
    expect(percents(effectiveShares(active, limited({ a: [down(T0)], b: [down(T0 + 60_000)] })))).toEqual([0, 100]);
  });

  it('do not move for a pinned pool', () => {
    expect(percents(effectiveShares(pool([member('b', 1)], true), limited({ b: [down()] })))).toEqual([100]);
  });

  it('ignore clusters that are not in the pool', () => {
    expect(percents(effectiveShares(active, limited({ z: [down()] })))).toEqual([60, 40]);
  });

  it('leave a cluster with the declared weight 0 alone, even when the others are down', () => {
    const canary = pool([member('a', 100), member('b', 0)]);
    expect(percents(effectiveShares(canary, limited({ a: [down()] })))).toEqual([100, 0]);
  });

  it('leave a part to a cluster that is on its way back; the others of its tier have the rest', () => {
    const ramp = (percent: number): Limit[] => [{ reason: 'ramp', percent }];
    const three = pool([member('a', 50), member('b', 30), member('c', 20)]);
    expect(percents(effectiveShares(active, limited({ a: ramp(50) })))).toEqual([30, 70]);
    expect(percents(effectiveShares(three, limited({ a: ramp(10) })))).toEqual([5, 57, 38]);
    expect(percents(effectiveShares(three, limited({ a: ramp(10), b: [down()] })))).toEqual([7, 0, 93]);
    expect(percents(effectiveShares(standby, limited({ a: ramp(10) })))).toEqual([10, 90, 0]);
    expect(percents(effectiveShares(pool([member('a', 100)]), limited({ a: ramp(10) })))).toEqual([100]);
  });

  it('are what is sealed, of the placement that it names and of no other', () => {
    const sealed = {
      allocation: {
        ...NO_ALLOCATION,
        backends: [
          {
            placement: placementKey(active),
            pools: ['shop/80'],
            clusters: ['a', 'b'],
            points: [10, 90],
            reasons: ['capacity' as const, null],
          },
        ],
      },
    };
    expect(percents(effectiveShares(active, sealed))).toEqual([10, 90]);
    expect(percents(effectiveShares(standby, sealed))).toEqual([100, 0, 0]);
    expect(percents(effectiveShares({ ...active, pinned: true }, sealed))).toEqual([60, 40]);
    const [a] = shares(active, sealed);
    expect(a).toMatchObject({ effectivePercent: 10, reason: expect.stringContaining('capacity') });
  });

  it('say why each cluster has its share', () => {
    const [a, b] = shares(active, limited({ a: [down()] }));
    expect(a).toMatchObject({ declaredPercent: 60, effectivePercent: 0, reason: expect.stringMatching(/^down: /) });
    expect(b).toMatchObject({
      declaredPercent: 40,
      effectivePercent: 100,
      reason: 'serves for clusters that are held back',
    });
  });

  it('are never all 0 while a weight is declared, and total 100, whoever is held back and why', () => {
    const names = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const limit = fc.oneof<fc.Arbitrary<Limit>[]>(
      fc.record({ reason: fc.constant('down' as const), sinceMs: fc.nat(3) }),
      fc.record({ reason: fc.constantFrom('drained' as const, 'ramp' as const), percent: fc.constantFrom(0, 10, 99) }),
      fc.record({ reason: fc.constantFrom('joining' as const, 'turn' as const, 'impaired' as const) }),
    );
    const arbitrary = fc.record({
      members: fc.uniqueArray(fc.record({ cluster: names, weight: fc.nat(100), tier: fc.nat(3) }), {
        selector: (item) => item.cluster,
        minLength: 1,
      }),
      limits: fc.dictionary(names, fc.array(limit, { minLength: 1, maxLength: 2 })),
      pinned: fc.boolean(),
    });
    fc.assert(
      fc.property(arbitrary, ({ members, limits, pinned }) => {
        const target = pool(
          members.map((item) => member(item.cluster, item.weight, item.tier)),
          pinned,
        );
        const total = percents(effectiveShares(target, limited(limits))).reduce((sum, value) => sum + value, 0);
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
