import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placementKey } from '../../functions/core/allocation/placements.ts';
import type { Resource } from '../../functions/core/model/resource.ts';
import { declaredMembers } from '../../functions/core/routing/distribution.ts';
import { byName, resolve, usesDistribution } from '../../functions/core/routing/resolve.ts';
import { Split } from '../../schemas/distribution.ts';
import { cluster, distribution, route, service } from './fixtures.ts';

interface At {
  site?: string;
  city?: string;
  tier?: number;
}

function at(name: string, place: At): Resource<'cluster'> {
  const plain = cluster(name, 1);
  return { ...plain, spec: { ...plain.spec, ...place } };
}

/** Two sites of Hangzhou with two clusters and one, and one site of Shanghai. */
const ESTATE = byName([
  at('h1', { site: 'xihu', city: 'hangzhou' }),
  at('h2', { site: 'xihu', city: 'hangzhou' }),
  at('h3', { site: 'yuhang', city: 'hangzhou' }),
  at('s1', { site: 'pudong', city: 'shanghai', tier: 2 }),
]);

/** Members as `cluster weight/tier`. */
function membersOf(split: unknown, exports: Record<string, number>, clusters = ESTATE): string[] {
  const members = declaredMembers(Split.parse(split), service('shop', exports).spec, clusters);
  return members.map(({ cluster: name, weight, tier }) => `${name} ${weight}/${tier}`);
}

const ALL = { h1: 1, h2: 2, h3: 3, s1: 4 };
const weighted = (...clusters: object[]) => ({ strategy: 'weighted', clusters });

describe('the clusters that a distribution comes to', () => {
  it.each<[string, object, Record<string, number>, string[]]>([
    [
      'a cluster by its name',
      weighted({ cluster: 'h1', weight: 70 }, { cluster: 'h3', weight: 30 }),
      ALL,
      ['h1 70/0', 'h3 30/0'],
    ],
    [
      'a site in equal parts',
      weighted({ site: 'xihu', weight: 70 }, { cluster: 'h3' }),
      ALL,
      ['h1 35/0', 'h2 35/0', 'h3 100/0'],
    ],
    [
      'a city in equal parts, however its sites are',
      weighted({ city: 'hangzhou', weight: 60 }, { city: 'shanghai', weight: 40, tier: 0 }),
      ALL,
      ['h1 20/0', 'h2 20/0', 'h3 20/0', 's1 40/0'],
    ],
    [
      'weights multiplied where parts are no integers',
      weighted({ city: 'hangzhou', weight: 70 }, { city: 'shanghai', weight: 30, tier: 0 }),
      ALL,
      ['h1 70/0', 'h2 70/0', 'h3 70/0', 's1 90/0'],
    ],
    [
      'only those of a site that export the service: the site keeps its weight',
      weighted({ site: 'xihu', weight: 70 }, { site: 'yuhang', weight: 30 }),
      { h2: 1, h3: 1 },
      ['h2 70/0', 'h3 30/0'],
    ],
    [
      'nobody of a site that does not export it',
      weighted({ site: 'xihu' }, { site: 'yuhang' }),
      { h3: 1 },
      ['h3 100/0'],
    ],
    [
      'a site of weight 0, which multiplies nothing',
      weighted({ city: 'hangzhou', weight: 0 }, { city: 'shanghai', weight: 1 }),
      ALL,
      ['h1 0/0', 'h2 0/0', 'h3 0/0', 's1 1/2'],
    ],
    [
      'the tier of the member',
      weighted({ city: 'shanghai', tier: 1 }, { cluster: 'h1', tier: 3 }),
      ALL,
      ['s1 100/1', 'h1 100/3'],
    ],
    [
      'the tier of the cluster where the member names none',
      weighted({ cluster: 's1' }, { cluster: 'h1' }),
      ALL,
      ['s1 100/2', 'h1 100/0'],
    ],
    [
      'a site by replicas',
      { strategy: 'replicas', clusters: [{ site: 'xihu' }, { cluster: 's1' }] },
      ALL,
      ['h1 1/0', 'h2 2/0', 's1 4/2'],
    ],
    [
      'everybody who exports it, by replicas and default tiers',
      { strategy: 'replicas' },
      { h2: 5, s1: 4 },
      ['h2 5/0', 's1 4/2'],
    ],
    [
      'the others behind a site that is preferred, by their default tiers',
      { ...weighted({ site: 'yuhang', weight: 9 }), pin: 'prefer' },
      ALL,
      ['h3 9/0', 'h1 1/1', 'h2 2/1', 's1 4/3'],
    ],
    [
      'a cluster once, for the first that names it',
      weighted({ site: 'xihu', weight: 10 }, { city: 'hangzhou', weight: 30 }),
      ALL,
      ['h1 5/0', 'h2 5/0', 'h3 30/0'],
    ],
  ])('are %s', (_, split, exports, expected) => {
    expect(membersOf(split, exports)).toEqual(expected);
  });

  it('have the declared ratios exactly, within sites and between them', () => {
    const sized = fc.record({ size: fc.integer({ min: 1, max: 9 }), weight: fc.integer({ min: 0, max: 100 }) });
    fc.assert(
      fc.property(fc.array(sized, { minLength: 1, maxLength: 8 }), (sites) => {
        fc.pre(sites.some(({ weight }) => weight > 0));
        const clusters = sites.flatMap(({ size }, site) =>
          Array.from({ length: size }, (_, n) => at(`c${site}-${n}`, { site: `site-${site}` })),
        );
        const split = Split.parse(weighted(...sites.map(({ weight }, site) => ({ site: `site-${site}`, weight }))));
        const exports = Object.fromEntries(clusters.map(({ name }) => [name, 1]));
        const members = declaredMembers(split, service('shop', exports).spec, byName(clusters));
        const weights = sites.map((_, site) =>
          members.filter(({ cluster: name }) => name.startsWith(`c${site}-`)).map(({ weight }) => weight),
        );
        for (const [site, own] of weights.entries()) {
          expect(own).toHaveLength(sites[site]?.size ?? 0);
          expect(new Set(own).size).toBe(1);
          expect(Number.isSafeInteger(own[0])).toBe(true);
        }
        const sum = (numbers: number[]) => numbers.reduce((all, number) => all + number, 0);
        const declared = sum(sites.map(({ weight }) => weight));
        for (const [site, own] of weights.entries()) {
          expect(sum(own) * declared).toBe((sites[site]?.weight ?? 0) * sum(weights.flat()));
        }
      }),
    );
  });

  it('have weights that can be counted with, whatever the sizes of sites are', () => {
    const clusters = [23, 19, 17, 16, 13, 11].flatMap((size) =>
      Array.from({ length: size }, (_, n) => at(`c${size}-${n}`, { site: `s${size}` })),
    );
    const split = Split.parse(weighted(...[23, 19, 17, 16, 13, 11].map((size) => ({ site: `s${size}`, weight: 97 }))));
    const exports = Object.fromEntries(clusters.map(({ name }) => [name, 1]));
    const members = declaredMembers(split, service('shop', exports).spec, byName(clusters));
    for (const { cluster: name, weight } of members) {
      const size = Number(/^c(\d+)/.exec(name)?.[1]);
      expect(weight).toBeLessThanOrEqual(100_000_000);
      expect(Math.abs(weight / 1_000_000 - 97 / size)).toBeLessThan(1e-6);
    }
  });
});

describe('routes and distributions', () => {
  const split = (weight: number) =>
    distribution('main', weighted({ cluster: 'h1', weight }, { cluster: 's1', weight: 100 - weight, tier: 0 }));
  const config = (weight: number, routes = [route('named', { distribution: { ref: 'main' } })]) =>
    resolve({
      clusters: [...ESTATE.values()],
      services: [service('shop', ALL)],
      distributions: [split(weight)],
      defaultDistribution: 'main',
      routes,
    });

  it('have the same pool whether they name a distribution or leave it to the fleet, and another one by themselves', () => {
    const { pools } = config(60, [
      route('named', { distribution: { ref: 'main' } }),
      route('left', {}),
      route('own', { distribution: weighted({ cluster: 'h1', weight: 60 }, { cluster: 's1', weight: 40, tier: 0 }) }),
    ]);
    expect(pools).toHaveLength(2);
    expect(new Set(pools.map((pool) => placementKey(pool))).size).toBe(1);
    expect(pools.map(({ key }) => usesDistribution(key, 'main')).sort()).toEqual([false, true]);
  });

  it('keep their pools, by name, when the distribution is edited', () => {
    const [before, after] = [config(60), config(10)].map(({ pools }) => pools);
    expect(after?.map(({ key }) => key)).toEqual(before?.map(({ key }) => key));
    expect(after?.[0]?.members.map(({ weight }) => weight)).toEqual([10, 90]);
  });

  it('go to every cluster that exports the service where neither the route nor its fleet says anything', () => {
    const routes = [route('silent', {}), route('old', { distribution: { strategy: 'replicas' } })];
    const { pools } = resolve({
      ...{ clusters: [...ESTATE.values()], services: [service('shop', ALL)], distributions: [] },
      routes,
    });
    expect(pools.map(({ members }) => members.map(({ cluster: name }) => name))).toEqual([['h1', 'h2', 'h3', 's1']]);
  });
});

describe('a member of a distribution', () => {
  it.each<[string, object[], string]>([
    ['names something', [{ weight: 1 }], 'must name either a cluster, a site or a city'],
    ['names one thing', [{ cluster: 'a', site: 'b' }], 'must name either a cluster, a site or a city'],
    [
      'is not there twice',
      [{ site: 'b' }, { cluster: 'b' }, { site: 'b', tier: 1 }],
      'must not repeat a cluster, a site or a city',
    ],
    ['has a weight somewhere', [{ city: 'b', weight: 0 }], 'must have a member with a weight above 0'],
  ])('%s', (_, clusters, message) => {
    expect(Split.safeParse(weighted(...clusters)).error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
