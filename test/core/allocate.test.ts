import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fill, loadsOf, overloaded, type Placed } from '../../functions/core/allocate.ts';
import { placementShares } from '../../functions/core/distribution.ts';
import { withdrawal, without } from './fixtures.ts';
import { placement } from './situations.ts';

const NAMES = ['a', 'b', 'c', 'd'];

function placed(tiers: number[], weights: number[], load: number, out: string[], key = 'p'): Placed {
  const members = NAMES.map((cluster, index) => ({ cluster, weight: weights[index] ?? 0, tier: tiers[index] ?? 0 }));
  const one = placement({}, { key, members, load });
  const shares = placementShares(one, without(...out.map((name) => withdrawal(name))));
  return { placement: one, shares, isFixed: false, limited: new Set(out) };
}

const percents = (items: Placed[]) => items.map(({ shares }) => shares.map(({ percent }) => percent));
const ceilings = (...values: number[]) => new Map(values.map((value, index) => [NAMES[index] ?? '', value]));

describe('R14: shares that keep clusters below their ceilings', () => {
  it('are those by weight while everybody has room', () => {
    const one = [placed([0, 0], [50, 50], 100, [])];
    expect(fill(one, ceilings(50, 50))[0]).toBe(one[0]);
  });

  it('move to the tier of the cluster first, then to the next one', () => {
    const one = [placed([0, 0, 1], [50, 50, 100], 100, ['a'])];
    expect(percents(fill(one, ceilings(100, 60, 100)))).toEqual([[0, 60, 40, 0]]);
    const wide = [placed([0, 0, 0, 1], [50, 50, 50, 100], 100, ['a'])];
    expect(percents(fill(wide, ceilings(100, 20, 100, 100)))).toEqual([[0, 20, 80, 0]]);
  });

  it('make all equally hot when there is no room left, and drop nothing', () => {
    const one = [placed([0, 0, 0], [50, 25, 25], 100, ['a'])];
    expect(percents(fill(one, ceilings(50, 20, 60)))).toEqual([[0, 25, 75, 0]]);
  });

  const scene = fc
    .record({
      loads: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 3 }),
      weights: fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 4, maxLength: 4 }),
      tiers: fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }),
      limits: fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 4, maxLength: 4 }),
      out: fc.subarray(['a', 'b', 'c']),
    })
    .map(({ loads, weights, tiers, limits, out }) => ({
      point: Math.max(...loads) / 100,
      limit: ceilings(...limits),
      able: NAMES.filter((name) => !out.includes(name)),
      filled: fill(
        loads.map((load, index) => placed(tiers, weights, load, out, `p${index}`)),
        ceilings(...limits),
      ),
    }));

  it('I1: total 100, and give nothing to who is out', () => {
    const property = fc.property(scene, ({ filled, able }) => {
      for (const { shares } of filled) {
        expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
        expect(shares.filter(({ percent }) => percent > 0).every(({ cluster }) => able.includes(cluster))).toBe(true);
      }
    });
    fc.assert(property);
  });

  it('I12: exceed a ceiling only when nobody has room for another point', () => {
    const property = fc.property(scene, ({ filled, able, limit, point }) => {
      const loads = loadsOf(filled);
      const roomy = able.filter((name) => (loads.get(name) ?? 0) + point <= (limit.get(name) ?? 0));
      expect(overloaded(loads, limit).length === 0 || roomy.length === 0).toBe(true);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
