import { describe, expect, it } from 'vitest';
import { fleet, placement, policy, Story, shift } from './story.ts';

describe.each(['recommend', 'paused'])('a fleet in mode %s', (automation) => {
  const own = policy({ automation });

  it('records and shows what it would do, once, and gateways keep what they have', () => {
    const story = new Story({ policy: own });
    const result = story.after(5, ['a']);
    expect(result).toMatchObject({
      outcome: 'withheld',
      changes: [{ cluster: 'a', action: 'withdraw', toPercent: 0 }],
    });
    expect(story.percents).toEqual([[50, 25, 25]]);
    expect(story.traffic.recommended?.backends).toMatchObject([{ points: [0, 50, 50] }]);
    expect(story.after(5, ['a'])).toBeUndefined();
  });

  it('gives gateways what it recommends when somebody applies it, and keeps that until the next time', () => {
    const story = new Story({ policy: own });
    expect(story.ask({ type: 'apply' }), 'there is nothing to apply').toBeUndefined();
    story.after(5, ['a']);
    expect(story.ask({ type: 'apply' })?.outcome).toBe('applied');
    expect([story.percents, story.traffic.recommended]).toEqual([[[0, 50, 50]], undefined]);
    story.after(5);
    story.after(600);
    expect(story.percents).toEqual([[0, 50, 50]]);
    expect(story.traffic.recommended?.backends ?? []).toEqual([]);
    expect(story.ask({ type: 'apply' })?.outcome).toBe('applied');
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('recommends from what gateways have, and not from what it had recommended before', () => {
    const story = new Story({ policy: own });
    story.after(5, ['a']);
    story.ask({ type: 'apply' });
    story.after(5);
    story.after(5, ['b', 'c']);
    expect(story.traffic.recommended?.backends).toMatchObject([{ points: [100, 0, 0] }]);
    story.after(5);
    expect([story.standing('a'), story.percents, story.traffic.recommended]).toEqual([
      'held',
      [[0, 50, 50]],
      undefined,
    ]);
  });

  it('does what it had recommended once it is automatic', () => {
    const story = new Story({ policy: own });
    story.after(5, ['a']);
    expect(story.after(5, ['a'], { policy: policy() })?.outcome).toBe('applied');
    expect([story.percents, story.traffic.recommended]).toEqual([[[0, 50, 50]], undefined]);
  });

  it('keeps what automation had done before', () => {
    const story = new Story();
    story.after(5, ['a']);
    story.after(5, [], { policy: own });
    story.after(3600);
    expect(story.percents).toEqual([[0, 50, 50]]);
    expect(story.traffic.recommended).toBeDefined();
  });

  it.each(['auto', 'ramp', 'manual'])(
    'gives back what a shift or a drill has taken when it ends, failback %s',
    (mode) => {
      const drills = [{ name: 'd', cluster: 'a', durationSeconds: 60, recoveryTargetSeconds: 60 }];
      const story = new Story({ policy: policy({ automation, drills, failover: { failback: { mode } } }) });
      story.ask({ type: 'start-drill', drill: 'd', run: 'drl_1' });
      story.during(20, 5);
      expect(story.percents).toEqual([[0, 50, 50]]);
      story.during(70, 10);
      expect([story.traffic.drill, story.percents]).toEqual([undefined, [[50, 25, 25]]]);
      story.ask({ type: 'put-shift', shift: shift() });
      story.during(20, 5);
      story.ask({ type: 'end-shift', name: 'upgrade' });
      story.after(5);
      expect(story.percents).toEqual([[50, 25, 25]]);
    },
  );

  it('begins a new pool with what is declared, whatever is found of its clusters', () => {
    const story = new Story({ policy: own });
    story.after(5, ['a']);
    story.ask({ type: 'put-shift', shift: shift({ cluster: 'c', percent: 0 }) });
    const placements = [...story.now.placements, placement({ a: 50, b: 50 }, { key: 'new', pools: ['new/80'] })];
    story.after(5, ['a'], { placements });
    expect(story.percents).toEqual([
      [50, 50, 0],
      [50, 50],
    ]);
    expect(story.traffic.recommended?.backends).toMatchObject([{ points: [0, 100, 0] }, { points: [0, 100] }]);
  });

  it('keeps what capacities had moved, when standings, loads and the shifts of others change', () => {
    const members = { a: { weight: 40, capacity: 300 }, b: { weight: 30 }, c: { weight: 20 }, d: { weight: 10 } };
    const story = fleet(members, 1000, own);
    const other = placement({ d: 50, c: 50 }, { key: 'other', pools: ['other/80'] });
    story.after(5, [], { policy: policy(), placements: [...story.now.placements, other] });
    const [given] = story.percents;
    expect(given).toEqual([30, 35, 23, 12]);
    const placements = story.now.placements.map((item) => ({ ...item, load: item.load / 2 }));
    story.after(5, ['b', 'c'], { policy: own, placements });
    story.after(5, ['a'], { placements });
    expect(story.percents[0]).toEqual(given);
    story.after(5, [], { placements: placements.map((item, index) => (index === 0 ? { ...item, load: 0 } : item)) });
    expect([story.percents[0], story.traffic.allocation.overloads]).toEqual([given, []]);
  });

  it('keeps an untouched pool as it was last given when another pool is new', () => {
    const story = new Story({ policy: own });
    story.after(5, ['a']);
    story.ask({ type: 'apply' });
    const placements = [...story.now.placements, placement({ a: 50, b: 50 }, { key: 'new', pools: ['new/80'] })];
    story.after(5, ['a'], { placements });
    expect(story.percents[0]).toEqual([0, 50, 50]);
  });
});
