import { describe, expect, it } from 'vitest';
import {
  checkSafety,
  isRefused,
  type PlacementShares,
  type SafetyContext,
} from '../../functions/core/allocation/safety.ts';
import { SafetyInput } from '../../schemas/failover.ts';
import { T0 } from './fixtures.ts';
import { placement } from './story.ts';

function context(safety: Record<string, unknown>, rest: Partial<SafetyContext> = {}): SafetyContext {
  return { rules: SafetyInput.parse(safety), breakGlasses: [], nowMs: T0, ...rest };
}

const WEIGHTS = { a: 50, b: 30, c: 20 };

function shared(shares: Record<string, number>, options = {}): PlacementShares {
  const list = Object.entries(shares).map(([cluster, percent]) => ({ cluster, percent }));
  return { placement: placement(WEIGHTS, options), shares: list };
}

const DECLARED = shared(WEIGHTS);

const broken = (given: SafetyContext, before: PlacementShares[], after: PlacementShares[]) =>
  checkSafety(given, before, after)
    .filter(({ passed }) => !passed)
    .map(({ rule }) => rule);

describe('safety rules', () => {
  const withoutA = shared({ a: 0, b: 60, c: 40 });
  const onlyC = shared({ a: 0, b: 0, c: 100 });

  it.each<[string, Record<string, unknown>, PlacementShares, string[]]>([
    ['at least N clusters serve', { minServingClusters: 2 }, withoutA, []],
    ['at least N clusters serve', { minServingClusters: 2 }, onlyC, ['min-serving']],
    ['clusters with W % serve', { minBasePercent: 50 }, withoutA, []],
    ['clusters with W % serve', { minBasePercent: 51 }, withoutA, ['min-base']],
    ['a set is never all at 0', { exclusive: [['a', 'b']] }, withoutA, []],
    ['a set is never all at 0', { exclusive: [['a', 'b']] }, onlyC, ['exclusive']],
    ['a closed gate keeps its clusters', { gates: [{ name: 'g', open: false, clusters: ['a'] }] }, withoutA, ['gate']],
    ['a closed gate keeps its clusters', { gates: [{ name: 'g', open: true }] }, withoutA, []],
    ['a closed gate keeps its clusters', { gates: [{ name: 'g', open: false }] }, DECLARED, []],
  ])('%s: %j', (_, safety, after, expected) => {
    expect(broken(context(safety), [DECLARED], [after])).toEqual(expected);
  });

  it('refuse only what makes things worse than they are', () => {
    const strict = context({ minServingClusters: 3, minBasePercent: 100, exclusive: [['a', 'b']] });
    expect(broken(strict, [onlyC], [withoutA])).toEqual([]);
    expect(broken(strict, [withoutA], [onlyC])).toEqual(['min-serving', 'min-base', 'exclusive']);
  });

  it('hold for a backend that is new', () => {
    const alone = { placement: placement({ a: 1, b: 0 }), shares: [{ cluster: 'a', percent: 100 }] };
    const strict = { minServingClusters: 2, minBasePercent: 90, exclusive: [['a', 'b']] };
    expect(broken(context(strict), [], [alone])).toEqual(['min-serving']);
    const strictest = context({ minServingClusters: 4, minBasePercent: 100, exclusive: [['a', 'b']] });
    expect(broken(strictest, [], [DECLARED])).toEqual(['min-serving']);
  });

  it('do not keep anybody from a new backend in an outage: it is judged by what it has when everything is up', () => {
    const rules = { minServingClusters: 3, minBasePercent: 100, exclusive: [['a', 'b']] };
    const down = new Set(['a', 'b']);
    expect(broken(context(rules, { down }), [], [onlyC])).toEqual([]);
    const oneDown = context(rules, { down: new Set(['a']) });
    expect(broken(oneDown, [DECLARED], [onlyC])).toEqual(['min-serving', 'min-base', 'exclusive']);
  });

  it('leave pinned backends and rejected ones alone', () => {
    const pinned = shared({ a: 0, b: 0, c: 100 }, { pinned: true });
    expect(broken(context({ minServingClusters: 2 }), [], [pinned])).toEqual([]);
    expect(broken(context({ minServingClusters: 2 }), [DECLARED], [shared({ a: 0, b: 0, c: 0 })])).toEqual([]);
  });

  it('do not count clusters that are down: they serve nobody, whatever they are given', () => {
    const down = new Set(['b']);
    const rules = { minServingClusters: 2, minBasePercent: 60, exclusive: [['a', 'b']] };
    expect(broken(context(rules, { down }), [DECLARED], [withoutA])).toEqual(['min-serving', 'min-base', 'exclusive']);
    expect(broken(context(rules), [DECLARED], [shared({ a: 0, b: 80, c: 20 })])).toEqual(['min-base']);
    expect(broken(context({ minServingClusters: 3 }, { down }), [DECLARED], [DECLARED])).toEqual([]);
  });

  it('leave the cap of automation to automation: people may take out as many as the other rules allow', () => {
    const capped = { maxRemoved: { clusters: 1 } };
    expect(checkSafety(context(capped), [DECLARED], [onlyC])).toEqual([
      { rule: 'min-serving', passed: true, detail: 'holds' },
    ]);
  });

  it('compare all loads of a cluster with its ceiling', () => {
    const ceilings = new Map([['b', 500]]);
    const loaded = (shares: Record<string, number>, key: string) => shared(shares, { load: 500, key });
    const before = ['p', 'q'].map((key) => loaded(WEIGHTS, key));
    const after = ['p', 'q'].map((key) => loaded({ a: 0, b: 60, c: 40 }, key));
    expect(broken(context({}, { ceilings }), before, after)).toEqual(['capacity']);
    expect(broken(context({}, { ceilings: new Map([['b', 600]]) }), before, after)).toEqual([]);
    expect(broken(context({}, { ceilings }), after, after)).toEqual([]);
    const hot = new Map([...Object.keys(WEIGHTS)].map((name) => [name, 100]));
    expect(broken(context({}, { ceilings: hot }), after, before)).toEqual([]);
  });

  it('are set aside by live break-glasses, all of which are named', () => {
    const glass = (name: string, expiresAtMs: number) => {
      return {
        name,
        id: name,
        rules: ['min-serving' as const],
        owner: 'alice',
        reason: 'r',
        createdAtMs: T0,
        expiresAtMs,
      };
    };
    const given = context(
      { minServingClusters: 2 },
      { breakGlasses: [glass('x', T0 + 1), glass('y', T0 + 1), glass('z', T0)] },
    );
    const results = checkSafety(given, [DECLARED], [onlyC]);
    expect(results).toMatchObject([{ rule: 'min-serving', passed: false, overriddenBy: 'x, y' }]);
    expect(isRefused(results)).toBe(false);
    expect(isRefused(checkSafety(context({ minServingClusters: 2 }), [DECLARED], [onlyC]))).toBe(true);
  });
});
