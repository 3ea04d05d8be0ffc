import { describe, expect, test } from 'vitest';
import { effectiveShares, type InForce } from '../../functions/core/distribution.ts';
import { explainBackend } from '../../functions/core/explain.ts';
import { placementKey } from '../../functions/core/placements.ts';
import { byName, poolOf } from '../../functions/core/resolve.ts';
import type { ExplanationStep } from '../../schemas/explanation.ts';
import { cluster, route, service, T0, withdrawal, without } from './fixtures.ts';

const weighted = (weights: Record<string, [weight: number, tier?: number]>, pin?: string) => ({
  distribution: {
    strategy: 'weighted',
    clusters: Object.entries(weights).map(([name, [weight, tier = 0]]) => ({ cluster: name, weight, tier })),
    ...(pin && { pin }),
  },
});

/** Clusters a, b and c export shop, unless said otherwise. */
function explained(input: Record<string, unknown>, traffic: InForce, exports = { a: 1, b: 1, c: 1 }) {
  const shop = service('shop', exports);
  const declared = route('shop', input);
  const clusters = byName([cluster('a', 1), cluster('b', 2), cluster('c', 3)]);
  const ref = { service: 'shop', port: 80, weight: 1 };
  const pool = poolOf(declared, ref, { services: byName([shop]), clusters });
  const vote = { voter: 'edge', state: 'unhealthy', consecutiveFailures: 3, consecutiveSuccesses: 0 } as const;
  const votes = new Map([['a', [{ ...vote, isFresh: true, isSuspect: false, detail: 'http: 503' }]]]);
  const { distribution } = declared.spec;
  return { pool, steps: explainBackend({ distribution, service: shop.spec, pool, traffic, votes }) };
}

const of = (steps: ExplanationStep[], step: ExplanationStep['step']) => steps.filter((item) => item.step === step);
const moves = (steps: ExplanationStep[]) => steps.map((item) => [item.cluster, item.before, item.after]);

describe('an explanation', () => {
  test('goes from what is declared to what is intended, and every step begins where the one before it ended', () => {
    const traffic = { ...without(withdrawal('a'), { ...withdrawal('b', T0 + 1, 50), cause: 'shift' as const }) };
    const { pool, steps } = explained(weighted({ a: [2], b: [1], c: [1] }), traffic, { a: 1, b: 1, c: 1 });
    const now = new Map<string, number>();
    for (const { step, cluster: name, before, after } of steps) {
      if (name === undefined || step === 'rounding') continue;
      if (step !== 'declared' && before !== undefined) expect(now.get(name) ?? 0, `${step} ${name}`).toBe(before);
      if (after !== undefined) now.set(name, after);
    }
    expect([...now].map(([name, percent]) => ({ cluster: name, percent }))).toEqual(effectiveShares(pool, traffic));
  });

  test('names the clusters that do not export the service, and who serves for them', () => {
    const { steps } = explained(weighted({ a: [1], b: [1] }), without(), { b: 1 } as never);
    expect(moves(of(steps, 'exports'))).toEqual([
      ['a', 50, 0],
      ['b', 50, 100],
    ]);
  });

  test.each([
    ['failure', 'it fails'],
    ['joining', 'it is new'],
    ['return', 'it returns step by step'],
    ['shift', 'somebody has shifted it'],
    ['drill', 'a drill rehearses its loss'],
  ] as const)('names the cause %s of a withdrawal, with its decision and the votes of now', (cause, text) => {
    const { steps } = explained(weighted({ a: [60], b: [40] }), without({ ...withdrawal('a'), cause }));
    const [own, other] = of(steps, 'withdrawal');
    expect(own).toMatchObject({ cluster: 'a', before: 60, after: 0, withdrawal: { cause, decision: 'dec_1' } });
    expect(own?.text).toContain(text);
    expect(own?.votes).toMatchObject([{ voter: 'edge', state: 'unhealthy', isFresh: true }]);
    expect(other).toMatchObject({ cluster: 'b', before: 40, after: 100, text: 'serves what a does not' });
  });

  test('says that a cluster that is withdrawn is kept when nobody else can serve', () => {
    const { steps } = explained(weighted({ a: [1] }), without(withdrawal('a')));
    expect(of(steps, 'withdrawal')).toMatchObject([{ before: 100, after: 100, text: expect.stringContaining('kept') }]);
  });

  test('says that a pinned route is moved by nothing', () => {
    const { steps } = explained(weighted({ a: [1] }, 'strict'), without(withdrawal('a')));
    expect(of(steps, 'pin')).toHaveLength(1);
    expect(of(steps, 'withdrawal')).toEqual([]);
    expect(of(steps, 'intended')).toMatchObject([{ cluster: 'a', after: 100 }]);
  });

  test('says that clusters which are only preferred have others behind them', () => {
    const { steps } = explained(weighted({ a: [1] }, 'prefer'), without(withdrawal('a')));
    expect(of(steps, 'pin')).toMatchObject([{ text: expect.stringContaining('stands behind') }]);
    expect(moves(of(steps, 'withdrawal'))).toEqual([
      ['a', 100, 0],
      ['b', 0, 50],
      ['c', 0, 50],
    ]);
  });

  test.each(['capacity', 'panic'] as const)('names %s where it overrides the weights', (cause) => {
    const input = weighted({ a: [60], b: [40] });
    const { pool } = explained(input, without());
    const shares = [
      { cluster: 'a', percent: 30 },
      { cluster: 'b', percent: 70 },
    ];
    const traffic = { withdrawals: [], allocations: [{ placement: placementKey(pool), cause, shares }] };
    const allocation = of(explained(input, traffic).steps, 'allocation');
    expect(moves(allocation)).toEqual([
      ['a', 60, 30],
      ['b', 40, 70],
    ]);
    expect(allocation[0]?.text).toContain(cause);
  });

  test('tells what is lost and won by whole percents', () => {
    const { steps } = explained(weighted({ a: [1], b: [1], c: [1] }), without());
    expect(moves(of(steps, 'rounding'))).toEqual([
      ['a', 33.33, 34],
      ['b', 33.33, 33],
      ['c', 33.33, 33],
    ]);
  });
});
