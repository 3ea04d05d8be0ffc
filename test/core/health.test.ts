import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distrust, type HealthRecord, step, unknownHealth } from '../../functions/core/health.ts';
import { freshnessMs, tally, votersOf } from '../../functions/core/votes.ts';
import type { Observation } from '../../schemas/cluster.ts';
import type { Voter } from '../../schemas/failover.ts';
import { HealthPolicyInput } from '../../schemas/fleet.ts';
import { HttpProbe } from '../../schemas/probe.ts';
import { T0 } from './fixtures.ts';

const policy = HealthPolicyInput.parse({});
const edge: Voter = { name: 'edge', type: 'edge' };
const agent: Voter = { name: 'agent', type: 'agent', publicKey: `${'A'.repeat(43)}=` };
const view: Voter = { name: 'view', type: 'gateway-view', gateway: 'g' };

type Seen = Partial<Observation> & { atMs: number };

const observation = ({ atMs, ...rest }: Seen): Observation => {
  return {
    voter: 'edge',
    observedAt: new Date(atMs).toISOString(),
    outcome: 'ok',
    latencyMs: 1,
    detail: 'http: 200',
    ...rest,
  };
};

/** A record after observations that arrive as they are made. */
function recordOf(
  observations: Seen[],
  voters: Voter[] = [edge],
  start = unknownHealth('prod', 'a', 'cls_a', T0),
): HealthRecord {
  return observations.reduce((record, seen) => step(record, observation(seen), { policy, voters }, seen.atMs), start);
}

const times = (outcomes: Observation['outcome'][], rest: Partial<Observation> = {}, fromMs = T0): Seen[] =>
  outcomes.map((outcome, index) => ({ ...rest, outcome, atMs: fromMs + index * 1000 }));

describe('what one voter says', () => {
  it('R2: turns after consecutive observations only', () => {
    expect(recordOf(times(['fail', 'fail'])).state).toBe('unknown');
    expect(recordOf(times(['fail', 'fail', 'fail']))).toMatchObject({
      state: 'unhealthy',
      sinceMs: T0 + 2000,
      version: 3,
    });
    expect(recordOf(times(['fail', 'fail', 'ok', 'fail', 'fail'])).state).toBe('unknown');
    expect(recordOf(times(['ok', 'ok', 'ok', 'ok', 'ok']))).toMatchObject({
      state: 'healthy',
      firstHealthyAtMs: T0 + 4000,
    });
  });

  it('keeps the time of the turn while the state lasts, and the newest observations first', () => {
    const record = recordOf(times(Array<'fail'>(14).fill('fail')));
    expect(record.sinceMs).toBe(T0 + 2000);
    expect(record.recent.map(({ observedAt }) => observedAt)).toHaveLength(10);
    expect(record.recent[0]?.observedAt).toBe(new Date(T0 + 13_000).toISOString());
  });

  it('never leaves unhealthy on fewer successes than the threshold, whatever came before', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('ok', 'fail', 'inconclusive'), { maxLength: 30 }), (outcomes) => {
        const down = recordOf(times([...outcomes, 'fail', 'fail', 'fail']));
        expect(down.state).toBe('unhealthy');
        const next = T0 + (outcomes.length + 3) * 1000;
        expect(recordOf(times(['ok', 'ok', 'ok', 'ok'], {}, next), [edge], down).state).toBe('unhealthy');
      }),
    );
  });

  it('R1: is not changed by what is inconclusive, which is kept all the same', () => {
    const record = recordOf(times(['fail', 'fail', 'inconclusive', 'inconclusive', 'inconclusive']));
    expect(record).toMatchObject({
      state: 'unknown',
      version: 5,
      votes: [{ consecutiveFailures: 2, observedAtMs: T0 + 1000 }],
    });
    expect(record.recent).toHaveLength(5);
    expect(recordOf(times(['fail'], {}, T0 + 5000), [edge], record).state).toBe('unhealthy');
  });

  it('is not changed by an observation that comes twice, late, out of order, or of a stranger', () => {
    const record = recordOf(times(['ok', 'ok']));
    const watch = { policy, voters: [edge] };
    const at = (atMs: number, rest: Partial<Observation> = {}) => observation({ atMs, outcome: 'fail', ...rest });
    expect(step(record, at(T0 + 1000), watch, T0 + 2000)).toBe(record);
    expect(step(record, at(T0 + 500), watch, T0 + 2000)).toBe(record);
    expect(step(record, at(T0 + 2000), watch, T0 + 2001 + freshnessMs(policy))).toBe(record);
    expect(step(record, at(T0 + 2000, { voter: 'stranger' }), watch, T0 + 2000)).toBe(record);
    expect(step(record, at(T0 + 2000, { observedAt: 'yesterday' }), watch, T0 + 2000)).toBe(record);
  });

  it('begins anew after a long silence', () => {
    const record = recordOf(times(['fail', 'fail']));
    expect(recordOf(times(['fail'], {}, T0 + 3_600_000), [edge], record).votes).toMatchObject([
      { consecutiveFailures: 1 },
    ]);
  });
});

describe('what the voters say together', () => {
  const both = (edgeSays: Observation['outcome'], agentSays: Observation['outcome'], voters: Voter[]) =>
    recordOf(
      [...times(Array(5).fill(edgeSays)), ...times(Array(5).fill(agentSays), { voter: 'agent' }, T0)].sort(
        (a, b) => a.atMs - b.atMs,
      ),
      voters,
    );

  it('R3: needs a majority of all that are configured', () => {
    expect(both('fail', 'ok', [edge, agent]).state).toBe('unknown');
    expect(both('fail', 'fail', [edge, agent]).state).toBe('unhealthy');
    expect(both('fail', 'fail', [edge, agent, view]).state).toBe('unhealthy');
    expect(both('fail', 'inconclusive', [edge, agent, view]).state).toBe('unknown');
  });

  it('R5: is never said by the views of gateways alone', () => {
    const voters = [edge, view, { ...view, name: 'other' }];
    const seen = ['view', 'other'].flatMap((voter) => times(['fail', 'fail', 'fail'], { voter }));
    expect(recordOf(seen, voters).state).toBe('unknown');
    expect(recordOf([...seen, ...times(['fail', 'fail', 'fail'])], voters).state).toBe('unhealthy');
  });

  it('R4: is said without those that doubt themselves, until they do not any more', () => {
    const record = distrust(recordOf(times(['fail', 'fail', 'fail'])), 'edge', T0 + 10_000);
    const at = (ms: number) => tally(record, [edge], policy, T0 + ms);
    expect(at(9_999)).toMatchObject({ verdict: 'unknown', down: 0, votes: [{ isSuspect: true }] });
    expect(at(10_000)).toMatchObject({ verdict: 'unhealthy', down: 1 });
  });

  it('R1: is unknown once the votes are stale', () => {
    const record = recordOf(times(['ok', 'ok', 'ok', 'ok', 'ok']));
    expect(tally(record, [edge], policy, T0 + 4000 + freshnessMs(policy)).verdict).toBe('healthy');
    expect(tally(record, [edge], policy, T0 + 4001 + freshnessMs(policy))).toMatchObject({
      verdict: 'unknown',
      votes: [{ state: 'unknown', isFresh: false }],
    });
    expect(tally(undefined, [edge], policy, T0)).toMatchObject({ verdict: 'unknown', quorum: 1 });
  });

  it('R6: blames the ingress as soon as one voter sees the cluster answer around it', () => {
    const fail = (voter: string, cause: 'Ingress' | 'Cluster') => times(['fail', 'fail', 'fail'], { voter, cause });
    expect(recordOf([...fail('edge', 'Cluster'), ...fail('agent', 'Cluster')], [edge, agent]).cause).toBe('Cluster');
    const mixed = recordOf([...fail('edge', 'Cluster'), ...fail('agent', 'Ingress')], [edge, agent]);
    expect(mixed.cause).toBe('Ingress');
    const ok = [
      ...times(Array(5).fill('ok'), {}, T0 + 9000),
      ...times(Array(5).fill('ok'), { voter: 'agent' }, T0 + 9000),
    ];
    expect(recordOf(ok, [edge, agent], mixed)).not.toHaveProperty('cause');
  });

  it('R8: is not reset by edits: who stays keeps what it has said, who goes takes it along', () => {
    const record = recordOf(
      [...times(['fail', 'fail']), ...times(['fail', 'fail'], { voter: 'agent' })],
      [edge, agent],
    );
    const edited = recordOf(times(['fail'], {}, T0 + 5000), [edge], record);
    expect(edited).toMatchObject({ state: 'unhealthy', votes: [{ voter: 'edge', consecutiveFailures: 3 }] });
    const slower = step(
      record,
      observation({ atMs: T0 + 5000, outcome: 'fail' }),
      { policy: { ...policy, intervalSeconds: 60 }, voters: [edge] },
      T0 + 5000,
    );
    expect(slower.votes).toMatchObject([{ consecutiveFailures: 3 }]);
  });
});

describe('who watches a cluster', () => {
  const probe = (from: string) => HttpProbe.parse({ type: 'http', url: 'https://a.example.com/', from });
  const names = (probes: ReturnType<typeof probe>[], voters: Voter[] = [edge, agent, view]) =>
    votersOf({ name: 'a', spec: { probes } }, voters);

  it('is everybody who has a probe for it, and gateways', () => {
    expect(names([])).toEqual(['view']);
    expect(names([probe('everywhere')])).toEqual(['edge', 'agent', 'view']);
    expect(names([probe('edge')])).toEqual(['edge', 'view']);
    expect(names([probe('agents')])).toEqual(['agent', 'view']);
    expect(
      names(
        [probe('everywhere')],
        [
          { ...edge, clusters: ['b'] },
          { ...view, clusters: ['a'] },
        ],
      ),
    ).toEqual(['view']);
  });
});
