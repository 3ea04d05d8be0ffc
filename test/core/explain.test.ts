import { describe, expect, test } from 'vitest';
import { placementKey } from '../../functions/core/allocation/placements.ts';
import { effectiveShares } from '../../functions/core/allocation/points.ts';
import type { Limit } from '../../functions/core/allocation/types.ts';
import { type ClusterState, type LiveDrill, NO_TRAFFIC, type Traffic } from '../../functions/core/failover/traffic.ts';
import { splitOf } from '../../functions/core/routing/distribution.ts';
import { byName, poolOf } from '../../functions/core/routing/resolve.ts';
import { explainBackend } from '../../functions/core/simulation/explain.ts';
import type { ExplanationStep } from '../../schemas/explanation.ts';
import { cluster, down, limited, route, service, T0 } from './fixtures.ts';
import { out, shift } from './story.ts';

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
  const north = [cluster('a', 1), cluster('b', 2)];
  for (const { spec } of north) spec.city = 'north';
  const clusters = byName([...north, cluster('c', 3)]);
  const ref = { service: 'shop', port: 80, weight: 1 };
  const pool = poolOf(declared, ref, { services: byName([shop]), clusters, distributions: new Map() });
  const vote = { voter: 'edge', state: 'unhealthy', consecutiveFailures: 3, consecutiveSuccesses: 0 } as const;
  const votes = new Map([['a', [{ ...vote, isFresh: true, isSuspect: false, detail: 'http: 503' }]]]);
  const split = splitOf(declared.spec, { distributions: new Map() });
  return { pool, steps: explainBackend({ split, service: shop.spec, clusters, pool, traffic, votes, questions: [] }) };
}

const of = (steps: ExplanationStep[], step: ExplanationStep['step']) => steps.filter((item) => item.step === step);
const moves = (steps: ExplanationStep[]) => steps.map((item) => [item.cluster, item.before, item.after]);

/** Traffic in which clusters are held back by these limits, and nothing was sealed of the pool itself. */
function held(limits: Record<string, Limit[]>, rest: Partial<Traffic> = {}): Traffic {
  return { ...NO_TRAFFIC, ...limited(limits), ...rest };
}

const failed = (overrides: Partial<ClusterState> = {}) => {
  return held({ a: [down()] }, { clusters: [out('a', { decision: 'dec_1', ...overrides })] });
};

const drill: LiveDrill = {
  run: 'drl_1',
  name: 'lose-a',
  clusters: ['a'],
  actor: 'alice',
  phase: 'holding',
  currentPercent: 0,
  startedAtMs: T0,
  phaseSinceMs: T0,
  steppedAtMs: T0,
  decision: 'dec_1',
};

test('a part of the weight of a place is told as that', () => {
  const clusters = [
    { city: 'north', weight: 70 },
    { cluster: 'c', weight: 30 },
  ];
  const { steps } = explained({ distribution: { strategy: 'weighted', clusters } }, NO_TRAFFIC);
  expect(of(steps, 'declared').map(({ cluster: name, text, after }) => [name, text, after])).toEqual([
    ['a', 'its part of weight 70 of city north in tier 0', 35],
    ['b', 'its part of weight 70 of city north in tier 0', 35],
    ['c', 'weight 30 in tier 0', 30],
  ]);
});

describe('an explanation', () => {
  test('goes from what is declared to what is intended, and every step begins where the one before it ended', () => {
    const traffic = held(
      { a: [down()], b: [{ reason: 'drained', percent: 50 }] },
      { clusters: [out('a')], shifts: [shift({ cluster: 'b', percent: 50, createdAtMs: T0 + 1 })] },
    );
    const { pool, steps } = explained(weighted({ a: [2], b: [1], c: [1] }), traffic, { a: 1, b: 1, c: 1 });
    expect(
      of(steps, 'withdrawal')
        .map((step) => step.withdrawal?.cause)
        .filter(Boolean),
    ).toEqual(['failure', 'shift']);
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
    ['failure', 'A majority of its voters see it fail.', failed()],
    ['joining', 'It is new', held({ a: [{ reason: 'joining' }] }, { clusters: [out('a', { standing: 'joining' })] })],
    ['return', 'It has recovered', held({ a: [{ reason: 'dwell' }] }, { clusters: [out('a', { standing: 'held' })] })],
    [
      'impaired',
      'It is too slow',
      held({ a: [{ reason: 'impaired' }] }, { clusters: [out('a', { standing: 'up', impairedSinceMs: T0 })] }),
    ],
    [
      'shift',
      'Somebody has taken it out',
      held({ a: [{ reason: 'drained', percent: 0 }] }, { shifts: [shift({ decision: 'dec_0' })] }),
    ],
    ['drill', 'A drill rehearses its loss.', held({ a: [{ reason: 'drill', percent: 0 }] }, { drill })],
  ])('names the cause %s, with its decision and the votes of now', (cause, text, traffic) => {
    const { steps } = explained(weighted({ a: [60], b: [40] }), traffic);
    const [own, other] = of(steps, 'withdrawal');
    const decision = cause === 'drill' || cause === 'failure' ? 'dec_1' : 'dec_0';
    expect(own).toMatchObject({ cluster: 'a', before: 60, after: 0, withdrawal: { cause, decision } });
    expect(own?.text).toContain(text);
    expect(own?.votes).toMatchObject([{ voter: 'edge', state: 'unhealthy', isFresh: true }]);
    expect(other).toMatchObject({ cluster: 'b', before: 40, after: 100, text: 'serves what a does not' });
  });

  test('says that a cluster that is down is kept when nobody else can serve', () => {
    const { steps } = explained(weighted({ a: [1] }), failed());
    expect(of(steps, 'withdrawal')).toMatchObject([{ before: 100, after: 100, text: expect.stringContaining('kept') }]);
  });

  test('says that a pinned route is moved by nothing', () => {
    const { steps } = explained(weighted({ a: [1] }, 'strict'), failed());
    expect(of(steps, 'pin')).toHaveLength(1);
    expect(of(steps, 'withdrawal')).toEqual([]);
    expect(of(steps, 'intended')).toMatchObject([{ cluster: 'a', after: 100 }]);
  });

  test('says that clusters which are only preferred have others behind them', () => {
    const { steps } = explained(weighted({ a: [1] }, 'prefer'), failed());
    expect(of(steps, 'pin')).toMatchObject([{ text: expect.stringContaining('stands behind') }]);
    expect(moves(of(steps, 'withdrawal'))).toEqual([
      ['a', 100, 0],
      ['b', 0, 50],
      ['c', 0, 50],
    ]);
  });

  test('names what the fleet as a whole does to the backend, as by capacity', () => {
    const input = weighted({ a: [60], b: [40] });
    const { pool } = explained(input, NO_TRAFFIC);
    const backend = {
      placement: placementKey(pool),
      pools: ['shop/80'],
      clusters: ['a', 'b'],
      points: [30, 70],
      reasons: ['capacity' as const, null],
    };
    const traffic = { ...NO_TRAFFIC, allocation: { ...NO_TRAFFIC.allocation, backends: [backend] } };
    const { steps } = explained(input, traffic);
    expect(moves(of(steps, 'allocation'))).toEqual([
      ['a', 60, 30],
      ['b', 40, 70],
    ]);
    expect(of(steps, 'allocation')[0]?.text).toContain('capacity');
    expect(of(steps, 'intended')[0]?.text).toContain('capacity');
  });

  test('says what people see of nothing: every cluster serves its declared share', () => {
    const { steps } = explained(weighted({ a: [60], b: [40] }), NO_TRAFFIC);
    expect([...new Set(steps.map(({ step }) => step))]).toEqual(['declared', 'intended']);
  });
});
