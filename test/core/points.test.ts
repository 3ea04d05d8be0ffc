import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toPercents } from '../../functions/core/allocation/apportion.ts';
import { placementKey, placementsOf } from '../../functions/core/allocation/placements.ts';
import {
  clusterPoints,
  effectiveShares,
  isRejected,
  LIMIT_REASONS,
  placementShares,
  rangeText,
  shares,
  sharesWithin,
} from '../../functions/core/allocation/points.ts';
import { NO_ALLOCATION } from '../../functions/core/allocation/sealed.ts';
import type { Limit } from '../../functions/core/allocation/types.ts';
import { down, limited, member, pool, T0 } from './fixtures.ts';
import { placement } from './story.ts';

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
  const given = (limits: Record<string, Limit[]>, of = active) => percents(effectiveShares(of, limited(limits)));
  const ramp = (percent: number): Limit[] => [{ reason: 'ramp', percent }];

  it('are the declared weights while nothing holds anybody back', () => {
    expect(given({})).toEqual([60, 40]);
    expect(given({}, standby)).toEqual([100, 0, 0]);
  });

  it('move to the others of the tier when a cluster is down', () => {
    expect(given({ a: [down()] })).toEqual([0, 100]);
    const three = pool([member('a', 50), member('b', 30), member('c', 20)]);
    expect(given({ a: [down()] }, three)).toEqual([0, 60, 40]);
  });

  it('move to the next tier that can serve, and to no further one', () => {
    expect(given({ a: [down()] }, standby)).toEqual([0, 100, 0]);
    expect(given({ a: [down()], b: [down()] }, standby)).toEqual([0, 0, 100]);
  });

  it('stay with clusters that are down when every one is: with the last one, or with those that went down together', () => {
    expect(given({ a: [down(T0)], b: [down(T0 + 60_000)] })).toEqual([0, 100]);
    expect(given({ a: [down()], b: [down()] })).toEqual([60, 40]);
  });

  it('do not move for a pinned pool, but for an isolation', () => {
    const pinned = pool([member('a', 60), member('b', 40)], true);
    expect(given({ b: [down()] }, pinned)).toEqual([60, 40]);
    expect(given({ b: [{ reason: 'isolated' }] }, pinned)).toEqual([100, 0]);
  });

  it('ignore clusters that are not in the pool', () => {
    expect(given({ z: [down()] })).toEqual([60, 40]);
  });

  it('leave a cluster with the declared weight 0 alone, even when the others are down', () => {
    expect(given({ a: [down()] }, pool([member('a', 100), member('b', 0)]))).toEqual([100, 0]);
  });

  it('leave a part to a cluster that is on its way back; the others have the rest', () => {
    const three = pool([member('a', 50), member('b', 30), member('c', 20)]);
    expect(given({ a: ramp(50) })).toEqual([30, 70]);
    expect(given({ a: ramp(10) }, three)).toEqual([5, 57, 38]);
    expect(given({ a: ramp(10), b: [down()] }, three)).toEqual([7, 0, 93]);
    expect(given({ a: ramp(10) }, standby)).toEqual([10, 90, 0]);
    expect(given({ a: ramp(10) }, pool([member('a', 100)]))).toEqual([100]);
  });

  it('grow linearly with what is left to a cluster, and never jump', () => {
    const seen = Array.from({ length: 101 }, (_, percent) => given({ a: ramp(percent) })[0] ?? 0);
    for (const [percent, share] of seen.entries()) {
      expect(Math.abs(share - 0.6 * percent)).toBeLessThanOrEqual(1);
      expect(share).toBeGreaterThanOrEqual(seen[percent - 1] ?? 0);
    }
  });

  it('are what was sealed of the placement, also nothing at all, and of no other one', () => {
    const sealed = (points: number[]) => ({
      allocation: {
        ...NO_ALLOCATION,
        backends: [
          {
            placement: placementKey(active),
            pools: ['other/1'],
            clusters: ['a', 'b'],
            points,
            reasons: ['capacity' as const, null],
          },
        ],
      },
    });
    expect(percents(effectiveShares(active, sealed([10, 90])))).toEqual([10, 90]);
    expect(percents(effectiveShares(standby, sealed([10, 90])))).toEqual([100, 0, 0]);
    expect(shares(active, sealed([10, 90]))[0]).toMatchObject({ effectivePercent: 10, reason: 'CapacityBinds' });
    expect([isRejected(active, sealed([0, 0])), isRejected(active, sealed([0, 100]))]).toEqual([true, false]);
    expect(isRejected(pool([member('a', 0)]), limited())).toBe(false);
  });

  it('say why each cluster has its share', () => {
    const reasons = (all: ReturnType<typeof shares>) => all.map(({ reason }) => reason);
    const [a, b] = shares(active, limited({ a: [down()] }));
    expect(a).toMatchObject({ declaredPercent: 60, effectivePercent: 0, reason: 'Down' });
    expect(b).toMatchObject({
      declaredPercent: 40,
      effectivePercent: 100,
      reason: 'TakesOver',
    });
    expect(reasons(shares(standby, limited()))).toEqual(['AsDeclared', 'StandsBy', 'StandsBy']);
    expect(reasons(shares(pool([member('a', 1), member('b', 0)]), limited()))[1]).toBe('WeightZero');
    expect(reasons(shares(pool([member('a', 1)], true), limited()))[0]).toBe('Pinned');
    expect(new Set(Object.values(LIMIT_REASONS)).size, 'each by its own code').toBe(Object.keys(LIMIT_REASONS).length);
  });

  it('total 100 while a weight is declared that nobody has isolated, and leave an isolated cluster nothing', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const limit = fc.oneof(
      fc.constantFrom<Limit>({ reason: 'isolated' }, { reason: 'joining' }, { reason: 'impaired' }),
      fc.constantFrom<Limit>({ reason: 'turn' }, { reason: 'dwell' }, { reason: 'consent' }),
      fc.nat(3).map((sinceMs): Limit => ({ reason: 'down', sinceMs })),
      fc
        .record({
          reason: fc.constantFrom('ramp' as const, 'drained' as const, 'drill' as const),
          percent: fc.nat(100),
        })
        .map((part): Limit => part),
    );
    const arbitrary = fc.record({
      members: fc.uniqueArray(fc.record({ cluster: fc.constantFrom(...names), weight: fc.nat(100), tier: fc.nat(3) }), {
        selector: (item) => item.cluster,
        minLength: 1,
      }),
      limits: fc.dictionary(fc.constantFrom(...names), fc.uniqueArray(limit, { selector: ({ reason }) => reason })),
      pinned: fc.boolean(),
    });
    const property = fc.property(arbitrary, ({ members, limits, pinned }) => {
      const of = pool(
        members.map((item) => member(item.cluster, item.weight, item.tier)),
        pinned,
      );
      const isIsolated = (name: string) => limits[name]?.some(({ reason }) => reason === 'isolated') ?? false;
      const isAble = members.some(({ cluster, weight }) => weight > 0 && !isIsolated(cluster));
      const result = effectiveShares(of, limited(limits));
      expect(percents(result).reduce((sum, value) => sum + value, 0)).toBe(isAble ? 100 : 0);
      for (const { cluster, percent } of result) if (isIsolated(cluster)) expect(percent).toBe(0);
    });
    fc.assert(property);
  });
});

describe('shares within the room that clusters have', () => {
  const placed = ['p', 'q'].map((key) => {
    const one = placement({ a: 50, b: 50 }, { key, load: 100 });
    return { placement: one, shares: placementShares(one, limited()) };
  });

  it('are those by weight while there is room, and move where there is more of it', () => {
    const within = (room: [string, number][]) =>
      sharesWithin(placed, limited(), new Map(room)).map((item) => percents(item.shares));
    expect(within([['a', 100]])).toEqual([
      [50, 50],
      [50, 50],
    ]);
    expect(within([['a', 60]])).toEqual([
      [30, 70],
      [30, 70],
    ]);
    expect(within([['a', 0]])).toEqual([
      [0, 100],
      [0, 100],
    ]);
  });
});

describe('points that clusters shall have', () => {
  it('are told as the least and the most of any placement', () => {
    const placements = [placement({ a: 60, b: 40 }), placement({ a: 10, c: 90 }, { key: 'q' })];
    const found = clusterPoints(placements, limited());
    expect(found.get('a')).toEqual({ minPercent: 10, maxPercent: 60 });
    expect(found.get('c')).toEqual({ minPercent: 90, maxPercent: 90 });
    expect(rangeText({ minPercent: 10, maxPercent: 60 })).toBe('10 to 60 %');
    expect(rangeText({ minPercent: 0, maxPercent: 0 })).toBe('0 %');
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
    expect(found.find(({ key }) => key === placementKey(one))).toMatchObject({
      load: 120,
      services: ['pay', 'shop'],
      pools: ['pay/80', 'shop/80'],
    });
    expect(found.map(({ key }) => key)).toEqual(found.map(({ key }) => key).sort());
  });
});
