import { describe, expect, it, test } from 'vitest';
import type { LiveBreakGlass } from '../../functions/core/allocation/break-glass.ts';
import { freshStateOf } from '../../functions/core/failover/traffic.ts';
import type { SafetyRuleName } from '../../schemas/failover.ts';
import { health, T0, vote } from './fixtures.ts';
import { incidentsIn } from './incident-facts.ts';
import { fleet, holding, policy, Story, shift } from './story.ts';

const ALIKE = { a: { weight: 1 }, b: { weight: 1 }, c: { weight: 1 } };

function breakGlass(rule: SafetyRuleName, seconds: number): LiveBreakGlass {
  const times = { createdAtMs: T0, expiresAtMs: T0 + seconds * 1000 };
  return { name: 'night', id: 'bgl_1', rules: [rule], owner: 'alice', reason: 'a test', ...times };
}

describe('max-removed: so many clusters are taken out within the window, and no more', () => {
  const capped = (clusters: number, windowSeconds = 600, rest: object = {}) =>
    policy({ safety: { maxRemoved: { clusters, windowSeconds } }, ...rest });

  it('the next one is suspected and keeps its traffic until the window is over', () => {
    const story = new Story({ policy: capped(1) });
    story.after(5, ['b']);
    const result = story.after(100, ['b', 'c']);
    expect(result).toMatchObject({ outcome: 'blocked' });
    expect(incidentsIn(story)).toMatchObject([{ key: 'prod/cluster/c/suspected', type: 'cluster.suspected' }]);
    expect(story.state('c')).toMatchObject({
      standing: 'suspected',
      brake: { name: 'max-removed', untilMs: T0 + 605_000 },
    });
    story.during(495, 5, ['b', 'c']);
    expect(story.percents).toEqual([[67, 0, 33]]);
    story.after(5, ['b', 'c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
  });

  it('of clusters that fail at once, too, the last one of a backend included', () => {
    const story = new Story({ policy: capped(2) });
    story.after(5, ['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => story.standing(name)).sort()).toEqual(['down', 'down', 'suspected']);
  });

  it('counts removals of clusters that have come back since, in a window longer than memory', () => {
    const story = new Story({ policy: capped(1, 4 * 3600) });
    story.after(5, ['b']);
    story.during(2 * 3600, 30);
    expect(story.standing('b')).toBe('up');
    story.after(5, ['c']);
    expect(story.standing('c')).toBe('suspected');
  });

  it('counts a cluster once, and does not hold it back itself', () => {
    const story = new Story({ policy: capped(1, 4 * 3600) });
    story.after(5, ['b']);
    story.during(1800, 30);
    story.after(5, ['b']);
    expect(story.standing('b')).toBe('down');
  });

  it('does not count what people take out', () => {
    const story = new Story({ policy: capped(1) });
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'b' }) });
    story.after(5);
    story.after(5, ['c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
  });

  it('ends by a break-glass, and holds again when that is over', () => {
    const story = new Story({ policy: capped(1) });
    story.after(5, ['b', 'c']);
    expect(story.standing('c')).toBe('suspected');
    story.ask({ type: 'put-break-glass', breakGlass: breakGlass('max-removed', 60) });
    expect(story.percents).toEqual([[100, 0, 0]]);
    story.after(60, ['b', 'c']);
    story.after(5, ['a', 'b', 'c']);
    expect(story.standing('a')).toBe('suspected');
  });

  it('ends by a person', () => {
    const story = new Story({ policy: capped(1) });
    story.after(5, ['b', 'c']);
    story.ask({ type: 'resume', cluster: 'c' });
    expect(story.percents).toEqual([[100, 0, 0]]);
  });

  it('holds on where another brake has ended', () => {
    const correlation = { action: 'ask', askSeconds: 30, windowSeconds: 600 };
    const story = fleet(ALIKE, 0, { ...capped(2, 3600), failover: { correlation } });
    story.after(5, ['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => story.standing(name))).toEqual(['down', 'suspected', 'suspected']);
    story.after(60, ['a', 'b', 'c']);
    expect(['a', 'b', 'c'].map((name) => story.standing(name))).toEqual(['down', 'down', 'suspected']);
  });

  it('is what people are told of where correlation is not asked for any more', () => {
    const correlation = { action: 'ask', windowSeconds: 600 };
    const own = { ...capped(1, 3600), failover: policy({ failover: { correlation } }).failover };
    const story = fleet(ALIKE, 0, own);
    story.after(5, ['a', 'b']);
    expect(story.state('b').brake?.name).toBe('correlation');
    const sinceMs = story.now.nowMs;
    story.after(5, ['a', 'b'], { policy: capped(1, 3600) });
    expect(story.state('b')).toMatchObject({ standing: 'suspected', sinceMs, brake: { name: 'max-removed' } });
  });

  it('is read as a part of the clusters of the fleet where an earlier release said percent, and is at least one', () => {
    const part = (percent: number) => policy({ safety: { maxRemoved: { percent } } });
    const few = new Story({ policy: part(10) });
    few.after(5, ['b', 'c']);
    expect([few.standing('b'), few.standing('c')]).toEqual(['down', 'suspected']);
    const more = new Story({ policy: part(67) });
    more.after(5, ['b', 'c']);
    expect(more.percents).toEqual([[100, 0, 0]]);
  });
});

describe('max-removed and clusters on their way back', () => {
  const own = policy({
    safety: { maxRemoved: { clusters: 1, windowSeconds: 600 } },
    failover: {
      failback: { mode: 'ramp', rampSeconds: 1000, minimumPercent: 10, stepPercent: 10 },
      cooldownSeconds: 0,
    },
    health: { dwellSeconds: 0 },
  });

  it('keeps one in at what it has that people had taken out, and it goes on with its ramp when it is well again', () => {
    const story = fleet(ALIKE, 0, own);
    story.ask({ type: 'put-shift', shift: shift({ expiresAtMs: T0 + 60_000 }) });
    story.during(60, 5);
    expect([story.standing('a'), story.percents]).toEqual(['ramping', [[3, 49, 48]]]);
    story.after(5, ['b']);
    story.after(5, ['a', 'b']);
    expect([story.state('a').standing, story.state('a').brake?.name]).toEqual(['suspected', 'max-removed']);
    expect(story.percents[0]?.slice(0, 2)).toEqual([5, 0]);
    story.after(5, ['b']);
    expect([story.standing('a'), story.percents[0]?.[0]]).toEqual(['ramping', 5]);
  });

  it('makes one that fails while it dwells begin its dwell and its cooldown anew', () => {
    const dwelling = policy({
      safety: { maxRemoved: { clusters: 1, windowSeconds: 300 } },
      failover: { failback: { mode: 'auto' }, cooldownSeconds: 60 },
      health: { dwellSeconds: 600 },
    });
    const story = fleet(ALIKE, 0, dwelling);
    story.after(5, ['a']);
    story.during(590, 10);
    story.after(5, ['b']);
    story.after(5, ['a', 'b']);
    expect([story.standing('a'), story.standing('b')]).toEqual(['suspected', 'down']);
    const failedAtMs = story.now.nowMs;
    story.after(5, ['b']);
    expect(story.state('a')).toMatchObject({ standing: 'held', dwell: { untilMs: failedAtMs + 120_000, servedMs: 0 } });
    story.during(590, 10, ['b']);
    expect(story.standing('a')).toBe('held');
  });

  it('is no question of one that was taken out within the window: it is no other one', () => {
    const story = fleet(ALIKE, 0, own);
    story.after(5, ['a']);
    story.after(5);
    expect(story.standing('a')).toBe('ramping');
    story.after(5, ['a']);
    expect([story.standing('a'), story.percents[0]?.[0]]).toEqual(['down', 0]);
  });
});

describe('max-removed and clusters that are deleted', () => {
  it('counts what it took out: nobody else goes because one of them is gone', () => {
    const own = policy({ safety: { maxRemoved: { clusters: 1, windowSeconds: 600 } } });
    const story = fleet(ALIKE, 0, own);
    story.after(5, ['a']);
    story.after(5, ['a', 'b']);
    expect(story.standing('b')).toBe('suspected');
    const clusters = story.now.clusters.filter(({ name }) => name !== 'a');
    story.after(5, ['b'], { clusters });
    story.after(585, ['b'], { clusters });
    expect(story.standing('b')).toBe('suspected');
    story.after(5, ['b'], { clusters });
    expect([story.standing('b'), story.traffic.goneRemovalsMs]).toEqual(['down', undefined]);
  });
});

describe('a closed gate', () => {
  const gated = (clusters?: string[]) => policy({ safety: { gates: [{ name: 'g', open: false, clusters }] } });

  it('keeps traffic on its clusters, though they are down', () => {
    const story = new Story({ policy: gated(['a']) });
    const result = story.after(5, ['a']);
    expect([story.standing('a'), story.percents]).toEqual(['down', [[50, 25, 25]]]);
    expect(result?.outcome).toBe('blocked');
    expect(result?.rules).toContainEqual(expect.objectContaining({ rule: 'gate', passed: false, cluster: 'a' }));
  });

  it('keeps all clusters where it names none', () => {
    const story = new Story({ policy: gated() });
    story.after(5, ['a', 'b']);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('lets its clusters receive what others leave, capacity or not', () => {
    const story = fleet({ a: { weight: 50 }, b: { weight: 50, capacity: 60 } }, 100, gated(['b']));
    story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 100]]);
    expect(story.traffic.allocation.overloads).toEqual([]);
  });

  it('lets other clusters be left, and gives none of that to its own ones that are down', () => {
    const story = new Story({ policy: gated(['a']) });
    story.after(5, ['a', 'b']);
    expect(story.percents).toEqual([[50, 0, 50]]);
  });

  it('gives nothing to one that was left before it was closed', () => {
    const story = new Story();
    story.after(5, ['a']);
    story.after(5, ['a'], { policy: gated(['a']) });
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(5, ['a', 'b', 'c']);
    expect(story.percents).toEqual([[0, 50, 50]]);
  });

  it('that is closed gives nothing to an impaired one, and lets it keep what it has', () => {
    const marked = { ...freshStateOf('a', 'cluster_a'), impairedSinceMs: T0 - 1000 };
    const slow = { ...health('a', 'healthy'), votes: [{ ...vote('edge', 'healthy'), slowSinceMs: T0 }] };
    const found = { health: [slow, health('b', 'healthy'), health('c', 'healthy')] };
    const story = new Story({ traffic: holding([marked]), ...found });
    story.after(5, [], { ...found, policy: gated(['a']) });
    expect(story.percents).toEqual([[0, 50, 50]]);
    const other = new Story({ policy: gated(['a']) });
    other.after(5, [], found);
    expect(other.percents).toEqual([[50, 25, 25]]);
  });

  it('takes nothing out, and so takes no place of `maxRemoved`, until it is opened: then it counts, and brakes hold', () => {
    const safety = { maxRemoved: { clusters: 1, windowSeconds: 600 } };
    const open = policy({ safety });
    const closed = policy({ safety: { ...safety, gates: [{ name: 'g', open: false, clusters: ['a', 'b'] }] } });
    const story = new Story({ policy: closed });
    story.after(5, ['a', 'b']);
    expect([story.standing('a'), story.standing('b'), story.percents]).toEqual(['down', 'down', [[50, 25, 25]]]);
    story.after(500, ['a', 'b'], { policy: open });
    expect([story.standing('a'), story.standing('b'), story.percents]).toEqual(['down', 'suspected', [[0, 50, 50]]]);
    story.after(500, ['a', 'b']);
    expect(story.standing('b')).toBe('suspected');
    story.after(200, ['a', 'b']);
    expect([story.standing('b'), story.percents]).toEqual(['down', [[0, 0, 100]]]);
  });

  it('that is opened lets traffic go at once', () => {
    const story = new Story({ policy: gated(['a']) });
    story.after(5, ['a']);
    story.after(5, ['a'], { policy: policy() });
    expect(story.percents).toEqual([[0, 50, 50]]);
  });
});

describe('safety rules never keep traffic on the dead', () => {
  test.each<[string, object]>([
    ['min-serving', { minServingClusters: 3 }],
    ['min-base', { minBasePercent: 100 }],
    ['exclusive', { exclusive: [['a', 'b']] }],
  ])('%s', (_, safety) => {
    const story = new Story({ policy: policy({ safety }) });
    expect(story.after(5, ['a', 'b'])?.outcome).toBe('applied');
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  test('capacity', () => {
    const story = fleet({ a: { weight: 1, capacity: 100 }, b: { weight: 1, capacity: 100 } }, 180);
    expect(story.after(5, ['a'])).toMatchObject({ outcome: 'applied', flags: ['overload'] });
    expect(story.percents).toEqual([[0, 100]]);
  });
});
