import { describe, expect, it } from 'vitest';
import { T0 } from './fixtures.ts';
import { facts, fleet, HOUR, holding, out, placement, policy, Story, shift } from './story.ts';

const put = (overrides = {}) => ({ type: 'put-shift' as const, shift: shift(overrides) });

const end = { type: 'end-shift' as const, name: 'upgrade' };

describe('a drain', () => {
  it('takes a cluster that answers out in two steps, the second once the gateways follow the first', () => {
    const story = new Story();
    expect(story.ask(put())?.changes).toMatchObject([
      { cluster: 'a', action: 'reduce', fromPercent: 100, toPercent: 50, reason: 'shift upgrade: kernel upgrade' },
    ]);
    expect(story.after(5, [], { verifiedAtMs: undefined })).toBeUndefined();
    expect(story.after(5)?.changes).toMatchObject([{ action: 'withdraw', fromPercent: 50, toPercent: 0 }]);
    expect(story.after(5)?.traffic.shifts).toMatchObject([{ phase: 'applied', currentPercent: 0 }]);
    expect(story.after(5)).toBeUndefined();
  });

  it('cuts a cluster that has failed at once', () => {
    const story = new Story({ policy: policy({ automation: 'paused' }) });
    story.after(5, ['a']);
    story.ask(put());
    expect(story.percents).toEqual([[0, 50, 50]]);
  });

  it('moves by its own steps, and waits between them', () => {
    const story = new Story();
    story.ask(put({ percent: 40, stepPercent: 25, stepSeconds: 30 }));
    const seen = [story.left['a']];
    for (let second = 0; second < 100; second++) {
      if (story.after(1)?.changes.length) seen.push(story.left['a']);
    }
    expect(seen).toEqual([75, 50, 40]);
    expect(story.percents).toEqual([[20, 40, 40]]);
    expect(story.after(1)).toBeUndefined();
  });

  it('takes its time after the last share is gone, and no longer when the cluster fails', () => {
    const draining = () => {
      const story = new Story({ policy: policy({ failover: { drainSeconds: 60 } }) });
      story.ask(put());
      story.after(5);
      expect(story.traffic.shifts).toMatchObject([{ phase: 'draining' }]);
      return story;
    };
    const story = draining();
    for (let waited = 0; waited < 59; waited++) story.after(1, [], { verifiedAtMs: T0 + 5000 });
    expect(story.traffic.shifts).toMatchObject([{ phase: 'draining' }]);
    story.after(1, [], { verifiedAtMs: T0 + 5000 });
    expect(story.traffic.shifts).toMatchObject([{ phase: 'applied' }]);
    const failed = draining();
    failed.after(1, ['a']);
    expect(failed.traffic.shifts).toMatchObject([{ phase: 'applied' }]);
  });

  it('is a limit besides what automation knows: its cluster is left when it fails, and returns to the part of the drain', () => {
    const story = new Story();
    story.ask(put({ percent: 60 }));
    story.after(5);
    story.after(5, ['a']);
    expect([story.standing('a'), story.percents]).toEqual(['down', [[0, 50, 50]]]);
    story.after(5);
    story.after(300);
    expect([story.standing('a'), story.percents]).toEqual(['up', [[30, 35, 35]]]);
  });

  it('of 0 yields when nobody else is left, and takes the traffic away again when somebody is', () => {
    const story = new Story();
    story.ask(put());
    story.after(5);
    story.after(5);
    story.after(5, ['b', 'c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
    expect(story.traffic.shifts, 'it is not said to be empty').toMatchObject([{ phase: 'moving' }]);
    story.after(60, ['c']);
    expect(story.percents).toEqual([[0, 100, 0]]);
    story.after(5, ['c']);
    expect(story.traffic.shifts).toMatchObject([{ phase: 'applied' }]);
  });

  it.each([0, 40])('T-9: to %s of each cluster is applied of none that serves more than that', (percent) => {
    const rules = ['never-empty', 'min-serving', 'min-base', 'exclusive'] as const;
    const glass = { name: 'night', id: 'bg_1', rules: [...rules], owner: 'alice', reason: 'r', createdAtMs: T0 };
    const story = new Story();
    story.ask({ type: 'put-break-glass', breakGlass: { ...glass, expiresAtMs: T0 + HOUR } });
    for (const cluster of ['a', 'b', 'c']) {
      story.ask(put({ name: `off-${cluster}`, id: `shf_${cluster}`, cluster, percent }));
      story.after(2);
    }
    story.during(60, 5);
    const [points = []] = story.percents;
    const [served, said] = [points.reduce((sum, own) => sum + own, 0), story.traffic.shifts.map(({ phase }) => phase)];
    expect(served).toBe(100);
    const isMore = points.map((own, index) => own > ([50, 25, 25][index] ?? 0) * (percent / 100));
    expect(isMore.map((more, index) => more && said[index] === 'applied')).toEqual([false, false, false]);
  });

  it('that is renewed stays where it is; another target moves it from there', () => {
    const story = new Story();
    story.ask(put());
    story.after(5);
    story.after(5);
    const renewed = story.ask(put({ expiresAtMs: T0 + 48 * HOUR, reason: 'takes longer' }));
    expect(renewed).toMatchObject({ changes: [], traffic: { shifts: [{ phase: 'applied', reason: 'takes longer' }] } });
    expect(story.ask(put({ percent: 30 }))?.changes).toMatchObject([{ action: 'raise', toPercent: 30 }]);
  });

  it('moves a pinned backend not at all, and an isolation moves it', () => {
    const placements = [placement({ a: 1, b: 1 }, { pinned: true })];
    const drained = new Story({ placements });
    drained.ask(put());
    drained.after(5);
    expect(drained.percents).toEqual([[50, 50]]);
    const isolated = new Story({ placements });
    isolated.ask(put({ mode: 'isolate' }));
    expect(isolated.percents).toEqual([[0, 100]]);
  });
});

describe('an isolation', () => {
  it('takes everything at once, and in the worst night, too', () => {
    const story = new Story();
    story.ask(put({ mode: 'isolate' }));
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(5, ['b', 'c']);
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(5, ['a', 'b', 'c']);
    expect(story.percents).toEqual([[0, 50, 50]]);
  });

  it('is in force where automation does not act', () => {
    const story = new Story({ policy: policy({ automation: 'paused' }) });
    story.ask(put({ mode: 'isolate' }));
    expect(story.percents).toEqual([[0, 50, 50]]);
  });

  it('is refused where nobody would be left', () => {
    const story = new Story({ placements: [placement({ a: 1 }, { services: ['pay'] })] });
    const result = story.ask(put({ mode: 'isolate' }));
    expect(result).toMatchObject({
      outcome: 'refused',
      rules: [
        { rule: 'never-empty', passed: false, cluster: 'a' },
        { rule: 'min-serving', passed: true },
      ],
    });
    expect(result?.rules[0]?.detail).toContain('pay');
  });
});

describe('a keep', () => {
  const keep = (overrides = {}) => put({ mode: 'keep', percent: 100, ...overrides });

  it('makes a cluster count as healthy, whatever its voters see', () => {
    const story = new Story();
    story.ask(keep());
    story.after(5);
    story.during(60, 5, ['a']);
    expect([story.standing('a'), story.percents]).toEqual(['up', [[50, 25, 25]]]);
  });

  it('holds in the decision that it comes with', () => {
    const story = new Story();
    story.after(5, ['a'], { command: keep() });
    expect([story.standing('a'), story.percents]).toEqual(['up', [[50, 25, 25]]]);
  });

  it('brings a cluster back that automation has left, as any that is found healthy', () => {
    const story = new Story({ traffic: holding([out('a')]) });
    story.after(5, ['a']);
    story.ask(keep());
    story.during(130, 5, ['a']);
    expect([story.standing('a'), story.percents]).toEqual(['up', [[50, 25, 25]]]);
  });

  it('ends with its time: a cluster that fails is left in the same decision', () => {
    const story = new Story();
    story.ask(keep({ expiresAtMs: T0 + 60_000 }));
    story.during(55, 5, ['a']);
    expect(story.percents).toEqual([[50, 25, 25]]);
    story.after(5, ['a']);
    expect([story.standing('a'), story.percents, story.traffic.shifts]).toEqual(['down', [[0, 50, 50]], []]);
  });

  it('that ends takes nothing from a cluster that is well', () => {
    const story = new Story();
    story.ask(keep());
    story.after(5);
    story.ask(end);
    expect([story.standing('a'), story.percents]).toEqual(['up', [[50, 25, 25]]]);
  });
});

describe('the end of a shift', () => {
  it('comes with its time, and its cluster returns by the ramp, without consent', () => {
    const failback = { mode: 'manual', rampSeconds: 100, minimumPercent: 10, stepPercent: 30 };
    const story = new Story({ policy: policy({ failover: { failback } }) });
    story.ask(put({ expiresAtMs: T0 + 60_000 }));
    story.during(59, 1);
    expect(story.left).toEqual({ a: 0 });
    const seen: unknown[] = [];
    for (let second = 0; second < 120; second++) {
      const result = story.after(1);
      if (second === 0) {
        expect(result).toMatchObject({
          endings: [{ type: 'shift', name: 'upgrade', id: 'shf_1', by: 'expiry' }],
          events: [{ type: 'shift.ended' }],
        });
      }
      if (result?.changes.length) seen.push(story.state('a').ramp?.percent);
    }
    expect(seen).toEqual([10, 40, 70, undefined]);
    expect([story.traffic.shifts, story.percents]).toEqual([[], [[50, 25, 25]]]);
  });

  it('gives back no more than automation allows', () => {
    const story = new Story({ policy: policy({ failover: { failback: { mode: 'ramp' } } }) });
    story.ask(put());
    story.after(5);
    story.ask(end, 'bob');
    story.after(5);
    expect(story.left).toEqual({ a: 10 });
    story.after(5, ['a']);
    expect(story.left).toEqual({ a: 0 });
    expect(story.results.flatMap(({ endings }) => endings)).toMatchObject([{ by: 'bob' }]);
  });

  it('of a part gives back from that part, and never takes from it first', () => {
    const story = new Story({ policy: policy({ failover: { failback: { mode: 'ramp', stepPercent: 20 } } }) });
    story.ask(put({ percent: 60 }));
    story.after(5);
    expect(story.percents[0]?.[0]).toBe(30);
    story.ask(end);
    expect([story.standing('a'), story.percents[0]?.[0]]).toEqual(['ramping', 30]);
    story.after(60);
    expect(story.percents[0]?.[0]).toBe(40);
  });

  it('leaves the cluster as it is in a freeze window, and while it is down', () => {
    const freezeWindows = [{ type: 'once', from: new Date(T0).toISOString(), to: new Date(T0 + 60_000).toISOString() }];
    const story = new Story({ policy: policy({ failover: { freezeWindows } }) });
    story.ask(put());
    story.after(5);
    story.ask(end);
    story.after(5);
    expect(story.percents).toEqual([[0, 50, 50]]);
    story.after(60);
    expect(story.percents).toEqual([[50, 25, 25]]);
    const dead = new Story();
    dead.ask(put());
    dead.after(5, ['a']);
    dead.ask(end);
    dead.after(5, ['a']);
    expect([dead.standing('a'), dead.percents]).toEqual(['down', [[0, 50, 50]]]);
  });

  it('comes with the end of its cluster', () => {
    const story = new Story();
    story.ask(put());
    const result = story.after(5, [], { clusters: [facts('b'), facts('c')] });
    expect(result?.endings).toMatchObject([{ by: 'automation' }]);
    expect(story.traffic).toMatchObject({ shifts: [], clusters: [] });
  });
});

describe('a shift is refused', () => {
  it('when what it leads to breaks a rule, though its first step would not', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 3 } }) });
    const result = story.ask(put());
    expect(result).toMatchObject({ outcome: 'refused', changes: [], traffic: { version: 0 } });
    expect(result?.rules).toContainEqual(expect.objectContaining({ rule: 'min-serving', passed: false }));
    expect(story.ask(put({ percent: 10 }))?.outcome).toBe('applied');
  });

  it('when it leaves fewer living clusters than must serve: those that are down do not count', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 2 } }) });
    story.after(5, ['c']);
    expect(story.ask(put())?.rules).toContainEqual(expect.objectContaining({ rule: 'min-serving', passed: false }));
  });

  it('when it would overload others', () => {
    const story = fleet(Object.fromEntries(['a', 'b', 'c'].map((name) => [name, { weight: 1, capacity: 400 }])), 900);
    expect(story.ask(put())?.rules).toContainEqual(expect.objectContaining({ rule: 'capacity', passed: false }));
  });

  it('when it would leave nobody to serve, at once or by its last step', () => {
    const story = new Story();
    story.ask(put());
    story.after(5);
    story.ask(put({ name: 'also', id: 'shf_2', cluster: 'b' }));
    story.after(5);
    const refused = story.ask(put({ name: 'last', id: 'shf_3', cluster: 'c' }));
    expect(refused?.outcome).toBe('refused');
    expect(refused?.rules).toContainEqual(expect.objectContaining({ rule: 'never-empty', passed: false }));
  });

  it('when its cluster has another one, is another one, or is none at all', () => {
    const story = new Story();
    story.ask(put());
    expect(story.ask(put({ name: 'second' }))).toMatchObject({ outcome: 'refused', rules: [{ rule: 'shift' }] });
    expect(story.ask(put({ cluster: 'b' }))).toMatchObject({ outcome: 'refused', rules: [{ rule: 'shift' }] });
    expect(story.ask(put({ name: 'third', cluster: 'nowhere' }))).toMatchObject({ outcome: 'refused' });
    const result = story.ask({ type: 'end-shift', name: 'unknown' });
    expect([result?.outcome, result?.endings], 'there is nothing to end').not.toContain('refused');
    expect(story.traffic.shifts).toHaveLength(1);
  });

  it('and is done under a break-glass, which is named', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 3 } }) });
    const times = { createdAtMs: T0, expiresAtMs: T0 + 60_000 };
    const rules = ['min-serving' as const];
    const breakGlass = { name: 'night', id: 'bgl_1', rules, owner: 'alice', reason: 'r', ...times };
    expect(story.ask({ type: 'put-break-glass', breakGlass })).toMatchObject({ outcome: 'applied', changes: [] });
    const result = story.ask(put());
    expect(result).toMatchObject({ outcome: 'applied', flags: ['break-glass'] });
    expect(result?.rules).toContainEqual(expect.objectContaining({ rule: 'min-serving', overriddenBy: 'night' }));
    expect(story.after(60)?.endings).toEqual([{ type: 'break-glass', name: 'night', id: 'bgl_1', by: 'expiry' }]);
  });
});
