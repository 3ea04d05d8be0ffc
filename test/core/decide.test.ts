import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type Situation } from '../../functions/core/decide.ts';
import { step, unknownHealth } from '../../functions/core/health.ts';
import { HealthPolicyInput } from '../../schemas/fleet.ts';
import { health, T0, withdrawal } from './fixtures.ts';

const policy = HealthPolicyInput.parse({ dwellSeconds: 60 });

function situation(overrides: Partial<Situation>): Situation {
  return {
    automation: 'automatic',
    policy,
    clusters: ['a', 'b'],
    unprobed: [],
    health: [],
    traffic: { version: 7, withdrawals: [] },
    nowMs: T0,
    decision: 'dec_1',
    ...overrides,
  };
}

describe('decide', () => {
  it('withdraws an unhealthy cluster, with the evidence and the reason', () => {
    const verdict = decide(situation({ health: [health('a', 'unhealthy'), health('b', 'healthy')] }));
    expect(verdict).toMatchObject({ outcome: 'applied', withdrawnBefore: [], withdrawnAfter: ['a'] });
    expect(verdict?.traffic).toMatchObject({
      version: 8,
      withdrawals: [{ cluster: 'a', sinceMs: T0, decision: 'dec_1' }],
    });
    expect(verdict?.changes).toMatchObject([
      { cluster: 'a', action: 'withdraw', reason: '3 consecutive probes failed, the last one: http: status 503' },
    ]);
  });

  it('decides nothing when all stays as it is', () => {
    expect(decide(situation({ health: [health('a', 'healthy'), health('b', 'unknown')] }))).toBeUndefined();
    const standing = { version: 7, withdrawals: [withdrawal('a')] };
    expect(
      decide(situation({ health: [health('a', 'unhealthy'), health('b', 'healthy')], traffic: standing })),
    ).toBeUndefined();
  });

  it('does not act upon stale evidence, in neither direction', () => {
    const old = T0 - 60_000;
    expect(decide(situation({ health: [health('a', 'unhealthy', old, old)] }))).toBeUndefined();
    const traffic = { version: 7, withdrawals: [withdrawal('a', old)] };
    expect(decide(situation({ health: [health('a', 'healthy', old, old)], traffic }))).toBeUndefined();
  });

  it('restores a cluster only after it has been healthy for the dwell time', () => {
    const traffic = { version: 7, withdrawals: [withdrawal('a', T0 - 600_000)] };
    const healthySince = (ms: number) => [health('a', 'healthy', T0 - ms), health('b', 'healthy')];
    expect(decide(situation({ health: healthySince(59_999), traffic }))).toBeUndefined();
    const verdict = decide(situation({ health: healthySince(60_000), traffic }));
    expect(verdict).toMatchObject({ withdrawnAfter: [], changes: [{ cluster: 'a', action: 'restore' }] });
  });

  it('does not make a recovered cluster wait when every cluster is withdrawn', () => {
    const traffic = { version: 7, withdrawals: [withdrawal('a', T0 - 5000), withdrawal('b', T0 - 4000)] };
    const verdict = decide(situation({ health: [health('a', 'healthy'), health('b', 'unhealthy')], traffic }));
    expect(verdict?.withdrawnAfter).toEqual(['b']);
  });

  it('keeps a cluster of unknown health where it is', () => {
    const traffic = { version: 7, withdrawals: [withdrawal('a', T0 - 600_000)] };
    expect(decide(situation({ health: [health('a', 'unknown', T0 - 600_000)], traffic }))).toBeUndefined();
  });

  it.each(['recommend', 'paused'] as const)(
    'in mode %s records what it would have done, once, and moves nothing',
    (automation) => {
      const failing = [health('a', 'unhealthy'), health('b', 'healthy')];
      const first = decide(situation({ automation, health: failing }));
      expect(first).toMatchObject({ outcome: 'withheld', withdrawnAfter: ['a'], traffic: { withdrawals: [] } });
      expect(
        decide(situation({ automation, health: failing, traffic: first?.traffic ?? { version: 0, withdrawals: [] } })),
      ).toBeUndefined();
    },
  );

  it('acts upon what it had only recommended once the fleet is automatic', () => {
    const traffic = { version: 8, withdrawals: [], recommended: [withdrawal('a')] };
    const verdict = decide(situation({ health: [health('a', 'unhealthy'), health('b', 'healthy')], traffic }));
    expect(verdict).toMatchObject({
      outcome: 'applied',
      withdrawnAfter: ['a'],
      traffic: { withdrawals: [{ cluster: 'a' }] },
    });
    expect(verdict?.traffic.recommended).toBeUndefined();
  });

  it('restores a cluster that is no longer probed, and never withdraws one', () => {
    const traffic = { version: 7, withdrawals: [withdrawal('a')] };
    const verdict = decide(situation({ unprobed: ['a'], health: [health('b', 'healthy')], traffic }));
    expect(verdict).toMatchObject({ withdrawnAfter: [], changes: [{ cluster: 'a', action: 'restore', evidence: [] }] });
    const leftOver = [health('a', 'unhealthy'), health('b', 'healthy')];
    expect(decide(situation({ unprobed: ['a'], health: leftOver }))).toBeUndefined();
  });

  it('forgets clusters that are no longer declared', () => {
    const traffic = { version: 7, withdrawals: [withdrawal('gone')] };
    const verdict = decide(situation({ health: [health('a', 'unhealthy'), health('b', 'healthy')], traffic }));
    expect(verdict?.withdrawnAfter).toEqual(['a']);
  });
});

describe('health', () => {
  const observe = (outcomes: ('ok' | 'fail')[]) =>
    outcomes.reduce(
      (record, outcome, index) => {
        const observation = { observedAt: new Date(T0).toISOString(), outcome, latencyMs: 1, detail: '' };
        return step(record, observation, T0 + index * 1000, policy);
      },
      unknownHealth('prod', 'a', 'cls_a', T0),
    );

  it('turns after consecutive observations only', () => {
    expect(observe(['fail', 'fail']).state).toBe('unknown');
    expect(observe(['fail', 'fail', 'fail'])).toMatchObject({ state: 'unhealthy', sinceMs: T0 + 2000, version: 3 });
    expect(observe(['fail', 'fail', 'ok', 'fail', 'fail']).state).toBe('unknown');
    expect(observe(['ok', 'ok', 'ok', 'ok', 'ok'])).toMatchObject({ state: 'healthy', sinceMs: T0 + 4000 });
  });

  it('keeps the time of the turn while the state lasts, and the newest observations first', () => {
    const record = observe(['fail', 'fail', 'fail', 'fail', ...Array<'fail'>(10).fill('fail')]);
    expect(record.sinceMs).toBe(T0 + 2000);
    expect(record.recent).toHaveLength(10);
  });

  it('never leaves unhealthy on fewer successes than the threshold, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ok' as const, 'fail' as const), { maxLength: 30 }), (outcomes) => {
        const before = observe([...outcomes, 'fail', 'fail', 'fail']);
        expect(before.state).toBe('unhealthy');
        expect(observe([...outcomes, 'fail', 'fail', 'fail', 'ok', 'ok', 'ok', 'ok']).state).toBe('unhealthy');
      }),
    );
  });
});
