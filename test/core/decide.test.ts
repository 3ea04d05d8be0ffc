import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/core/decide.ts';
import { NO_TRAFFIC } from '../../functions/core/traffic.ts';
import { health, T0, vote } from './fixtures.ts';
import { facts, failing, HOUR, holding, out, percentsIn, policy, Story, situation } from './situations.ts';

describe('a failure', () => {
  it('withdraws the cluster, with the reason, and numbers the decision', () => {
    const verdict = decide(situation({ health: failing({ a: T0 }), traffic: { ...NO_TRAFFIC, version: 7 } }));
    expect(verdict).toMatchObject({ outcome: 'applied', traffic: { version: 8 } });
    expect(verdict?.changes).toMatchObject([
      { cluster: 'a', action: 'withdraw', fromPercent: 100, toPercent: 0, health: { state: 'unhealthy', sinceMs: T0 } },
    ]);
    expect(verdict?.changes[0]?.reason).toBe('3 consecutive probes failed, the last one: http: 503');
    expect(verdict && percentsIn(verdict.traffic)).toEqual([[0, 50, 50]]);
  });

  it('leads to one decision, and to none while all stays as it is', () => {
    const story = new Story();
    expect(story.after(5)).toBeUndefined();
    expect(story.after(5, ['a'])?.outcome).toBe('applied');
    expect(story.after(5, ['a'])).toBeUndefined();
  });

  it('R3: counts against all configured voters, not against those that have answered', () => {
    const voters = ['edge', 'one', 'two'];
    const three = policy({ voters: voters.map((name) => ({ name, type: 'edge' })) });
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { voters }));
    const only = (...names: string[]) => situation({ policy: three, clusters, health: failing({ a: T0 }, names) });
    expect(decide(only('edge'))).toBeUndefined();
    expect(decide(only('edge', 'one'))?.changes).toMatchObject([{ cluster: 'a', action: 'withdraw' }]);
  });

  it('R1, I5: does not count when it is stale, in neither direction', () => {
    const old = { sinceMs: T0 - HOUR, observedAtMs: T0 - 60_000 };
    const rest = ['b', 'c'].map((name) => health(name, 'healthy'));
    expect(decide(situation({ health: [health('a', 'unhealthy', old), ...rest] }))).toBeUndefined();
    expect(
      decide(situation({ health: [health('a', 'healthy', old), ...rest], traffic: holding(out('a')) })),
    ).toBeUndefined();
  });

  it('R4: does not count when the voter doubts itself', () => {
    const [a, ...rest] = failing({ a: T0 });
    const doubtful = {
      ...health('a', 'unhealthy'),
      ...a,
      votes: [{ ...vote('edge', 'unhealthy'), suspectUntilMs: T0 + 1 }],
    };
    expect(decide(situation({ health: [doubtful, ...rest] }))).toBeUndefined();
  });

  it('R6: of cluster and ingress together advises to evacuate; of the ingress alone it does not', () => {
    const seen = (cause: 'Ingress' | 'Cluster') => {
      const [, ...rest] = failing({});
      const votes = [{ ...vote('edge', 'unhealthy'), last: { outcome: 'fail' as const, cause, detail: 'http: 503' } }];
      return decide(situation({ health: [{ ...health('a', 'unhealthy'), votes }, ...rest] }));
    };
    expect(seen('Ingress')).toMatchObject({ flags: [], changes: [{ cause: 'Ingress' }] });
    expect(seen('Cluster')).toMatchObject({ flags: ['evacuate'], changes: [{ cause: 'Cluster' }] });
  });

  it('of a cluster that nobody watches is none, and ends what was held against it', () => {
    const clusters = [facts('a', { voters: [] }), facts('b'), facts('c')];
    expect(decide(situation({ clusters, health: failing({ a: T0 }) }))).toBeUndefined();
    const verdict = decide(situation({ clusters, traffic: holding(out('a')) }));
    expect(verdict?.changes).toMatchObject([{ cluster: 'a', action: 'restore', toPercent: 100 }]);
  });

  it('R10: never leaves a backend without anybody to serve it', () => {
    const story = new Story({
      policy: policy({ failover: { correlation: { action: 'ignore' }, panic: { thresholdPercent: 0 } } }),
    });
    for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      story.after(5, names);
      expect(percentsIn(story.traffic)[0]?.reduce((sum, value) => sum + value, 0)).toBe(100);
    }
  });

  it('is forgotten with its cluster, also when another one takes the name', () => {
    expect(decide(situation({ traffic: holding(out('gone')) }))?.traffic.withdrawals).toEqual([]);
    expect(decide(situation({ traffic: holding(out('a', { uid: 'cluster_before' })) }))?.traffic.withdrawals).toEqual(
      [],
    );
  });
});

describe('R7: a new cluster', () => {
  const clusters = [facts('a'), facts('b'), facts('c', { createdAtMs: T0 - 1000 })];
  const never = health('c', 'unknown');
  delete never.firstHealthyAtMs;
  const before = [health('a', 'healthy'), health('b', 'healthy')];

  it('gets nothing before it has been healthy, and then all of its share', () => {
    const first = decide(situation({ clusters, health: [...before, never] }));
    expect(first?.traffic.withdrawals).toMatchObject([{ cluster: 'c', percent: 0, cause: 'joining' }]);
    expect(first?.traffic.automation.episodes).toEqual([]);
    const then = decide(
      situation({ clusters, health: [...before, health('c', 'healthy')], traffic: first?.traffic ?? NO_TRAFFIC }),
    );
    expect(then?.traffic.withdrawals).toEqual([]);
  });

  it('serves at once where that is declared, and in a fleet that never served', () => {
    const atOnce = [facts('a'), facts('b'), facts('c', { createdAtMs: T0 - 1000, joins: 'at-once' })];
    expect(decide(situation({ clusters: atOnce, health: [...before, never] }))).toBeUndefined();
    expect(decide(situation({ clusters, health: [never] }))).toBeUndefined();
  });
});

describe('R12: a fleet that is not automatic', () => {
  it.each(['recommend', 'paused'])(
    'in mode %s records what it would have done, once, and moves nothing',
    (automation) => {
      const story = new Story({ policy: policy({ automation }) });
      expect(story.after(5, ['a'])).toMatchObject({
        outcome: 'withheld',
        changes: [{ cluster: 'a', action: 'withdraw' }],
        traffic: { withdrawals: [], automation: { outages: [] }, recommended: { outages: [{ cluster: 'a' }] } },
      });
      expect(story.after(5, ['a'])).toBeUndefined();
    },
  );

  it('acts upon what it had only recommended once it is automatic', () => {
    const story = new Story({ policy: policy({ automation: 'recommend' }) });
    story.after(5, ['a']);
    const verdict = story.after(5, ['a'], { policy: policy() });
    expect(verdict).toMatchObject({ outcome: 'applied', traffic: { withdrawals: [{ cluster: 'a' }] } });
    expect(verdict?.traffic.recommended).toBeUndefined();
  });

  it('keeps what automation had done, until somebody restores it', () => {
    const story = new Story({ policy: policy({ automation: 'paused' }), traffic: holding(out('a')) });
    expect(story.after(600)?.outcome).toBe('withheld');
    expect(story.left).toEqual({ a: 0 });
    expect(story.ask({ type: 'restore', cluster: 'a' })).toMatchObject({
      outcome: 'applied',
      traffic: { withdrawals: [] },
    });
  });
});
