import { describe, expect, test } from 'vitest';
import { placementKey } from '../../functions/core/allocation/placements.ts';
import { effectiveShares } from '../../functions/core/allocation/points.ts';
import { explainBackend } from '../../functions/core/explain.ts';
import {
  type ClusterState,
  freshStateOf,
  type LiveDrill,
  type LiveShift,
  NO_TRAFFIC,
  type Traffic,
} from '../../functions/core/failover/traffic.ts';
import { byName, poolOf } from '../../functions/core/resolve.ts';
import type { ExplanationStep } from '../../schemas/explanation.ts';
import { cluster, down, limited, route, service, T0 } from './fixtures.ts';
import { shift } from './situations.ts';

const weighted = (weights: Record<string, [weight: number, tier?: number]>, pin?: string) => ({
  distribution: {
    strategy: 'weighted',
    clusters: Object.entries(weights).map(([name, [weight, tier = 0]]) => ({ cluster: name, weight, tier })),
    ...(pin && { pin }),
  },
});

/** Clusters a, b and c export shop, unless said otherwise. */
function explained(input: Record<string, unknown>, traffic: Traffic, exports = { a: 1, b: 1, c: 1 }) {
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

/** The traffic of a fleet in which these clusters have a standing. */
function standing(states: Record<string, Partial<ClusterState>>, rest: Partial<Traffic> = {}): Traffic {
  const clusters = Object.entries(states).map(([name, state]) => {
    return { ...freshStateOf(name, ''), sinceMs: T0, reason: 'http: 503', decision: 'dec_1', ...state };
  });
  return { ...NO_TRAFFIC, clusters, ...rest };
}

const DOWN = { standing: 'down' } as const;
const aIsDown = standing({ a: DOWN }, limited({ a: [down()] }));
const drilled = {
  run: 'drl_1',
  name: 'lose-a',
  cluster: 'a',
  actor: 'ada',
  phase: 'holding',
  currentPercent: 0,
} as const;
const drill: LiveDrill = { ...drilled, startedAtMs: T0, phaseSinceMs: T0, steppedAtMs: T0, decision: 'dec_1' };
const shifted: LiveShift = shift({ decision: 'dec_1', currentPercent: 0 });

describe('an explanation', () => {
  test('goes from what is declared to what is intended, and every step begins where the one before it ended', () => {
    const limits = limited({ a: [down()], b: [{ reason: 'drained', percent: 50 }] });
    const traffic = standing({ a: DOWN }, { ...limits, shifts: [shift({ cluster: 'b', createdAtMs: T0 + 1 })] });
    const { pool, steps } = explained(weighted({ a: [2], b: [1], c: [1] }), traffic, { a: 1, b: 1, c: 1 });
    const now = new Map<string, number>();
    for (const { step, cluster: name, before, after } of steps) {
      if (name === undefined) continue;
      if (step !== 'declared' && before !== undefined) expect(now.get(name) ?? 0, `${step} ${name}`).toBe(before);
      if (after !== undefined) now.set(name, after);
    }
    expect([...now].map(([name, percent]) => ({ cluster: name, percent }))).toEqual(effectiveShares(pool, traffic));
  });

  test('names the clusters that do not export the service, and who serves for them', () => {
    const { steps } = explained(weighted({ a: [1], b: [1] }), NO_TRAFFIC, { b: 1 } as never);
    expect(moves(of(steps, 'exports'))).toEqual([
      ['a', 50, 0],
      ['b', 50, 100],
    ]);
  });

  test.each<[string, string, Traffic]>([
    ['failure', 'it fails', aIsDown],
    ['joining', 'it is new', standing({ a: { standing: 'joining' } }, limited({ a: [{ reason: 'joining' }] }))],
    ['return', 'it returns', standing({ a: { standing: 'held' } }, limited({ a: [{ reason: 'turn' }] }))],
    ['impaired', 'it is impaired', standing({ a: { impairedSinceMs: T0 } }, limited({ a: [{ reason: 'impaired' }] }))],
    [
      'shift',
      'somebody has shifted it',
      standing({}, { ...limited({ a: [{ reason: 'drained', percent: 0 }] }), shifts: [shifted] }),
    ],
    ['drill', 'a drill rehearses', standing({}, { ...limited({ a: [{ reason: 'drill', percent: 0 }] }), drill })],
  ])('names the cause %s of a withdrawal, with its decision and the votes of now', (cause, text, traffic) => {
    const { steps } = explained(weighted({ a: [60], b: [40] }), traffic);
    const [own, other] = of(steps, 'withdrawal');
    expect(own).toMatchObject({ cluster: 'a', before: 60, after: 0, withdrawal: { cause, decision: 'dec_1' } });
    expect(own?.text).toContain(text);
    expect(own?.votes).toMatchObject([{ voter: 'edge', state: 'unhealthy', isFresh: true }]);
    expect(other).toMatchObject({ cluster: 'b', before: 40, after: 100, text: 'serves what a does not' });
  });

  test('says that a cluster that is withdrawn is kept when nobody else can serve', () => {
    const { steps } = explained(weighted({ a: [1] }), aIsDown);
    expect(of(steps, 'withdrawal')).toMatchObject([{ before: 100, after: 100, text: expect.stringContaining('kept') }]);
  });

  test('says that a pinned route is moved by nothing', () => {
    const { steps } = explained(weighted({ a: [1] }, 'strict'), aIsDown);
    expect(of(steps, 'pin')).toHaveLength(1);
    expect(of(steps, 'withdrawal')).toEqual([]);
    expect(of(steps, 'intended')).toMatchObject([{ cluster: 'a', after: 100 }]);
  });

  test('says that clusters which are only preferred have others behind them', () => {
    const { steps } = explained(weighted({ a: [1] }, 'prefer'), aIsDown);
    expect(of(steps, 'pin')).toMatchObject([{ text: expect.stringContaining('stands behind') }]);
    expect(moves(of(steps, 'withdrawal'))).toEqual([
      ['a', 100, 0],
      ['b', 0, 50],
      ['c', 0, 50],
    ]);
  });

  test('names capacity where it moves what the cluster would have', () => {
    const input = weighted({ a: [60], b: [40] });
    const { pool } = explained(input, NO_TRAFFIC);
    const { allocation } = NO_TRAFFIC;
    const sealed = { placement: placementKey(pool), pools: ['shop/80'], clusters: ['a', 'b'], points: [30, 70] };
    const backends = [{ ...sealed, reasons: ['capacity' as const, null] }];
    const steps = of(explained(input, { ...NO_TRAFFIC, allocation: { ...allocation, backends } }).steps, 'allocation');
    expect(moves(steps)).toEqual([
      ['a', 60, 30],
      ['b', 40, 70],
    ]);
    expect(steps[0]?.text).toContain('capacity');
  });
});
