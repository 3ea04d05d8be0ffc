import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declaredPoints } from '../../../functions/core/allocation/bounds.ts';
import type { Resource } from '../../../functions/core/model/resource.ts';
import { gainingClusters, rolloutFaults, splitsBetween } from '../../../functions/core/rollout/splits.ts';
import { declaredMembers } from '../../../functions/core/routing/distribution.ts';
import { byName } from '../../../functions/core/routing/resolve.ts';
import { WeightedMembers } from '../../../schemas/distribution.ts';
import { cluster, service } from '../fixtures.ts';

function at(name: string, place: { city?: string; tier?: number }): Resource<'cluster'> {
  const plain = cluster(name, 1);
  return { ...plain, spec: { ...plain.spec, ...place } };
}

const ESTATE = byName([
  at('h1', { city: 'hangzhou' }),
  at('h2', { city: 'hangzhou' }),
  at('s1', { city: 'shanghai' }),
  at('b1', { city: 'mixed' }),
  at('b2', { city: 'mixed', tier: 1 }),
  at('x', {}),
  at('y', {}),
  at('z', {}),
]);
const NAMES = ['h1', 's1', 'x', 'y', 'z'];
const SHOP = service('shop', Object.fromEntries([...ESTATE.keys()].map((name) => [name, 1]))).spec;

const members = (...list: object[]) => WeightedMembers.parse(list);
const named = (weights: Record<string, number>) =>
  members(...Object.entries(weights).map(([name, weight]) => ({ cluster: name, weight })));

/** The points of each cluster while all is well. */
function pointsOf(clusters: WeightedMembers): Record<string, number> {
  const all = declaredMembers({ strategy: 'weighted', clusters }, SHOP, ESTATE);
  const points = declaredPoints(all);
  return Object.fromEntries(all.map((member, index) => [member.cluster, points[index] ?? 0]));
}

const anyWeights = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 0, 0, 1, 2)), {
    minLength: 1,
    maxLength: 8,
  })
  .map((list) => [...new Map(list.map(([name, weight, tier]) => [name, { cluster: name, weight, tier }])).values()])
  .filter((list) => list.some(({ weight }) => weight > 0))
  .map((list) => members(...list));

describe('the steps of a rollout', () => {
  it('total 100 points, and take nobody back on its way from what it had to what it shall have', () => {
    fc.assert(
      fc.property(anyWeights, anyWeights, (from, to) => {
        const percents = Array.from({ length: 100 }, (_, index) => index + 1);
        const way = [from, ...splitsBetween(from, to, percents, ESTATE)].map(pointsOf);
        for (const points of way) expect(Object.values(points).reduce((sum, point) => sum + point, 0)).toBe(100);
        for (const name of NAMES) {
          const own = way.map((points) => points[name] ?? 0);
          const rising = [...own].sort((one, other) => one - other);
          expect(own).toEqual((own[0] ?? 0) <= (own.at(-1) ?? 0) ? rising : rising.reverse());
        }
      }),
      { numRuns: 200 },
    );
  });

  it('leave nobody without the clusters that would take over: whoever stands by before or after has a weight at each step', () => {
    const standsBy = (split: WeightedMembers, name: string) =>
      split.some((member) => member.cluster === name && member.weight > 0);
    fc.assert(
      fc.property(anyWeights, anyWeights, fc.integer({ min: 1, max: 99 }), (from, to, percent) => {
        const way = splitsBetween(from, to, [percent], ESTATE)[0] ?? [];
        for (const name of NAMES) {
          if (standsBy(from, name) && (standsBy(to, name) || pointsOf(from)[name] === 0)) {
            expect([name, standsBy(way, name)]).toEqual([name, true]);
          }
        }
      }),
      { numRuns: 300 },
    );
    const from = members({ cluster: 'h1', weight: 100 }, { cluster: 's1', weight: 100, tier: 1 });
    const to = members({ cluster: 'h1', weight: 50 }, { cluster: 'x', weight: 46 }, { cluster: 's1', weight: 4 });
    expect(splitsBetween(from, to, [5], ESTATE)[0]).toContainEqual({ cluster: 's1', weight: 100, tier: 1 });
  });

  it('have moved each member by its part of what has moved in all, but for less than a point, and all by half a point at most', () => {
    fc.assert(
      fc.property(anyWeights, anyWeights, fc.integer({ min: 1, max: 99 }), (from, to, percent) => {
        const [first, last] = [pointsOf(from), pointsOf(to)];
        const delta = (name: string) => (last[name] ?? 0) - (first[name] ?? 0);
        const all = NAMES.reduce((sum, name) => sum + Math.max(0, delta(name)), 0);
        fc.pre(all > 0);
        const points = pointsOf(splitsBetween(from, to, [percent], ESTATE)[0] ?? []);
        const moves = NAMES.map((name) => ({ name, by: (points[name] ?? 0) - (first[name] ?? 0) }));
        const moved = moves.reduce((sum, { by }) => sum + Math.max(0, by), 0);
        expect(Math.abs(moved - (all * percent) / 100)).toBeLessThanOrEqual(0.5);
        for (const { name, by } of moves) expect(Math.abs(by - (delta(name) * moved) / all)).toBeLessThan(1);
      }),
      { numRuns: 300 },
    );
  });

  it('name places as places, bring those in that are new and take those out that go', () => {
    const from = members({ city: 'hangzhou', weight: 90 }, { cluster: 'x', weight: 10 });
    const to = members({ city: 'hangzhou', weight: 50 }, { city: 'shanghai', weight: 50 });
    expect(splitsBetween(from, to, [10, 50, 100], ESTATE)).toEqual([
      members(
        { city: 'hangzhou', weight: 86, tier: 0 },
        { cluster: 'x', weight: 9, tier: 0 },
        { city: 'shanghai', weight: 5, tier: 0 },
      ),
      members(
        { city: 'hangzhou', weight: 70, tier: 0 },
        { cluster: 'x', weight: 5, tier: 0 },
        { city: 'shanghai', weight: 25, tier: 0 },
      ),
      to,
    ]);
    expect(gainingClusters(from, to, ESTATE)).toEqual(['s1']);
  });

  it('move traffic to who stood by while both serve in one tier, and change who stands by with the last step', () => {
    const from = members({ cluster: 'x' }, { cluster: 'y', tier: 1 }, { cluster: 'h1', tier: 2 });
    const to = members({ cluster: 'y' }, { cluster: 'x', tier: 1 });
    const [half] = splitsBetween(from, to, [50, 100], ESTATE);
    expect(half).toEqual(
      members(
        { cluster: 'x', weight: 50, tier: 0 },
        { cluster: 'y', weight: 50, tier: 0 },
        { cluster: 'h1', weight: 100, tier: 2 },
      ),
    );
  });
});

describe('what cannot be rolled out', () => {
  it.each<[string, WeightedMembers, WeightedMembers, number[], [string, RegExp][]]>([
    [
      'a cluster that is a part of a place and stands for itself',
      members({ city: 'hangzhou', weight: 50 }, { cluster: 'x', weight: 50 }),
      members({ cluster: 'x', weight: 50 }, { cluster: 'h1', weight: 50 }),
      [50, 100],
      [['#/clusters/1', /names h1 by the city hangzhou now/]],
    ],
    [
      'a place whose clusters are in several tiers',
      named({ x: 1 }),
      members({ city: 'mixed' }),
      [100],
      [['#/clusters/0/tier', /tiers of their own \(0, 1\)/]],
    ],
    [
      'what is so already',
      named({ x: 1, y: 1 }),
      named({ x: 50, y: 50 }),
      [100],
      [['#/clusters', /nothing to roll out/]],
    ],
    [
      'a step that moves nothing, at its beginning or at its end',
      named({ x: 60, y: 40 }),
      named({ x: 50, y: 50 }),
      [1, 50, 99, 100],
      [
        ['#/steps/0/percent', /10 points move in all, and none of them at the step of 1 %/],
        ['#/steps/3/percent', /at the step of 100 %/],
      ],
    ],
  ])('%s', (_, from, to, percents, expected) => {
    const faults = rolloutFaults(from, to, percents, ESTATE);
    expect(faults.map(({ pointer }) => pointer)).toEqual(expected.map(([pointer]) => pointer));
    for (const [index, [, detail]] of expected.entries()) expect(faults[index]?.detail).toMatch(detail);
  });
});
