import { describe, expect, test } from 'vitest';
import { decide } from '../../functions/core/failover/decide.ts';
import type { Command } from '../../functions/core/failover/decision-input.ts';
import { type TransitionInput, type QuorumVerdict, ORDERS, TRANSITIONS } from '../../functions/core/failover/standing.ts';
import { freshStateOf, type Standing } from '../../functions/core/failover/traffic.ts';
import { health, T0 } from './fixtures.ts';
import { type Found, facts, HOUR, holding, out, placement, policy, Story, shift } from './story.ts';

const STANDINGS: Standing[] = ['up', 'suspected', 'down', 'held', 'ramping', 'joining'];

const RAMP = { mode: 'ramp', rampSeconds: 100, minimumPercent: 10, stepPercent: 30 };

function returning(failback: object = RAMP, failover: object = {}) {
  return policy({ failover: { correlation: { action: 'ask' }, failback, ...failover } });
}

/** A fleet in which a has the standing, and all others are up but for `suspected`, where b went down just before a. */
function fleetWith(standing: Standing, own = returning()): Story {
  const story = new Story({ policy: own });
  if (standing === 'joining') {
    const clusters = story.now.clusters.map((item) => (item.name === 'a' ? { ...item, createdAtMs: T0 } : item));
    const state = { ...freshStateOf('a', 'cluster_a'), standing, sinceMs: T0 };
    return new Story({ policy: own, clusters, traffic: holding([state], { policy: own }) });
  }
  if (standing === 'suspected') story.after(5, ['b']);
  if (standing !== 'up') story.after(5, standing === 'suspected' ? ['a', 'b'] : ['a']);
  if (standing === 'held' || standing === 'ramping') story.after(5);
  if (standing === 'ramping') story.after(300);
  return story;
}

/** What is found of all clusters when `finding` is found of a. */
function foundOf(standing: Standing, verdict: QuorumVerdict): Found {
  return standing === 'suspected' ? { a: verdict, b: 'unhealthy' } : { a: verdict };
}

describe('what evidence makes of a standing', () => {
  test.each(STANDINGS)('a fleet can be made in which a cluster is %s', (standing) => {
    expect(fleetWith(standing).standing('a')).toBe(standing);
  });

  const cells: [from: Standing, verdict: QuorumVerdict, to: Standing][] = [
    ['up', 'healthy', 'up'],
    ['up', 'unhealthy', 'down'],
    ['up', 'unknown', 'up'],
    ['suspected', 'healthy', 'up'],
    ['suspected', 'unhealthy', 'suspected'],
    ['suspected', 'unknown', 'suspected'],
    ['down', 'healthy', 'held'],
    ['down', 'unhealthy', 'down'],
    ['down', 'unknown', 'down'],
    ['held', 'healthy', 'held'],
    ['held', 'unhealthy', 'down'],
    ['held', 'unknown', 'held'],
    ['ramping', 'healthy', 'ramping'],
    ['ramping', 'unhealthy', 'down'],
    ['ramping', 'unknown', 'ramping'],
    ['joining', 'healthy', 'ramping'],
    ['joining', 'unhealthy', 'joining'],
    ['joining', 'unknown', 'joining'],
  ];

  test.each(cells)('%s, found %s: %s', (from, verdict, to) => {
    const story = fleetWith(from);
    story.after(5, foundOf(from, verdict));
    expect(story.standing('a')).toBe(to);
  });

  /** A newcomer waits for its turn alone, and takes it in the same decision where it is free. */
  const waitsForItsTurn = (from: Standing, verdict: QuorumVerdict) => from === 'joining' && verdict === 'healthy';

  test.each(cells)('%s, found %s: %s, as the table of transitions has it', (from, verdict, to) => {
    const brake = { name: 'correlation' as const, untilMs: T0 + HOUR, reason: 'a test' };
    const transitionInput: TransitionInput = {
      nowMs: T0 + 1000,
      decision: 'dec_2',
      reason: 'a test',
      cooldownSeconds: 300,
      doubtMs: 42_000,
      brake: from === 'suspected' ? brake : undefined,
      isGateClosed: false,
      isOverloaded: false,
      hasEntitlement: false,
    };
    const next = TRANSITIONS[from][verdict](fleetWith(from).state('a'), transitionInput);
    expect(next.standing).toBe(waitsForItsTurn(from, verdict) ? 'held' : to);
    expect(Object.values(TRANSITIONS).flatMap(Object.values)).toHaveLength(cells.length);
  });

  test('up, found unhealthy while a brake holds: suspected', () => {
    const story = fleetWith('up');
    story.after(5, ['b']);
    story.after(5, ['a', 'b']);
    expect(story.standing('a')).toBe('suspected');
  });

  test('down, found healthy with its whole entitlement in every backend: up at once', () => {
    const story = new Story({ policy: returning() });
    story.after(5, { a: 'unhealthy', b: 'unhealthy', c: 'unhealthy' }, { policy: policy() });
    expect(story.percents).toEqual([[50, 25, 25]]);
    story.after(5, ['b', 'c']);
    expect(story.standing('a')).toBe('up');
  });
});

describe('what the clock makes of a standing', () => {
  test('suspected: down when its brake ends, if the evidence stands', () => {
    const story = fleetWith('suspected');
    story.after(299, ['a', 'b']);
    expect(story.standing('a')).toBe('suspected');
    story.after(1, ['a', 'b']);
    expect(story.standing('a')).toBe('down');
  });

  test('suspected: as it is when its brake ends and no quorum says anything; what is unknown moves nothing', () => {
    const story = fleetWith('suspected');
    story.after(301, { a: 'unknown', b: 'unhealthy' });
    expect(story.standing('a')).toBe('suspected');
    expect(story.percents).toEqual([[67, 0, 33]]);
  });

  test('down: as it is, however long nothing is known of it', () => {
    const story = fleetWith('down');
    story.during(48 * 3600, 3600, { a: 'unknown' });
    expect([story.standing('a'), story.percents]).toEqual(['down', [[0, 50, 50]]]);
  });

  test.each([
    ['ramp', 'ramping', [5, 48, 47]],
    ['auto', 'up', [50, 25, 25]],
  ])('held: with failback %s %s when all waits are over', (mode, standing, percents) => {
    const story = fleetWith('held', returning({ ...RAMP, mode }));
    story.after(294);
    expect(story.standing('a')).toBe('held');
    story.after(1);
    expect([story.standing('a'), story.percents]).toEqual([standing, [percents]]);
  });

  test('held: its dwell pauses while no quorum says anything', () => {
    const story = fleetWith('held', returning(RAMP, { cooldownSeconds: 0 }));
    story.after(60);
    story.after(1, { a: 'unknown' });
    story.after(600, { a: 'unknown' });
    story.after(1);
    story.after(57);
    expect(story.standing('a')).toBe('held');
    story.after(3);
    expect(story.standing('a')).toBe('ramping');
  });

  test('ramping: grows step by step, each when the last one is verified, and is up with the whole', () => {
    const story = fleetWith('ramping');
    const seen = [story.state('a').ramp?.percent];
    for (let step = 0; step < 3; step++) {
      story.after(600, [], { verifiedAtMs: undefined });
      story.after(1);
      seen.push(story.state('a').ramp?.percent);
    }
    expect(seen).toEqual([10, 40, 70, undefined]);
    expect(story.standing('a')).toBe('up');
  });

  test('ramping: gives its turn back after two freshnesses without a quorum, and is held at what it has', () => {
    const story = fleetWith('ramping');
    story.after(1, { a: 'unknown' });
    const before = story.percents;
    story.after(41, { a: 'unknown' });
    expect(story.standing('a')).toBe('ramping');
    story.after(1, { a: 'unknown' });
    expect([story.standing('a'), story.percents]).toEqual(['held', before]);
  });

  test('ramping: keeps its turn through short silences', () => {
    const story = fleetWith('ramping');
    for (let silence = 0; silence < 5; silence++) {
      story.after(1, { a: 'unknown' });
      story.after(30, { a: 'unknown' });
      story.after(1, [], { verifiedAtMs: undefined });
    }
    expect(story.standing('a')).toBe('ramping');
  });

  test('ramping: takes no step while nothing is known, and goes on where it was', () => {
    const story = fleetWith('ramping');
    story.during(30, 10, { a: 'unknown' });
    expect(story.state('a').ramp?.percent).toBe(10);
    story.after(1);
    expect(story.state('a').ramp?.percent).toBe(40);
  });
});

describe('what people make of a standing', () => {
  type Order = keyof typeof ORDERS;
  const orders: Record<Order, Partial<Record<Standing, Standing | undefined>>> = {
    // Of one that is up it takes back a dismissal, and changes nothing where there is none.
    resume: { suspected: 'down', up: undefined },
    dismiss: { suspected: 'up' },
    restore: { held: 'ramping' },
  };
  const cases = (['resume', 'dismiss', 'restore'] as const).flatMap((order) =>
    STANDINGS.map((from): [Order, Standing, Standing | undefined] => [order, from, orders[order][from]]),
  );

  test.each(cases)('%s of a cluster that is %s: %s', (order, from, to) => {
    const story = fleetWith(from);
    const command: Command = { type: order, cluster: 'a' };
    const unasked = decide(story.now);
    const verdict = story.ask(command);
    if (to === undefined) expect(verdict?.traffic, 'nobody is refused').toEqual(unasked?.traffic);
    else expect([verdict?.outcome, story.standing('a')]).toEqual(['applied', to]);
    expect(Object.keys(ORDERS[order])).toEqual(Object.keys(orders[order]));
  });

  test('dismiss: nothing else is believed of the cluster for an hour, and for no longer', () => {
    const story = fleetWith('suspected');
    story.ask({ type: 'dismiss', cluster: 'a' });
    story.during(3599, 59, ['a', 'b']);
    expect([story.standing('a'), story.percents]).toEqual(['up', [[67, 0, 33]]]);
    story.after(60, ['a', 'b']);
    expect([story.standing('a'), story.percents]).toEqual(['down', [[0, 0, 100]]]);
  });

  test('resume: takes back a dismissal, and what voters say counts again', () => {
    const story = fleetWith('suspected');
    story.ask({ type: 'dismiss', cluster: 'a' });
    story.after(600, ['a', 'b']);
    expect(story.standing('a')).toBe('up');
    story.ask({ type: 'resume', cluster: 'a' });
    story.after(5, ['a', 'b']);
    expect(story.standing('a')).toBe('down');
  });

  test('dismiss: a shift that ends meanwhile takes nothing of that back', () => {
    const story = fleetWith('suspected');
    story.ask({ type: 'dismiss', cluster: 'a' });
    story.ask({ type: 'put-shift', shift: shift({ percent: 50 }) });
    story.after(5, ['a', 'b']);
    story.ask({ type: 'end-shift', name: 'upgrade' });
    story.after(5, ['a', 'b']);
    expect(story.standing('a')).not.toBe('down');
  });

  test('joining: up when a person says that it is healthy and it has all its share, and is not new again afterwards', () => {
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { createdAtMs: name === 'a' ? T0 + 1000 : 0 }));
    const story = new Story({ policy: returning(), clusters, placements: [placement({ b: 50, c: 50 })] });
    const unheard = () => [
      { ...health('a', 'unknown', { observedAtMs: story.now.nowMs }), firstHealthyAtMs: undefined },
      ...['b', 'c'].map((name) => health(name, 'healthy', { observedAtMs: story.now.nowMs })),
    ];
    story.after(5, [], { health: unheard() });
    expect(story.standing('a')).toBe('joining');
    story.ask({ type: 'put-shift', shift: shift({ mode: 'keep', percent: 100, expiresAtMs: T0 + HOUR }) });
    expect(story.standing('a')).toBe('up');
    story.after(5, [], { health: unheard(), verifiedAtMs: undefined });
    expect(story.standing('a')).toBe('up');
  });

  test('joining: up when it is declared to serve at once', () => {
    const story = fleetWith('joining');
    const clusters = story.now.clusters.map((item) => (item.name === 'a' ? facts('a', { joins: 'at-once' }) : item));
    story.after(5, { a: 'unknown' }, { clusters });
    expect([story.standing('a'), story.percents]).toEqual(['up', [[50, 25, 25]]]);
  });

  test('up: a shift and a drill are limits besides, and the standing stays', () => {
    const own = returning();
    const story = new Story({ policy: { ...own, drills: policy({ drills: [{ name: 'd', cluster: 'a' }] }).drills } });
    story.ask({ type: 'start-drill', drill: 'd', run: 'drl_1' });
    story.after(5);
    expect([story.standing('a'), story.percents]).toEqual(['up', [[0, 50, 50]]]);
  });
});

describe('what is remembered of a cluster', () => {
  test('is nothing of one that is up and has not failed within the hour', () => {
    const story = fleetWith('down');
    story.after(5);
    story.during(2 * 3600, 30);
    expect(story.traffic.clusters).toEqual([]);
  });

  test('is its own: deleting, recreating and editing another cluster changes nothing of it', () => {
    const story = fleetWith('held');
    const state = story.state('a');
    const [a, b, c] = story.now.clusters;
    if (!a || !b || !c) throw new Error('the fleet has three clusters');
    story.after(1, [], { clusters: [a, b] });
    story.after(1, [], { clusters: [a, b, { ...c, uid: 'cluster_c2' }] });
    story.after(1, [], { clusters: [a, { ...b, site: 'elsewhere', capacity: 5 }, c] });
    expect(story.state('a')).toEqual(state);
  });

  test('is forgotten with the cluster, also when another one takes its name', () => {
    const [, ...others] = new Story().now.clusters;
    const gone = new Story({ traffic: holding([out('a')]) });
    gone.after(1, [], { clusters: others });
    const renewed = new Story({ traffic: holding([out('a')]) });
    renewed.after(1, {}, { clusters: [facts('a', { uid: 'cluster_anew' }), ...others] });
    expect([gone.traffic.clusters, renewed.traffic.clusters]).toEqual([[], []]);
  });

  test('is that it was impaired until the mark ends: then it is held at what it has, with dwell and cooldown', () => {
    const marked = { ...freshStateOf('a', 'cluster_a'), impairedSinceMs: T0 - 1000 };
    const story = new Story({ policy: returning(), traffic: holding([marked]) });
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(5);
    expect([story.standing('a'), story.percents]).toEqual(['held', [[0, 50, 50]]]);
    story.after(299);
    expect(story.standing('a')).toBe('held');
    story.after(1);
    expect(story.standing('a')).toBe('ramping');
  });
});
