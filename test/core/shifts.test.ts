import { describe, expect, it } from 'vitest';
import { T0 } from './fixtures.ts';
import { facts, policy, Story, shift } from './situations.ts';

const put = (overrides = {}) => ({ type: 'put-shift' as const, shift: shift(overrides) });

describe('a shift', () => {
  it('R15: takes a cluster that answers out in two steps, the second once the gateways follow the first', () => {
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
    expect(story.left).toEqual({ a: 0 });
  });

  it('moves by its own steps, and waits between them', () => {
    const story = new Story();
    story.ask(put({ percent: 40, stepPercent: 25, stepSeconds: 30 }));
    const seen = [story.left['a']];
    for (let second = 0; second < 100; second++) {
      if (story.after(1)?.changes.length) seen.push(story.left['a']);
    }
    expect(seen).toEqual([75, 50, 40]);
    expect(story.after(1)).toBeUndefined();
  });

  it('R19: drains for its time after the last share is gone, and no longer when the cluster fails', () => {
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

  it('I11: keeps automation off its cluster, in both directions', () => {
    const story = new Story();
    story.ask(put({ percent: 100 }));
    story.after(5);
    expect(story.after(5, ['a'])).toBeUndefined();
    expect(story.left).toEqual({});
  });

  it('of 100 brings a cluster back that automation has withdrawn', () => {
    const story = new Story();
    story.after(5, ['a']);
    expect(story.ask(put({ percent: 100 }))?.changes).toMatchObject([{ cluster: 'a', action: 'restore' }]);
  });

  it('R21: expires, and its cluster returns by the ramp, whatever the failback mode', () => {
    const failover = { failback: { mode: 'manual', rampSeconds: 100, minimumPercent: 10, stepPercent: 30 } };
    const story = new Story({ policy: policy({ failover }) });
    story.ask(put({ expiresAtMs: T0 + 60_000 }));
    for (let second = 0; second < 59; second++) story.after(1);
    expect(story.left).toEqual({ a: 0 });
    const seen: number[] = [];
    for (let second = 0; second < 120; second++) {
      if (story.after(1)?.changes.length) seen.push(story.left['a'] ?? 100);
    }
    expect(seen).toEqual([10, 40, 70, 100]);
    expect(story.verdicts.at(-1)).toMatchObject({
      endings: [{ type: 'shift', name: 'upgrade', id: 'shf_1', by: 'expiry' }],
      events: [{ type: 'shift.ended' }],
    });
    expect(story.traffic.shifts).toEqual([]);
  });

  it('that has ended gives back no more than automation allows', () => {
    const story = new Story({ policy: policy({ failover: { failback: { mode: 'ramp' } } }) });
    story.ask(put());
    story.after(5);
    story.ask({ type: 'end-shift', name: 'upgrade' }, 'bob');
    story.after(5);
    expect(story.left).toEqual({ a: 10 });
    story.after(5, ['a']);
    expect(story.left).toEqual({ a: 0 });
    story.after(5, ['a']);
    expect(story.traffic.shifts).toEqual([]);
    expect(story.verdicts.flatMap(({ endings }) => endings)).toMatchObject([{ by: 'bob' }]);
  });

  it('does not return in a freeze window, nor before the cluster is healthy', () => {
    const freezeWindows = [{ type: 'once', from: new Date(T0).toISOString(), to: new Date(T0 + 60_000).toISOString() }];
    const story = new Story({ policy: policy({ failover: { freezeWindows } }) });
    story.ask(put());
    story.after(5);
    story.ask({ type: 'end-shift', name: 'upgrade' });
    expect(story.after(5)).toBeUndefined();
    expect(story.after(60)?.changes).toMatchObject([{ action: 'raise' }]);
  });

  it('that is renewed stays where it is; another target moves it from there', () => {
    const story = new Story();
    story.ask(put());
    story.after(5);
    story.after(5);
    const renewed = story.ask(put({ expiresAtMs: T0 + 2 * 86_400_000, reason: 'takes longer' }));
    expect(renewed).toMatchObject({ changes: [], traffic: { shifts: [{ phase: 'applied', reason: 'takes longer' }] } });
    expect(story.ask(put({ percent: 30 }))?.changes).toMatchObject([{ action: 'raise', toPercent: 30 }]);
  });

  it('is refused when what it leads to breaks a rule, though its first step would not', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 3 } }) });
    const verdict = story.ask(put());
    expect(verdict).toMatchObject({ outcome: 'refused', changes: [], traffic: { version: 0 } });
    expect(verdict?.rules).toContainEqual(expect.objectContaining({ rule: 'min-serving', passed: false }));
    expect(story.ask(put({ percent: 1 }))?.outcome).toBe('applied');
  });

  it('is refused when it would overload others, or takes the place of a live one', () => {
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { capacity: 400 }));
    const placements = [
      {
        key: 'p',
        members: ['a', 'b', 'c'].map((cluster) => ({ cluster, weight: 1, tier: 0 })),
        pinned: false,
        load: 900,
        services: [],
      },
    ];
    const story = new Story({ clusters, placements });
    expect(story.ask(put())?.rules).toContainEqual(expect.objectContaining({ rule: 'capacity', passed: false }));
    const other = new Story();
    other.ask(put());
    expect(other.ask(put({ name: 'second' }))).toMatchObject({ outcome: 'refused', rules: [{ rule: 'shift' }] });
    expect(other.ask(put({ name: 'third', cluster: 'nowhere' }))).toMatchObject({ outcome: 'refused' });
    expect(other.ask({ type: 'end-shift', name: 'unknown' })).toMatchObject({ outcome: 'refused' });
  });

  it('R10: is refused when it would leave nobody to serve, at once or by its last step', () => {
    const story = new Story();
    story.ask(put());
    story.after(5);
    const others = story.now.clusters.map(({ name }) => name).filter((name) => name !== 'a');
    const last = others.pop();
    for (const cluster of others) {
      story.ask(put({ name: `also-${cluster}`, cluster }));
      story.after(5);
    }
    const refused = story.ask(put({ name: 'last', cluster: last }));
    expect(refused?.outcome).toBe('refused');
    expect(refused?.rules).toContainEqual(expect.objectContaining({ rule: 'never-empty', passed: false }));
  });

  it('ends with its cluster', () => {
    const story = new Story();
    story.ask(put());
    story.after(5, [], { clusters: [facts('b'), facts('c')] });
    expect(story.traffic).toMatchObject({ shifts: [], withdrawals: [] });
  });
});
