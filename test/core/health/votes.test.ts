import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { distrust, unknownHealth, withObservation } from '../../../functions/core/health/record.ts';
import type { HealthRecord } from '../../../functions/core/health/types.ts';
import { votersOf } from '../../../functions/core/health/voters.ts';
import { freshnessMs, tally } from '../../../functions/core/health/votes.ts';
import { isFound, isOver } from '../../../functions/core/health/window.ts';
import type { Observation } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import { HealthPolicyInput } from '../../../schemas/fleet.ts';
import { HttpProbe } from '../../../schemas/probe.ts';
import { T0 } from '../fixtures.ts';

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
  return observations.reduce(
    (record, seen) => withObservation(record, observation(seen), { policy, voters }, seen.atMs),
    start,
  );
}

/** One letter for each observation, as a record keeps them. */
const said = (letters: string, rest: Partial<Observation> = {}, fromMs = T0): Seen[] =>
  [...letters].map((letter, index) => ({
    ...rest,
    outcome: letter === 'f' ? 'fail' : 'ok',
    ...(letter === 's' && { isSlow: true }),
    atMs: fromMs + index * 1000,
  }));

const times = (outcomes: Observation['outcome'][], rest: Partial<Observation> = {}, fromMs = T0): Seen[] =>
  outcomes.map((outcome, index) => ({ ...rest, outcome, atMs: fromMs + index * 1000 }));

describe('what one voter says', () => {
  it.each([
    ['ff', 'unknown'],
    ['fff', 'unhealthy'],
    ['fofof', 'unhealthy'],
    ['ffooof', 'unknown'],
    ['oooo', 'unknown'],
    ['ooooo', 'healthy'],
    ['ffooooo', 'healthy'],
    ['fffooooo', 'unhealthy'],
    ['fffooooooo', 'healthy'],
    ['fffofofooooo', 'unhealthy'],
    ['fffofofoooooo', 'healthy'],
    ['ooooofofoo', 'healthy'],
    ['ooooofofof', 'unhealthy'],
  ])(
    'turns by 3 of the last 5, and back when at most 1 of the last 8 and none of the last 5 failed: %s',
    (outcomes, state) => {
      expect(recordOf(said(outcomes)).state).toBe(state);
    },
  );

  it('keeps the time of its first healthy verdict', () => {
    expect(recordOf(said('ooooo'))).toMatchObject({
      state: 'healthy',
      sinceMs: T0 + 4000,
      firstHealthyAtMs: T0 + 4000,
    });
    expect(recordOf(said('ooooofffooooooo'))).toMatchObject({ sinceMs: T0 + 14_000, firstHealthyAtMs: T0 + 4000 });
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

  it('is not changed by what is inconclusive, which is kept all the same', () => {
    const record = recordOf(times(['fail', 'fail', 'inconclusive', 'inconclusive', 'inconclusive']));
    expect(record).toMatchObject({
      state: 'unknown',
      version: 5,
      votes: [{ outcomes: 'ff', observedAtMs: T0 + 1000 }],
    });
    expect(record.recent).toHaveLength(5);
    expect(recordOf(times(['fail'], {}, T0 + 5000), [edge], record).state).toBe('unhealthy');
  });

  it('is not changed by an observation that comes twice, late, out of order, or of a stranger', () => {
    const record = recordOf(times(['ok', 'ok']));
    const watch = { policy, voters: [edge] };
    const at = (atMs: number, rest: Partial<Observation> = {}) => observation({ atMs, outcome: 'fail', ...rest });
    expect(withObservation(record, at(T0 + 1000), watch, T0 + 2000)).toBe(record);
    expect(withObservation(record, at(T0 + 500), watch, T0 + 2000)).toBe(record);
    expect(withObservation(record, at(T0 + 2000), watch, T0 + 2001 + freshnessMs(policy))).toBe(record);
    expect(withObservation(record, at(T0 + 2000, { voter: 'stranger' }), watch, T0 + 2000)).toBe(record);
    expect(withObservation(record, at(T0 + 2000, { observedAt: 'yesterday' }), watch, T0 + 2000)).toBe(record);
  });

  it('begins anew after a silence that is longer than its votes are fresh', () => {
    const record = recordOf(said('ff'));
    const at = (ms: number) => recordOf(said('f', {}, T0 + 1000 + ms), [edge], record).votes[0];
    expect(at(freshnessMs(policy))).toMatchObject({ outcomes: 'fff', state: 'unhealthy' });
    expect(at(freshnessMs(policy) + 1)).toMatchObject({ outcomes: 'f', state: 'unknown' });
  });
});

describe('a clock that jumps by an hour', () => {
  const HOUR = 3_600_000;
  const watch = { policy, voters: [edge] };
  const healthy = () => recordOf(said('ooooo'));

  it('makes no vote: what comes from the future, or from long ago, is ignored', () => {
    const record = healthy();
    for (const offset of [HOUR, -HOUR, 5001]) {
      const seen = observation({ atMs: T0 + 6000 + offset, outcome: 'fail' });
      expect(withObservation(record, seen, watch, T0 + 6000)).toBe(record);
    }
  });

  it('keeps no vote: what the control plane has stamped with a time to come is neither fresh nor in the way of the next', () => {
    const record = recordOf(said('fff', {}, T0 + HOUR), [edge], healthy());
    expect(record).toMatchObject({ state: 'unhealthy', sinceMs: T0 + HOUR + 2000 });
    expect(tally(record, [edge], policy, T0 + 10_000)).toMatchObject({
      verdict: 'unknown',
      votes: [{ isFresh: false }],
    });
    const next = recordOf(said('ooooo', {}, T0 + 10_000), [edge], record);
    expect(next).toMatchObject({ state: 'healthy', sinceMs: T0 + 14_000, votes: [{ outcomes: 'ooooo' }] });
  });

  it('leaves nothing that begins in the future, and no doubt beyond the next word', () => {
    const record = distrust(recordOf(said('ooooo', {}, T0 + HOUR)), 'edge', T0 + 2 * HOUR);
    const next = recordOf(said('ooooo', {}, T0), [edge], record);
    expect(next.sinceMs).toBe(T0 + 4000);
    expect(tally(next, [edge], policy, T0 + 4000)).toMatchObject({ verdict: 'healthy', votes: [{ isSuspect: false }] });
  });
});

describe('a policy', () => {
  it.each([
    ['by default', {}, { failureThreshold: 3, failureWindow: 5, successThreshold: 5, recoveryWindow: 8 }],
    ['of one failure', { failureThreshold: 1, successThreshold: 1 }, { failureWindow: 1, recoveryWindow: 8 }],
    ['of ten', { failureThreshold: 10, successThreshold: 10 }, { failureWindow: 19, recoveryWindow: 19 }],
  ])('has windows that fit its thresholds, %s', (_, input, expected) => {
    expect(HealthPolicyInput.parse(input)).toMatchObject(expected);
  });

  const window = fc.integer({ min: 1, max: 20 });
  const thresholds = fc.record({
    failureThreshold: fc.integer({ min: 1, max: 10 }),
    failureWindow: window,
    successThreshold: window,
    recoveryWindow: window,
  });

  it('that is accepted never finds a cluster unhealthy and healthy by the same observations', () => {
    const outcomes = fc.string({ unit: fc.constantFrom('o', 'o', 'o', 'f'), maxLength: 20 });
    fc.assert(
      fc.property(thresholds, outcomes, (input, letters) => {
        const { data } = HealthPolicyInput.safeParse(input);
        if (data === undefined) return;
        expect(isFound(letters, 'f', data) && isOver(letters, 'f', data)).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    [{ failureThreshold: 2, failureWindow: 9, recoveryWindow: 8 }, 'recoveryWindow'],
    [{ failureThreshold: 1, failureWindow: 6 }, 'recoveryWindow'],
    [{ failureThreshold: 3, failureWindow: 2 }, 'failureWindow'],
  ])('without the gap is refused, and told why: %j', (input, field) => {
    const { error } = HealthPolicyInput.safeParse(input);
    expect(error?.issues.map(({ path, message }) => [path.join(), message])).toEqual([
      [field, expect.stringMatching(field === 'recoveryWindow' ? /unhealthy and healthy/ : /ever found unhealthy/)],
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

  it('needs a majority of all that are configured', () => {
    expect(both('fail', 'ok', [edge, agent]).state).toBe('unknown');
    expect(both('fail', 'fail', [edge, agent]).state).toBe('unhealthy');
    expect(both('fail', 'fail', [edge, agent, view]).state).toBe('unhealthy');
    expect(both('fail', 'inconclusive', [edge, agent, view]).state).toBe('unknown');
  });

  it('is never said by the views of gateways alone', () => {
    const voters = [edge, view, { ...view, name: 'other' }];
    const seen = ['view', 'other'].flatMap((voter) => times(['fail', 'fail', 'fail'], { voter }));
    expect(recordOf(seen, voters).state).toBe('unknown');
    expect(recordOf([...seen, ...times(['fail', 'fail', 'fail'])], voters).state).toBe('unhealthy');
  });

  it('is said without those that doubt themselves, until they do not any more', () => {
    const record = distrust(recordOf(times(['fail', 'fail', 'fail'])), 'edge', T0 + 10_000);
    const at = (ms: number) => tally(record, [edge], policy, T0 + ms);
    expect(at(9_999)).toMatchObject({ verdict: 'unknown', down: 0, votes: [{ isSuspect: true }] });
    expect(at(10_000)).toMatchObject({ verdict: 'unhealthy', down: 1 });
  });

  it('is unknown once the votes are stale', () => {
    const record = recordOf(times(['ok', 'ok', 'ok', 'ok', 'ok']));
    expect(tally(record, [edge], policy, T0 + 4000 + freshnessMs(policy)).verdict).toBe('healthy');
    expect(tally(record, [edge], policy, T0 + 4001 + freshnessMs(policy))).toMatchObject({
      verdict: 'unknown',
      votes: [{ state: 'unknown', isFresh: false }],
    });
    expect(tally(undefined, [edge], policy, T0)).toMatchObject({ verdict: 'unknown', quorum: 1 });
  });

  it('blames the ingress as soon as one voter sees the cluster answer around it', () => {
    const fail = (voter: string, cause: 'Ingress' | 'Cluster') => times(['fail', 'fail', 'fail'], { voter, cause });
    expect(recordOf([...fail('edge', 'Cluster'), ...fail('agent', 'Cluster')], [edge, agent]).cause).toBe('Cluster');
    const mixed = recordOf([...fail('edge', 'Cluster'), ...fail('agent', 'Ingress')], [edge, agent]);
    expect(mixed.cause).toBe('Ingress');
    const ok = [...said('ooooooo', {}, T0 + 9000), ...said('ooooooo', { voter: 'agent' }, T0 + 9000)];
    expect(recordOf(ok, [edge, agent], mixed)).not.toHaveProperty('cause');
  });

  it('is not reset by edits: who stays keeps what it has said, who goes takes it along', () => {
    const record = recordOf(
      [...times(['fail', 'fail']), ...times(['fail', 'fail'], { voter: 'agent' })],
      [edge, agent],
    );
    const edited = recordOf(times(['fail'], {}, T0 + 5000), [edge], record);
    expect(edited).toMatchObject({ state: 'unhealthy', votes: [{ voter: 'edge', outcomes: 'fff' }] });
    const slower = withObservation(
      record,
      observation({ atMs: T0 + 5000, outcome: 'fail' }),
      { policy: { ...policy, intervalSeconds: 60 }, voters: [edge] },
      T0 + 5000,
    );
    expect(slower.votes).toMatchObject([{ outcomes: 'fff' }]);
  });
});

describe('a cluster that answers slowly', () => {
  const voters = [edge, agent, view];
  const by = (letters: Record<string, string>) =>
    recordOf(
      Object.entries(letters)
        .flatMap(([voter, some]) => said(some, { voter }))
        .sort((a, b) => a.atMs - b.atMs),
      voters,
    );
  const told = (letters: Record<string, string>, afterMs = 11_000) => tally(by(letters), voters, policy, T0 + afterMs);

  it('is impaired since a majority finds it so by the windows, and healthy all the same', () => {
    expect(told({ edge: 'ooooosoossss', agent: 'ooooooossooo', view: 'oooooooooooo' }).impaired).toBeUndefined();
    const { verdict, impaired } = told({ edge: 'ooooossoosss', agent: 'oooooosssooo', view: 'oooooooooooo' });
    expect(verdict).toBe('healthy');
    expect(impaired).toEqual({
      by: 'latency',
      sinceMs: T0 + 9000,
      detail: '2 of 3 voters find it slow: edge, agent',
    });
  });

  it('is impaired no more after the same windows as a failure, and not sooner', () => {
    const slow = 'ooooosss';
    const after = (good: number) => {
      const letters = slow + 'o'.repeat(good);
      return told({ edge: letters, agent: letters }, (letters.length - 1) * 1000).impaired;
    };
    expect([5, 6, 7].map((good) => after(good)?.sinceMs)).toEqual([T0 + 7000, T0 + 7000, undefined]);
  });

  it('is not impaired for who finds it unhealthy, or by who is not to be believed', () => {
    expect(told({ edge: 'ooooooosssff', agent: 'oooooosssooo' }).impaired).toBeDefined();
    expect(told({ edge: 'oooosssfffff', agent: 'ooooooooosss' })).toMatchObject({ verdict: 'unknown', down: 1 });
    expect(told({ edge: 'oooosssffsff', agent: 'ooooooooosss' }).impaired).toBeUndefined();
    const doubtful = distrust(by({ edge: 'sss', agent: 'sss' }), 'edge', T0 + 60_000);
    expect(tally(doubtful, voters, policy, T0 + 3000).impaired).toBeUndefined();
  });

  it('is not forgotten to be slow when nobody asks for a while, but is not believed to be', () => {
    const letters = { edge: 'ooooosss', agent: 'ooooosss' };
    expect(told(letters, 7000 + freshnessMs(policy)).impaired).toBeDefined();
    expect(told(letters, 7001 + freshnessMs(policy)).impaired).toBeUndefined();
  });
});

describe('where the voters of a verdict stand', () => {
  const at = (name: string, site?: string): Voter => ({ ...agent, name, ...(site && { site }) }) as Voter;
  const path: Voter = { name: 'path', type: 'gateway-path', gateway: 'g', url: 'http://g/', pinHeader: 'x' };
  const seen = (voters: Voter[], failing: Voter[], letters = 'fff') =>
    tally(
      recordOf(
        failing.flatMap(({ name: voter }) => said(letters, { voter })).sort((a, b) => a.atMs - b.atMs),
        voters,
      ),
      voters,
      policy,
      T0 + 5000,
    );

  it('is a site each, and their kind for those that are at none', () => {
    const voters = [edge, at('x', 'east'), at('y', 'west'), at('z', 'east'), at('u'), at('v'), view, path];
    expect(seen(voters, voters)).toMatchObject({
      verdict: 'unhealthy',
      vantages: ['agent', 'east', 'edge', 'gateway', 'west'],
    });
  });

  it('counts those of the verdict alone', () => {
    const voters = [edge, at('x', 'east'), at('z', 'east')];
    expect(seen(voters, voters.slice(1))).toMatchObject({ verdict: 'unhealthy', vantages: ['east'] });
    expect(seen(voters, voters.slice(0, 1))).toMatchObject({ verdict: 'unknown', vantages: [] });
    expect(seen(voters, voters.slice(0, 2), 'ooooo')).toMatchObject({ verdict: 'healthy', vantages: ['east', 'edge'] });
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
