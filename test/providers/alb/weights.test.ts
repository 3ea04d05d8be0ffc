import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toPercents } from '../../../functions/core/allocation/apportion.ts';
import type { Member, Share } from '../../../functions/core/model/ir.ts';
import { effectiveShares, serverWeights } from '../../../functions/providers/alb/compile/weights.ts';

function cluster(index: number, servers: number): Member {
  const endpoints = Array.from({ length: servers }, (_, server) => ({
    address: `10.0.${index}.${server}`,
    port: 80,
    remote: false,
  }));
  return { cluster: `c${index}`, weight: 1, tier: 0, endpoints };
}

const weigh = (counts: number[], percents: number[]) => {
  const members = counts.map((count, index) => cluster(index, count));
  const shares = percents.map((percent, index) => ({ cluster: `c${index}`, percent }));
  const servers = serverWeights(members, shares);
  return members.map((_, index) =>
    servers.filter((server) => server.address.startsWith(`10.0.${index}.`)).map((server) => server.weight),
  );
};

describe('serverWeights', () => {
  test.each([
    ['one server each: the shares themselves', [1, 1], [60, 40], [[60], [40]]],
    ['after a failover', [1, 1], [100, 0], [[100], [0]]],
    [
      'two servers each',
      [2, 2],
      [60, 40],
      [
        [30, 30],
        [20, 20],
      ],
    ],
    ['a scale that makes servers equal', [3], [100], [[100, 100, 100]]],
    ['three clusters', [1, 1, 1], [50, 30, 20], [[50], [30], [20]]],
    ['a small share over several servers', [4, 1], [1, 99], [[1, 0, 0, 0], [99]]],
    [
      'a small share, with room to scale',
      [4, 4],
      [2, 98],
      [
        [1, 1, 1, 1],
        [49, 49, 49, 49],
      ],
    ],
    ['no server', [0, 2], [0, 100], [[], [50, 50]]],
    ['nobody serves', [1, 2], [0, 0], [[0], [0, 0]]],
  ])('%s', (_name, counts, percents, expected) => {
    expect(weigh(counts, percents)).toEqual(expected);
  });

  const pools = fc
    .array(fc.record({ servers: fc.integer({ min: 1, max: 60 }), weight: fc.integer({ min: 0, max: 100 }) }), {
      minLength: 1,
      maxLength: 8,
    })
    .filter((clusters) => clusters.some(({ weight }) => weight > 0));

  test('clusters get exactly their shares; weights are 0 to 100; a share above 0 serves, one of 0 does not', () => {
    fc.assert(
      fc.property(pools, (clusters) => {
        const percents = toPercents(clusters.map(({ weight }) => weight));
        const weights = weigh(
          clusters.map(({ servers }) => servers),
          percents,
        );
        const sums = weights.map((list) => list.reduce((sum, weight) => sum + weight, 0));
        const total = sums.reduce((sum, one) => sum + one, 0);
        for (const [index, sum] of sums.entries()) {
          expect(sum * 100).toBe((percents[index] ?? 0) * total);
          expect(sum > 0).toBe((percents[index] ?? 0) > 0);
        }
        for (const weight of weights.flat()) expect(weight).toSatisfy((value: number) => value >= 0 && value <= 100);
        for (const list of weights) expect(Math.max(...list) - Math.min(...list)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('the order of clusters and endpoints makes no difference', () => {
    fc.assert(
      fc.property(pools, fc.infiniteStream(fc.nat()), (clusters, random) => {
        const percents = toPercents(clusters.map(({ weight }) => weight));
        const members = clusters.map(({ servers }, index) => cluster(index, servers));
        const shares = percents.map((percent, index): Share => ({ cluster: `c${index}`, percent }));
        const shuffled = <T>(items: T[]) =>
          items
            .map((item) => ({ item, at: random.next().value }))
            .sort((a, b) => a.at - b.at)
            .map(({ item }) => item);
        const again = shuffled(members).map((one) => ({ ...one, endpoints: shuffled(one.endpoints) }));
        expect(serverWeights(again, shuffled(shares))).toEqual(serverWeights(members, shares));
      }),
    );
  });

  test('an address listed twice by a cluster counts once; by two clusters, it has the sum', () => {
    const twice = cluster(0, 1);
    const members = [
      { ...twice, endpoints: [...twice.endpoints, ...twice.endpoints] },
      { ...twice, cluster: 'c1' },
    ];
    const servers = serverWeights(members, [
      { cluster: 'c0', percent: 30 },
      { cluster: 'c1', percent: 70 },
    ]);
    expect(servers).toEqual([{ address: '10.0.0.0', port: 80, remote: false, weight: 100 }]);
  });
});

test('a cluster without servers leaves its share to the others', () => {
  const shares = [
    { cluster: 'c0', percent: 50 },
    { cluster: 'c1', percent: 30 },
    { cluster: 'c2', percent: 20 },
  ];
  expect(effectiveShares([cluster(0, 0), cluster(1, 1), cluster(2, 1)], shares)).toEqual([
    { cluster: 'c0', percent: 0 },
    { cluster: 'c1', percent: 60 },
    { cluster: 'c2', percent: 40 },
  ]);
});
