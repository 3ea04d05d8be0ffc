import { describe, expect, it } from 'vitest';
import { drillReadingOf, faultOf } from '../../functions/core/failover/drill-reading.ts';
import { health, T0, vote } from './fixtures.ts';
import { facts, placement, policy, Story, shift } from './story.ts';

/** T0 is 2026-11-23 03:12 UTC, a Monday. */
const MONDAY = { type: 'weekly', days: ['monday'], from: '03:00', to: '04:00' };

const withDrill = (drill = {}, rest = {}) =>
  policy({
    drills: [{ name: 'lose-a', cluster: 'a', durationSeconds: 60, recoveryTargetSeconds: 30, ...drill }],
    failover: { failback: { mode: 'ramp', rampSeconds: 20, stepPercent: 50, minimumPercent: 50 }, ...rest },
  });

const start = { type: 'start-drill' as const, drill: 'lose-a', run: 'drl_1' };

describe('a drill', () => {
  it('takes the cluster out in verified steps, measures, holds, and gives back', () => {
    const story = new Story({ policy: withDrill() });
    expect(story.ask(start)).toMatchObject({ changes: [{ toPercent: 50 }], events: [{ type: 'drill.started' }] });
    expect(story.after(5)?.changes).toMatchObject([{ toPercent: 0 }]);
    expect(story.after(5)?.traffic.drill).toMatchObject({ phase: 'holding', verifiedAtMs: T0 + 10_000 });
    expect(story.after(59)).toBeUndefined();
    expect(story.after(1)).toMatchObject({
      changes: [{ toPercent: 50 }],
      traffic: { drill: { phase: 'returning', ending: 'passed' } },
    });
    expect(story.after(15)).toMatchObject({ changes: [{ action: 'restore' }], endings: [] });
    expect(story.after(5, [], { verifiedAtMs: undefined }), 'nobody has read that it is back').toBeUndefined();
    expect(story.after(5)).toMatchObject({ endings: [{ type: 'drill', run: 'drl_1', state: 'passed' }] });
    expect(story.traffic.drill).toBeUndefined();
  });

  it('fails when the gateways follow too late, or not at all', () => {
    const late = new Story({ policy: withDrill({ recoveryTargetSeconds: 8 }) });
    late.ask(start);
    late.after(5);
    late.after(5);
    late.after(60);
    expect(late.traffic.drill).toMatchObject({ ending: 'failed' });
    const never = new Story({ policy: withDrill() });
    never.ask(start);
    expect(never.after(30, [], { verifiedAtMs: undefined })).toBeUndefined();
    expect(never.after(1, [], { verifiedAtMs: undefined })).toMatchObject({ endings: [{ state: 'failed' }] });
    expect([never.traffic.drill, never.standing('a'), never.percents[0]?.[0]]).toEqual([undefined, 'held', 25]);
    never.during(40, 10);
    expect([never.standing('a'), never.percents]).toEqual(['up', [[50, 25, 25]]]);
  });

  it('is interrupted by a failure, and its cluster begins to return in the same decision', () => {
    const story = new Story({ policy: withDrill() });
    story.ask(start);
    story.after(5);
    const result = story.after(5, ['b']);
    expect(result).toMatchObject({ endings: [{ type: 'drill', state: 'interrupted', detail: 'b failed' }] });
    expect([story.standing('a'), story.standing('b'), story.percents]).toEqual(['ramping', 'down', [[33, 0, 67]]]);
  });

  it('keeps nothing from the dead: when all others fail, its cluster serves at once', () => {
    const story = new Story({ policy: withDrill() });
    story.ask(start);
    story.after(5);
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(5, ['b', 'c'], { verifiedAtMs: undefined });
    expect(story.percents).toEqual([[100, 0, 0]]);
  });

  it('gives way to a shift, and is ended by whoever aborts it', () => {
    const story = new Story({ policy: withDrill() });
    story.ask(start);
    story.after(5);
    expect(story.ask({ type: 'put-shift', shift: shift({ cluster: 'b' }) })).toMatchObject({
      endings: [{ state: 'interrupted' }],
    });
    expect([story.traffic.drill, story.standing('a')]).toEqual([undefined, 'ramping']);
    const other = new Story({ policy: withDrill() });
    other.ask(start);
    other.after(5);
    expect(other.ask({ type: 'abort-drill' })).toMatchObject({ endings: [{ state: 'aborted', detail: 'by alice' }] });
    expect([other.traffic.drill, other.standing('a')]).toEqual([undefined, 'ramping']);
    expect(other.ask({ type: 'abort-drill' }), 'there is none').toBeUndefined();
  });

  it('of a cluster that fails while it is out has ended, and the cluster is down', () => {
    const story = new Story({ policy: withDrill() });
    story.ask(start);
    story.after(5);
    const result = story.after(5, ['a']);
    expect(result).toMatchObject({ endings: [{ type: 'drill', state: 'interrupted' }] });
    expect([story.standing('a'), story.percents]).toEqual(['down', [[0, 50, 50]]]);
  });

  it('stops as soon as one voter sees another cluster fail', () => {
    const voters = ['edge', 'one', 'two'];
    const input = withDrill();
    const three = { ...input, voters: voters.map((name) => ({ name, type: 'edge' as const })) };
    const records = (b: 'healthy' | 'unhealthy') =>
      ['a', 'b', 'c'].map((name) => {
        const record = health(name, 'healthy', { voters, observedAtMs: T0 + 5000 });
        const [first, ...rest] = record.votes;
        return name === 'b' && first ? { ...record, votes: [vote('edge', b, T0, T0 + 5000), ...rest] } : record;
      });
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { voters }));
    const story = new Story({ policy: three, clusters, health: records('healthy') });
    story.ask(start);
    expect(story.traffic.drill).toBeDefined();
    expect(story.after(5, [], { health: records('unhealthy') })).toMatchObject({ endings: [{ state: 'aborted' }] });
  });

  it('begins by itself once in each of its windows, named after the decision', () => {
    const story = new Story({ policy: withDrill({ windows: [MONDAY] }) });
    const result = story.after(1);
    expect(result?.traffic.drill).toMatchObject({ actor: 'automation', run: `drl_${T0 + 1000}` });
    for (let second = 0; second < 300; second += 5) story.after(5);
    expect(story.traffic.drill).toBeUndefined();
    expect(story.results.flatMap(({ events }) => events).filter(({ type }) => type === 'drill.started')).toHaveLength(
      1,
    );
    story.after(7 * 86_400);
    expect(story.traffic.drill).toBeDefined();
  });

  it('that may not begin says what is missing, in words that are not those of success', () => {
    const holds = new Story({ policy: withDrill() }).ask(start)?.rules ?? [];
    const wellSaid = new Map(holds.map(({ rule, detail }) => [rule, detail]));
    const at = (ms: number) => new Date(ms).toISOString();
    const freezeWindows = [{ type: 'once', from: at(T0), to: at(T0 + 60_000) }];
    const running = new Story({ policy: withDrill() });
    running.ask(start);
    const outOf = new Story({ policy: withDrill() });
    outOf.after(1, ['b']);
    const stories: [string, Story, RegExp][] = [
      ['cluster', new Story({ policy: withDrill({ cluster: 'z' }) }), /no cluster z/],
      ['window', new Story({ policy: withDrill({ windows: [{ ...MONDAY, from: '05:00', to: '06:00' }] }) }), /none/],
      ['one-at-a-time', running, /lose-a is under way/],
      ['health', outOf, /not healthy: b/],
      ['withdrawals', outOf, /held back: b/],
      ['freeze', new Story({ policy: withDrill({}, { freezeWindows }) }), /freeze window is open/],
      ['verified', new Story({ policy: withDrill(), verifiedAtMs: undefined }), /not been verified/],
    ];
    for (const [rule, story, detail] of stories) {
      const result = story.ask(start);
      const failed = result?.rules.find((result) => result.rule === rule && !result.passed);
      expect(failed?.detail, rule).toMatch(detail);
      expect(failed?.detail, rule).not.toBe(wellSaid.get(rule));
    }
  });

  it('does not begin outside its windows, in a freeze window, while something is out, or where a rule forbids it', () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const freezeWindows = [{ type: 'once', from: at(T0), to: at(T0 + 60_000) }];
    const closed = { windows: [{ ...MONDAY, from: '05:00', to: '06:00' }] };
    const refusals: [string, Story][] = [
      ['window', new Story({ policy: withDrill(closed) })],
      ['freeze', new Story({ policy: withDrill({}, { freezeWindows }) })],
      ['verified', new Story({ policy: withDrill(), verifiedAtMs: undefined })],
      [
        'min-serving',
        new Story({ policy: { ...withDrill(), safety: policy({ safety: { minServingClusters: 3 } }).safety } }),
      ],
    ];
    for (const [rule, story] of refusals) {
      const result = story.ask(start);
      expect(result?.outcome).toBe('refused');
      expect(result?.rules.filter(({ passed }) => !passed).map((result) => result.rule)).toEqual([rule]);
    }
    const busy = new Story({ policy: withDrill({ windows: [MONDAY] }) });
    busy.after(1, ['b']);
    expect(busy.traffic.drill).toBeUndefined();
  });

  it('is resumed from what is recorded alone', () => {
    const story = new Story({ policy: withDrill() });
    story.ask(start);
    story.after(5);
    const copy = new Story({ ...structuredClone(story.now) });
    expect(copy.after(5)).toEqual(story.after(5));
  });
});

describe('a drill of a site or a city', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const SITES: Record<string, string> = { a: 'north-1', b: 'north-1', c: 'north-2', d: 'south-1' };
  const clusters = NAMES.map((name) =>
    facts(name, { site: SITES[name] ?? '', city: name === 'd' ? 'south' : 'north' }),
  );
  const placements = [placement({ a: 25, b: 25, c: 25, d: 25 })];
  const drilling = (place: object, input: { weights?: Record<string, number>; safety?: object } = {}) => {
    const drills = [{ name: 'lose-a', ...place, durationSeconds: 60, recoveryTargetSeconds: 30 }];
    const failback = { mode: 'ramp', rampSeconds: 20, stepPercent: 50, minimumPercent: 50 };
    const own = policy({ drills, failover: { failback }, safety: input.safety ?? {} });
    const records = NAMES.map((name) => health(name, 'healthy', { sinceMs: T0 - 3_600_000 }));
    const placed = input.weights ? [placement(input.weights)] : placements;
    return new Story({ policy: own, clusters, health: records, placements: placed });
  };

  it.each([
    ['site', { site: 'north-1' }, ['a', 'b'], [0, 0, 50, 50]],
    ['city', { city: 'north' }, ['a', 'b', 'c'], [0, 0, 0, 100]],
  ])('takes all clusters of the %s out, and all of them come back', (_, place, names, percents) => {
    const story = drilling(place);
    expect(story.ask(start)).toMatchObject({ events: [{ type: 'drill.started', clusters: names }] });
    story.after(5);
    story.after(5);
    expect([story.traffic.drill?.phase, story.percents]).toEqual(['holding', [percents]]);
    story.after(60);
    expect(story.traffic.drill).toMatchObject({ phase: 'returning', ending: 'passed', lastReadAtMs: T0 + 70_000 });
    story.during(120, 5);
    expect([story.traffic.drill, story.percents]).toEqual([undefined, [[25, 25, 25, 25]]]);
    expect(story.results.flatMap(({ endings }) => endings)).toMatchObject([{ type: 'drill', state: 'passed' }]);
  });

  it('concerns the clusters that were there when it began, and sites return one after the other', () => {
    const story = drilling({ city: 'north' });
    story.ask(start);
    story.after(5);
    story.after(5, [], { clusters: clusters.map((item) => (item.name === 'd' ? { ...item, city: 'north' } : item)) });
    expect(story.traffic.drill?.clusters).toEqual(['a', 'b', 'c']);
    story.after(60);
    expect(['a', 'b', 'c'].map((name) => story.standing(name))).toEqual(['ramping', 'ramping', 'held']);
  });

  it('ends when one of its clusters fails, or is gone', () => {
    const failed = drilling({ site: 'north-1' });
    failed.ask(start);
    failed.after(5);
    expect(failed.after(5, ['b'])).toMatchObject({ endings: [{ state: 'interrupted', detail: 'b failed' }] });
    const gone = drilling({ site: 'north-1' });
    gone.ask(start);
    gone.after(5);
    const left = clusters.filter(({ name }) => name !== 'b');
    expect(gone.after(5, [], { clusters: left })).toMatchObject({ endings: [{ state: 'aborted' }] });
    gone.during(60, 5);
    expect(gone.standing('a')).toBe('up');
  });

  it.each([
    ['nobody would be left', { city: 'north' }, { weights: { a: 1, b: 1, c: 1 } }, 'never-empty'],
    ['the site has no cluster', { site: 'east-1' }, {}, 'cluster'],
    ['too few would serve', { city: 'north' }, { safety: { minServingClusters: 2 } }, 'min-serving'],
  ])('is refused where %s', (_, place, input, rule) => {
    const result = drilling(place, input).ask(start);
    expect(result?.outcome).toBe('refused');
    expect(result?.rules.filter(({ passed }) => !passed).map((item) => item.rule)).toContain(rule);
  });
});

describe('a drill says only what was read', () => {
  const FINE = {
    readAtMs: T0 + 10_000,
    oldestReadAtMs: T0 + 9000,
    unread: [],
    giving: [],
    unserved: [],
    serving: ['b', 'c'],
  };
  /** At 0 for the first time, with what was read of it after the last step. */
  const takenOut = () => {
    const story = new Story({ policy: withDrill() });
    story.ask(start);
    story.after(5);
    return story;
  };

  it.each([
    ['a gateway that was left behind', { unread: ['edge'] }, /edge could not be read/],
    ['a gateway that gives it traffic', { giving: ['edge'] }, /edge gave them traffic/],
    ['a service that nobody serves', { unserved: ['shop'] }, /nobody else was given the traffic of shop/],
  ])('it fails with %s, although all that are waited for follow', (_, seen, detail) => {
    const story = takenOut();
    const drilled = { ...FINE, ...seen };
    expect(story.after(5, [], { drilled })).toBeUndefined();
    expect(story.after(21, [], { drilled })).toMatchObject({
      endings: [{ state: 'failed', detail: expect.stringMatching(detail) }],
    });
  });

  it('the time is that of the read, and not of the decision', () => {
    const story = takenOut();
    story.after(20, [], { drilled: FINE });
    expect(story.traffic.drill).toMatchObject({ phase: 'holding', verifiedAtMs: T0 + 10_000 });
  });

  it('it fails when a gateway gives traffic before it is over, or others are not seen to serve at its end', () => {
    const given = takenOut();
    given.after(5, [], { drilled: FINE });
    given.after(5, [], { drilled: { ...FINE, giving: ['edge'] } });
    expect(given.traffic.drill).toMatchObject({ ending: 'failed', why: expect.stringContaining('before it was over') });
    const unseen = takenOut();
    unseen.after(5, [], { drilled: FINE });
    unseen.after(60, { b: 'unknown' }, { drilled: FINE });
    expect(unseen.traffic.drill).toMatchObject({ ending: 'failed', why: expect.stringContaining('nobody could say') });
  });

  it('a gateway that cannot be read at its end is waited for as long as at its begin, and then it fails', () => {
    const story = takenOut();
    story.after(5, [], { drilled: FINE });
    const drilled = { ...FINE, unread: ['edge'] };
    expect(story.after(60, [], { drilled })).toBeUndefined();
    expect(story.after(30, [], { drilled })?.traffic.drill).toMatchObject({ ending: 'failed' });
    expect(story.traffic.drill?.lastReadAtMs).toBeUndefined();
  });
});

describe('what was read of a drill', () => {
  const pool = (key: string, names: string[], pinned = false) => {
    return { key, service: key, pinned, members: names.map((cluster) => ({ cluster })) };
  };
  const gateway = (name: string, readAtMs: number, pools: Record<string, Record<string, number>>) => ({
    gateway: name,
    readAtMs,
    pools: [pool('shop', ['a', 'b']), pool('pinned', ['a'], true), pool('other', ['b'])],
    points: {
      pools: Object.fromEntries(
        Object.entries(pools).map(([key, shares]) => [
          key,
          Object.entries(shares).map(([cluster, percent]) => ({ cluster, percent })),
        ]),
      ),
      routes: {},
    },
  });
  const drill = { clusters: ['a'], steppedAtMs: 10 };
  const sightOf = (...gateways: ReturnType<typeof gateway>[]) => drillReadingOf(drill, gateways, 99);

  it('is of the pools that the drill moves, at every gateway', () => {
    const fine = gateway('one', 12, { shop: { b: 100 }, pinned: { a: 100 } });
    expect(sightOf(fine)).toEqual({
      readAtMs: 12,
      oldestReadAtMs: 12,
      unread: [],
      giving: [],
      unserved: [],
      serving: ['b'],
    });
    expect(faultOf(sightOf(fine))).toBeUndefined();
    const faults = [
      gateway('two', 9, { shop: { b: 100 } }),
      gateway('two', 12, {}),
      gateway('two', 12, { shop: { a: 1, b: 99 } }),
      gateway('two', 12, { shop: {} }),
    ];
    const told = faults.map((fault) => faultOf(sightOf(fine, fault)));
    expect(told).toEqual([
      'two could not be read since the last step',
      'two could not be read since the last step',
      'two gave them traffic when last read',
      'nobody else was given the traffic of shop',
    ]);
  });

  it('has the times of the first and the last of the gateways', () => {
    const [early, late] = [gateway('one', 12, { shop: { b: 100 } }), gateway('two', 30, { shop: { b: 100 } })];
    expect(sightOf(early, late)).toMatchObject({ readAtMs: 30, oldestReadAtMs: 12 });
  });
});
