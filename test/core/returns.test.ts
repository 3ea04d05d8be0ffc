import { describe, expect, it, test } from 'vitest';
import { T0 } from './fixtures.ts';
import { facts, fleet, HOUR, holding, out, placement, policy, Story, shift } from './story.ts';

const ramp = (failback: object = {}, rest: object = {}) =>
  policy({ failover: { failback: { mode: 'ramp', ...failback }, ...rest } });

/** A window that is open for the first seconds of a story. */
const frozen = (seconds: number) => ({
  freezeWindows: [
    { type: 'once', from: new Date(T0 - 1000).toISOString(), to: new Date(T0 + seconds * 1000).toISOString() },
  ],
});

/** a went down an hour ago, and will have been found healthy for its dwell time in a second. */
function waiting(own = policy()): Story {
  const story = new Story({ policy: own, traffic: holding([out('a')], { policy: own }) });
  story.after(1);
  story.after(119);
  return story;
}

describe('a return', () => {
  it('waits until the cluster has been found healthy for the dwell time, counted from the recovery', () => {
    const story = new Story({ traffic: holding([out('a')]) });
    story.after(1);
    story.during(119, 1);
    expect(story.standing('a')).toBe('held');
    expect(story.after(1)?.changes).toMatchObject([{ cluster: 'a', action: 'restore' }]);
  });

  it('waits for the cooldown, which doubles with each failure within the hour', () => {
    const story = new Story();
    const waits: number[] = [];
    for (let failure = 0; failure < 5; failure++) {
      story.after(5, ['a']);
      const failedAtMs = story.now.nowMs;
      story.after(1);
      const untilMs = story.state('a').dwell?.untilMs ?? 0;
      waits.push((untilMs - failedAtMs) / 1000);
      story.after((untilMs - failedAtMs) / 1000 - 2);
      expect(story.standing('a')).toBe('held');
      story.after(1);
      expect(story.standing('a')).toBe('up');
    }
    expect(waits, 'the first three are more than an hour ago at last').toEqual([300, 600, 1200, 2400, 600]);
  });

  it('waits for the cooldown since it lost its traffic, where it had kept it because all were down', () => {
    const story = new Story();
    story.after(5, ['a', 'b', 'c']);
    story.during(290, 10, ['a', 'b', 'c']);
    expect(story.percents).toEqual([[50, 25, 25]]);
    story.after(60, ['a']);
    story.after(5, ['a']);
    const leftAtMs = story.now.nowMs;
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(1);
    expect(story.state('a').dwell?.untilMs).toBe(leftAtMs + 300_000);
  });

  it('is no reason to leave a cluster later: one that fails again is left at once', () => {
    const story = new Story();
    story.after(5, ['a']);
    story.after(1);
    story.after(400);
    expect(story.left).toEqual({});
    expect(story.after(1, ['a'])?.changes).toMatchObject([{ action: 'withdraw' }]);
  });

  it('waits for somebody where failback is manual, and then goes by the ramp', () => {
    const story = waiting(policy({ failover: { failback: { mode: 'manual', minimumPercent: 20, stepPercent: 20 } } }));
    story.after(HOUR / 1000);
    expect([story.standing('a'), story.percents]).toEqual(['held', [[0, 50, 50]]]);
    expect(story.ask({ type: 'restore', cluster: 'b' }), 'it does not wait').toBeUndefined();
    story.ask({ type: 'restore', cluster: 'a' });
    expect([story.standing('a'), story.percents]).toEqual(['ramping', [[10, 45, 45]]]);
    story.during(600, 60);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('waits for the end of a freeze window', () => {
    const own = policy({ failover: frozen(300) });
    const story = waiting(own);
    story.after(179);
    expect(story.percents).toEqual([[0, 50, 50]]);
    expect(story.after(1)?.changes).toMatchObject([{ action: 'restore' }]);
  });

  it('waits until the gateways follow', () => {
    const story = waiting();
    story.after(60, [], { verifiedAtMs: undefined });
    expect([story.standing('a'), story.percents]).toEqual(['held', [[0, 50, 50]]]);
    expect(story.after(1)?.changes).toMatchObject([{ action: 'restore' }]);
  });

  it('does not wait where nobody else can serve', () => {
    const story = fleet({ a: { weight: 1 }, b: { weight: 1 } });
    story.after(5, ['a']);
    story.after(5);
    expect([story.standing('a'), story.percents]).toEqual(['held', [[0, 100]]]);
    story.after(5, ['b']);
    expect([story.standing('a'), story.percents]).toEqual(['held', [[100, 0]]]);
  });

  it('holds on to what it had to be given: it waits with that, and does not give it back', () => {
    const story = fleet({ a: { weight: 1 }, b: { weight: 1 } });
    story.after(5, ['a']);
    story.after(5);
    story.after(5, ['b']);
    story.after(5);
    expect([story.standing('a'), story.standing('b'), story.percents]).toEqual(['held', 'held', [[100, 0]]]);
  });
});

describe('the turn', () => {
  const both = [out('a', { failuresMs: [T0 - 10] }), out('b', { failuresMs: [T0 - 20] })];

  it('is of one site at a time, of the one that failed first', () => {
    const own = ramp({}, { cooldownSeconds: 0 });
    const story = new Story({ policy: own, traffic: holding(both, { policy: own }) });
    story.after(1);
    story.after(120);
    expect([story.standing('a'), story.standing('b')]).toEqual(['held', 'ramping']);
    expect(story.traffic.allocation.limits).toContainEqual(
      expect.objectContaining({ cluster: 'a', limits: [{ reason: 'turn' }] }),
    );
    for (let second = 0; second < 600 && story.standing('b') === 'ramping'; second++) {
      story.after(1);
      if (story.standing('b') === 'ramping') expect(story.percents[0]?.[0]).toBe(0);
    }
    story.after(1);
    expect([story.standing('a'), story.standing('b')]).toEqual(['ramping', 'up']);
  });

  it('is of all clusters of the site together', () => {
    const clusters = [facts('a', { site: 'x' }), facts('b', { site: 'x' }), facts('c')];
    const own = ramp({}, { cooldownSeconds: 0 });
    const story = new Story({ policy: own, clusters, traffic: holding(both, { policy: own, clusters }) });
    story.after(1);
    story.after(120);
    expect([story.standing('a'), story.standing('b')]).toEqual(['ramping', 'ramping']);
  });

  it('is kept by the site that has it, though a cluster that failed before it may return, too', () => {
    const own = ramp({}, { cooldownSeconds: 0 });
    const [a, b] = [out('a', { failuresMs: [T0 - 2000] }), out('b', { failuresMs: [T0 - 1000] })];
    const story = new Story({ policy: own, traffic: holding([a, b], { policy: own }) });
    story.during(60, 5, { a: 'unknown' });
    story.during(80, 5);
    expect([story.standing('a'), story.standing('b')]).toEqual(['held', 'ramping']);
    story.during(60, 5);
    expect([story.standing('a'), story.standing('b')]).toEqual(['held', 'ramping']);
  });

  it('passes to the next site when the cluster that has it fails, or says nothing for too long', () => {
    for (const found of ['unhealthy', 'unknown'] as const) {
      const own = ramp({}, { cooldownSeconds: 0 });
      const story = new Story({ policy: own, traffic: holding(both, { policy: own }) });
      story.after(1);
      story.after(120);
      story.during(60, 5, { b: found });
      expect(story.standing('a'), found).toBe('ramping');
    }
  });
});

describe('a recovered cluster that has its whole share already', () => {
  it('is up at once, but not where capacities would move points to it before its dwell is over', () => {
    const members = { a: { weight: 1, capacity: 90 }, b: { weight: 1, tier: 1 } };
    const story = (load: number) => {
      const found = fleet(members, load, { failover: { cooldownSeconds: 60, headroomPercent: 0 } });
      found.after(5, ['b']);
      found.after(5);
      return found;
    };
    expect(story(80).standing('b')).toBe('up');
    expect([story(95).standing('b'), story(95).percents]).toEqual(['held', [[100, 0]]]);
  });

  it('nor where a third cluster serves what capacities do not allow', () => {
    const members = { a: { weight: 1, capacity: 90 }, b: { weight: 1, tier: 1 }, c: { weight: 1, tier: 2 } };
    const story = fleet(members, 95, { failover: { cooldownSeconds: 60, headroomPercent: 0 } });
    story.after(5, ['b']);
    story.after(5);
    expect([story.standing('b'), story.percents]).toEqual(['held', [[94, 0, 6]]]);
  });
});

describe('a ramp', () => {
  const steps = { rampSeconds: 100, minimumPercent: 5, stepPercent: 20 };

  it('begins with what the cluster has of the backend of which it has least', () => {
    const placements = [placement({ a: 1 }, { key: 'alone' }), placement({ a: 50, b: 50 }, { key: 'shared' })];
    const story = new Story({ policy: ramp({ ...steps, minimumPercent: 10 }, { cooldownSeconds: 0 }), placements });
    story.after(5, ['a']);
    expect(story.percents).toEqual([[100], [0, 100]]);
    story.after(5);
    story.after(400);
    expect([story.standing('a'), story.percents]).toEqual(['ramping', [[100], [5, 95]]]);
  });

  it('begins with the least part that a shift has left to it, of whichever backend', () => {
    const placements = [placement({ a: 1, b: 1 }, { key: 'half' }), placement({ a: 1, b: 2 }, { key: 'third' })];
    const story = new Story({ policy: ramp(steps), placements });
    story.ask({ type: 'put-shift', shift: shift({ percent: 50 }) });
    story.during(60, 10);
    story.ask({ type: 'end-shift', name: 'upgrade' });
    expect([story.state('a').ramp?.percent, story.percents]).toEqual([
      48,
      [
        [25, 75],
        [16, 84],
      ],
    ]);
  });

  it('never falls, keeps its steps, and ends with the whole share', () => {
    const story = waiting(ramp(steps, frozen(150)));
    const seen: number[] = [];
    for (let second = 0; second < 180; second++) {
      story.after(1);
      seen.push(story.state('a').ramp?.percent ?? (story.standing('a') === 'up' ? 100 : 0));
    }
    const rises = seen.map((value, index) => value - (seen[index - 1] ?? 0));
    expect(rises.every((rise) => rise >= 0 && rise <= 20)).toBe(true);
    expect([...new Set(seen)]).toEqual([0, 5, 25, 45, 65, 85, 100]);
    expect(seen.indexOf(100) - seen.indexOf(5)).toBe(95);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('falls back to nothing when the cluster fails again, and waits longer', () => {
    const story = new Story({ policy: ramp() });
    story.after(5, ['a']);
    story.after(1);
    story.after(400);
    expect(story.left).toEqual({ a: 10 });
    expect(story.after(5, ['a'])?.changes).toMatchObject([{ cluster: 'a', fromPercent: 10, toPercent: 0 }]);
    const failedAtMs = story.now.nowMs;
    story.after(1);
    expect(story.state('a').dwell?.untilMs).toBe(failedAtMs + 600_000);
  });

  it('stands still in a freeze window', () => {
    const story = waiting(ramp(steps));
    story.after(1);
    expect(story.state('a').ramp?.percent).toBe(5);
    const policyNow = ramp(steps, frozen(1000));
    story.after(600, [], { policy: policyNow });
    expect(story.state('a').ramp?.percent).toBe(5);
    story.after(300);
    expect(story.state('a').ramp?.percent).toBe(25);
  });

  it('makes room for the dead: what others cannot serve any more goes to the returning cluster without steps', () => {
    const story = waiting(ramp(steps));
    story.after(1);
    story.after(5, ['b', 'c']);
    expect([story.standing('a'), story.percents]).toEqual(['ramping', [[100, 0, 0]]]);
  });
});

test.each<[string, object, number[]]>([
  ['auto', { mode: 'auto' }, [50, 25, 25]],
  ['ramp', { mode: 'ramp', minimumPercent: 10 }, [5, 48, 47]],
])('a shift that ends gives its cluster back from what it has, by failback %s', (_, failback, percents) => {
  const story = new Story({ policy: policy({ failover: { failback } }) });
  story.ask({ type: 'put-shift', shift: shift() });
  story.after(5);
  story.after(5);
  expect(story.percents).toEqual([[0, 50, 50]]);
  story.ask({ type: 'end-shift', name: 'upgrade' });
  expect(story.percents).toEqual([percents]);
});

it('a backend of which the returning cluster is no member is not touched', () => {
  const placements = [placement({ a: 50, b: 50 }), placement({ b: 30, c: 70 }, { key: 'q' })];
  const story = new Story({ policy: ramp(), placements });
  const seen = [story.percents[1]];
  story.after(5, ['a']);
  for (let passed = 0; passed < 900; passed += 30) {
    story.after(30);
    seen.push(story.percents[1]);
  }
  expect(story.standing('a')).toBe('up');
  expect(new Set(seen.map(String))).toEqual(new Set(['30,70']));
});
