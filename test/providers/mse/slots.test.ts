import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { effectiveShares } from '../../../functions/core/allocation/points.ts';
import { NO_TRAFFIC } from '../../../functions/core/failover/traffic.ts';
import type { Member, Pool, Share } from '../../../functions/core/model/ir.ts';
import { slotsOf } from '../../../functions/providers/mse/compile/slots.ts';
import { matched, member, pool as unmatched } from './harness.ts';

/** The pool as an empty gateway would serve it, so that each service has the name of its cluster. */
function matchedPool(one: Pool): Pool {
  const [found = one] = matched({ pools: [one], rules: [] }).pools;
  const objects = found.objects?.map((object) => ({ ...object, key: object.cluster ?? 'all' }));
  return { ...found, objects };
}
const pool = (key: string, members: Member[]) => matchedPool(unmatched(key, members));

const CLUSTERS = ['a', 'b', 'c', 'd', 'e'];
/** The clusters went down one after the other, each long after the last. */
const withdrawn = (...clusters: string[]) => ({
  allocation: {
    ...NO_TRAFFIC.allocation,
    limits: clusters.map((cluster, index) => {
      return { cluster, percent: 0, limits: [{ reason: 'down' as const, sinceMs: index }] };
    }),
  },
});

/** Returns the addresses of each service and the real shares, while these clusters are out. */
function outcome(members: Member[], ...out: string[]) {
  const one = pool('shop-80', members);
  const { slots, real } = slotsOf(one, effectiveShares(one, withdrawn(...out)));
  return {
    services: Object.fromEntries(
      slots.map(({ key, addresses }) => [key, addresses.map((address) => address.replace(/^10\.0\.0\.|:80$/g, ''))]),
    ),
    real: Object.fromEntries(real.map(({ cluster, percent }) => [cluster, percent])),
  };
}

const weighted = (weights: number[], addresses = 1) =>
  weights.map((weight, index) =>
    member(
      CLUSTERS[index] ?? '',
      Array.from({ length: addresses }, (_, offset) => index * 10 + offset),
      { weight },
    ),
  );

test('as declared, each cluster has a service of its own', () => {
  expect(outcome(weighted([60, 40]))).toEqual({ services: { a: ['0'], b: ['10'] }, real: { a: 60, b: 40 } });
});

test('the service of a failed cluster takes the addresses of the only other one', () => {
  expect(outcome(weighted([60, 40], 2), 'a')).toEqual({
    services: { a: ['10', '11'], b: ['10', '11'] },
    real: { a: 0, b: 100 },
  });
});

test('two that take over get so many addresses each as come nearest to their weights', () => {
  expect(outcome(weighted([50, 30, 20], 3), 'a')).toEqual({
    services: { a: ['10', '11', '12', '20', '21'], b: ['10', '11', '12'], c: ['20', '21', '22'] },
    real: { a: 0, b: 60, c: 40 },
  });
});

test('where addresses are too few, the shares that are told are the real ones', () => {
  expect(outcome(weighted([50, 40, 10]), 'a')).toEqual({
    services: { a: ['10'], b: ['10'], c: ['20'] },
    real: { a: 0, b: 90, c: 10 },
  });
});

test('the services of two failed clusters make up for each other', () => {
  expect(outcome(weighted([40, 20, 30, 10]), 'a', 'b').real).toEqual({ a: 0, b: 0, c: 70, d: 30 });
});

describe('a cluster that is held back', () => {
  const realOf = (members: Member[], percents: number[]) => {
    const one = pool('shop-80', members);
    const shares = percents.map((percent, index): Share => ({ cluster: CLUSTERS[index] ?? '', percent }));
    return slotsOf(one, shares).real.map(({ percent }) => percent);
  };

  test.each([
    [1, [10, 90], [0, 100]],
    [1, [49, 51], [0, 100]],
    [1, [50, 50], [50, 50]],
    [1, [99, 1], [50, 50]],
    [1, [100, 0], [100, 0]],
    [10, [10, 90], [10, 90]],
    [4, [10, 90], [0, 100]],
  ])(
    'of %i addresses, which stands before one that stands by, gets no more than its part: %j',
    (count, wanted, real) => {
      const addresses = (from: number) => Array.from({ length: count }, (_, index) => from + index);
      const members = [member('a', addresses(0)), member('b', addresses(100), { tier: 1 })];
      expect(realOf(members, wanted)).toEqual(real);
    },
  );

  test('gets no more than its part whatever the weights and addresses are, and all is served', () => {
    const part = fc.record({ weight: fc.integer({ min: 1, max: 100 }), addresses: fc.integer({ min: 1, max: 6 }) });
    const given = fc.record({
      parts: fc.array(part, { minLength: 2, maxLength: 5 }),
      kept: fc.integer({ min: 0, max: 99 }),
    });
    fc.assert(
      fc.property(given, ({ parts, kept }) => {
        const members = parts.map(({ weight, addresses }, index) => {
          const own = Array.from({ length: addresses }, (_, offset) => index * 10 + offset);
          return member(CLUSTERS[index] ?? '', own, { weight });
        });
        const declared = realOf(
          members,
          effectiveShares(pool('shop-80', members), NO_TRAFFIC).map(({ percent }) => percent),
        );
        const wanted = declared.map((percent, index) => (index === 0 ? Math.floor((percent * kept) / 100) : percent));
        wanted[1] = (wanted[1] ?? 0) + 100 - wanted.reduce((sum, percent) => sum + percent, 0);
        const real = realOf(members, wanted);
        expect(real[0]).toBeLessThanOrEqual((wanted[0] ?? 0) + 1);
        expect(real.reduce((sum, percent) => sum + percent, 0)).toBe(100);
      }),
    );
  });
});

test('a tier that stands by has no service, and lends its addresses when the one before it fails', () => {
  const members = [member('a', [1]), member('b', [2]), member('c', [3], { tier: 1 }), member('d', [4], { tier: 1 })];
  expect(outcome(members)).toEqual({ services: { a: ['1'], b: ['2'] }, real: { a: 50, b: 50, c: 0, d: 0 } });
  expect(outcome(members, 'a', 'b')).toEqual({
    services: { a: ['3', '4'], b: ['3', '4'] },
    real: { a: 0, b: 0, c: 50, d: 50 },
  });
});

test('when no cluster shall serve, all do as declared', () => {
  const one = pool('shop-80', weighted([60, 40]));
  const nobody: Share[] = one.members.map(({ cluster }) => ({ cluster, percent: 0 }));
  expect(slotsOf(one, nobody)).toEqual(slotsOf(one, effectiveShares(one, NO_TRAFFIC)));
});

test('a pool with affinity has one service, with addresses by weight', () => {
  const one = matchedPool({ ...unmatched('shop-80', weighted([75, 25], 3)), affinity: { ttlSeconds: 60 } });
  const { slots, real } = slotsOf(one, effectiveShares(one, NO_TRAFFIC));
  expect(slots.map(({ key, percent, addresses }) => [key, percent, addresses.length])).toEqual([['all', 100, 4]]);
  expect(real.map((share) => share.percent)).toEqual([75, 25]);
});

const MEMBERS = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 1 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map((parts) =>
    parts.map(([weight, addresses, tier], index) =>
      member(
        CLUSTERS[index] ?? '',
        Array.from({ length: addresses }, (_, offset) => index * 10 + offset),
        { weight, tier },
      ),
    ),
  );

test('whatever fails: routes keep their percentages, no service is empty, and only those that shall serve do', () => {
  const property = fc.property(MEMBERS, fc.subarray(CLUSTERS), (members, out) => {
    const one = pool(
      'shop-80',
      members.filter((item) => item.endpoints.length > 0),
    );
    const wanted = effectiveShares(one, withdrawn(...out));
    const { slots, real } = slotsOf(one, wanted);
    const declared = slotsOf(one, effectiveShares(one, NO_TRAFFIC));
    const percents = (all: typeof slots) => all.map(({ key, percent }) => [key, percent]);
    expect(percents(slots)).toEqual(percents(declared.slots));
    expect(slots.every(({ addresses }) => addresses.length > 0)).toBe(true);
    const total = real.reduce((sum, share) => sum + share.percent, 0);
    expect(total).toBe(slots.length === 0 ? 0 : 100);
    for (const { cluster, percent } of wanted) {
      if (percent === 0) expect(real.find((share) => share.cluster === cluster)?.percent).toBe(0);
    }
  });
  fc.assert(property);
});
