import { describe, expect, it, test } from 'vitest';
import { health, T0, vote } from './fixtures.ts';
import { incidentsIn } from './incident-facts.ts';
import { facts, failing, fleet, policy, Story, shift } from './story.ts';

const asking = (rest: object = {}) => policy({ failover: { correlation: { action: 'ask', ...rest } } });

const ALIKE = { a: { weight: 1 }, b: { weight: 1 }, c: { weight: 1 } };

describe('correlation: clusters of different sites that fail within the window', () => {
  it('are left, each of them, and people are told the likely common cause', () => {
    const story = new Story();
    story.after(5, ['b']);
    const result = story.after(5, ['b', 'c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
    expect(result).toMatchObject({ outcome: 'applied', flags: ['correlated'] });
    expect(result?.events).toContainEqual(
      expect.objectContaining({ type: 'failover.correlated', clusters: ['b', 'c'] }),
    );
  });

  it.each(['ask', 'halt'])('with %s the first to fail is left and the later ones are suspected', (action) => {
    const story = new Story({ policy: policy({ failover: { correlation: { action } } }) });
    story.after(5, ['b']);
    const result = story.after(5, ['b', 'c']);
    expect([story.standing('b'), story.standing('c')]).toEqual(['down', 'suspected']);
    expect(story.percents).toEqual([[67, 0, 33]]);
    expect(result).toMatchObject({
      outcome: 'blocked',
      changes: [],
      flags: ['suspected'],
      rules: [{ rule: 'brake', passed: false, cluster: 'c' }],
    });
    expect(story.state('c').brake).toEqual({ name: 'correlation', untilMs: story.now.nowMs + 300_000 });
    expect(incidentsIn(story)).toMatchObject([{ key: 'prod/cluster/c/suspected', severity: 'critical' }]);
    expect(story.after(5, ['b', 'c'])).toBeUndefined();
  });

  it('with ignore, the earlier name of proceed, are left', () => {
    const story = new Story({ policy: policy({ failover: { correlation: { action: 'ignore' } } }) });
    story.after(5, ['b', 'c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
  });

  it('are told apart by who failed first, also when both are found at once', () => {
    const story = new Story({ policy: asking() });
    story.after(5, [], { health: failing({ b: T0 + 2000, c: T0 + 1000 }) });
    expect([story.standing('b'), story.standing('c')]).toEqual(['suspected', 'down']);
  });

  it('are none of one site, and none when the window is over between them', () => {
    const oneSite = new Story({
      policy: asking(),
      clusters: ['a', 'b', 'c'].map((name) => facts(name, { site: 'x' })),
    });
    oneSite.after(5, ['b', 'c']);
    expect(oneSite.percents).toEqual([[100, 0, 0]]);
    const late = new Story({ policy: asking() });
    late.after(5, ['b']);
    late.after(61, ['b', 'c']);
    expect(late.percents).toEqual([[100, 0, 0]]);
  });

  it('go on to be correlated with one that is suspected itself', () => {
    const story = fleet({ ...ALIKE, d: { weight: 1 } }, 0, asking());
    story.after(5, ['a']);
    story.after(40, ['a', 'b']);
    story.after(40, ['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => story.standing(name))).toEqual(['down', 'suspected', 'suspected']);
  });

  it('are left after `askSeconds` if the evidence stands', () => {
    const story = new Story({ policy: asking({ askSeconds: 30 }) });
    story.after(5, ['b', 'c']);
    story.after(29, ['b', 'c']);
    expect(story.standing('c')).toBe('suspected');
    story.after(1, ['b', 'c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
  });

  it('that were held back by a brake count from when they failed, so that no outage waits for another one for ever', () => {
    const story = fleet({ ...ALIKE, d: { weight: 1 } }, 0, asking({ askSeconds: 100 }));
    story.after(5, ['a']);
    story.after(5, ['a', 'b']);
    story.during(95, 5, ['a', 'b']);
    story.after(5, ['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => story.standing(name))).toEqual(['down', 'down', 'down']);
  });

  it('count also where the other one was only suspected, and has answered again', () => {
    const story = fleet({ ...ALIKE, d: { weight: 1 } }, 0, asking());
    story.after(5, ['a']);
    story.after(5, ['a', 'b']);
    story.after(5, ['a']);
    story.after(50, ['a', 'c']);
    expect([story.standing('b'), story.standing('c')]).toEqual(['up', 'suspected']);
  });

  it('count also where a person says that the other one is well: the observer may be at fault', () => {
    const story = new Story({ policy: asking() });
    story.ask({ type: 'put-shift', shift: shift({ mode: 'keep', cluster: 'b' }) });
    story.after(5, ['b']);
    story.after(5, ['b', 'c']);
    expect([story.standing('b'), story.standing('c')]).toEqual(['up', 'suspected']);
  });

  it('are not what a cluster failed with whose keep has ended: it began to fail long before', () => {
    const story = new Story({ policy: asking() });
    story.ask({ type: 'put-shift', shift: shift({ mode: 'keep', cluster: 'b' }) });
    story.during(300, 5, ['b']);
    story.after(5, ['b', 'c']);
    story.ask({ type: 'end-shift', name: 'upgrade' });
    expect([story.standing('b'), story.standing('c')]).toEqual(['down', 'down']);
  });

  it('are suspected in a fleet that recommends, too, and so is what it recommends', () => {
    const story = new Story({ policy: policy({ ...asking(), automation: 'recommend' }) });
    story.after(5, ['b']);
    story.after(5, ['b', 'c']);
    expect([story.standing('c'), story.percents]).toEqual(['suspected', [[50, 25, 25]]]);
    expect(story.traffic.recommended?.backends).toMatchObject([{ points: [67, 0, 33] }]);
  });

  it('hold back no return: the first one comes back while the others are suspected', () => {
    const story = new Story({ policy: policy({ ...asking({ askSeconds: 3600 }), health: { dwellSeconds: 10 } }) });
    story.after(5, ['b', 'c']);
    story.after(5, ['c']);
    story.after(300, ['c']);
    expect([story.standing('b'), story.standing('c')]).toEqual(['up', 'suspected']);
  });
});

describe('corroboration ends the brake of correlation at once', () => {
  const agent = (name: string, site?: string) => ({
    ...policy({ voters: [{ name, type: 'agent', publicKey: `${name.padEnd(43, 'A')}=` }] }).voters[0],
    ...(site !== undefined && { site }),
  });
  const edge = policy().voters[0];
  const CONTROL = { type: 'tcp', host: '192.0.2.1', port: 443 };

  /** A fleet that asks, in which b failed just before c, as these voters see it. */
  function seenBy(voters: unknown[], failingVoters: string[], input: object = {}, others: string[] = ['a']): Story {
    const own = { ...policy({ ...asking(), ...input }), voters: voters as ReturnType<typeof policy>['voters'] };
    const names = own.voters.map(({ name }) => name);
    const story = new Story({ policy: own, clusters: ['a', 'b', 'c'].map((name) => facts(name, { voters: names })) });
    const record = (name: string, isHealthy: boolean, sinceMs: number) => ({
      ...health(name, isHealthy ? 'healthy' : 'unhealthy', { sinceMs }),
      votes: names.map((voter) => {
        const state = isHealthy || !failingVoters.includes(voter) ? ('healthy' as const) : ('unhealthy' as const);
        return vote(voter, others.includes(name) || !isHealthy ? state : 'unknown', sinceMs, T0 + 5000);
      }),
    });
    story.after(5, [], { health: [record('a', true, T0), record('b', false, T0 + 1), record('c', false, T0 + 2)] });
    return story;
  }

  test.each<[string, unknown[], string[], object, string[], string]>([
    ['voters of one vantage', [edge], ['edge'], {}, ['a'], 'suspected'],
    [
      'three voters of one site',
      [agent('x', 's'), agent('y', 's'), agent('z', 's')],
      ['x', 'y', 'z'],
      {},
      ['a'],
      'suspected',
    ],
    ['the edge and an agent', [edge, agent('x', 's')], ['edge', 'x'], {}, ['a'], 'down'],
    ['agents of two sites', [agent('x', 's'), agent('y', 't')], ['x', 'y'], {}, ['a'], 'down'],
    [
      'a vantage that does not see it fail',
      [agent('x', 's'), agent('y', 's'), agent('z', 't')],
      ['x', 'y'],
      {},
      ['a'],
      'suspected',
    ],
    [
      'control targets that answer, and another cluster that the same voters see',
      [edge],
      ['edge'],
      { controlTargets: [CONTROL] },
      ['a'],
      'down',
    ],
    [
      'control targets that answer, while the voters see no cluster at all',
      [edge],
      ['edge'],
      { controlTargets: [CONTROL] },
      [],
      'suspected',
    ],
  ])('%s', (_, voters, failingVoters, input, others, standing) => {
    const story = seenBy(voters, failingVoters, input, others);
    expect([story.standing('b'), story.standing('c')]).toEqual(['down', standing]);
  });

  it('also when it comes later', () => {
    const story = seenBy([edge], ['edge'], { controlTargets: [CONTROL] }, []);
    expect(story.standing('c')).toBe('suspected');
    story.after(5, ['b', 'c']);
    expect(story.standing('c')).toBe('down');
  });
});
