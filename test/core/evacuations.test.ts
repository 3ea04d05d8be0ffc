import { describe, expect, it } from 'vitest';
import { contextOf } from '../../functions/core/failover/context.ts';
import { previewShifts } from '../../functions/core/failover/put-shifts.ts';
import type { LiveShift } from '../../functions/core/failover/traffic.ts';
import { fleet, policy, Story, shift } from './story.ts';

const of = (cluster: string, rest: Partial<LiveShift> = {}) =>
  shift({ cluster, name: `evacuation-${cluster}`, id: `shf_${cluster}`, ...rest });
const evacuate = (...clusters: string[]) => ({ type: 'evacuate' as const, shifts: clusters.map((name) => of(name)) });
const giveBack = (...clusters: string[]) => ({ type: 'return' as const, clusters });

describe('an evacuation of several clusters', () => {
  it('begins all shifts in one decision', () => {
    const story = new Story();
    expect(story.ask(evacuate('a', 'b'))).toMatchObject({ outcome: 'applied', traffic: { version: 1 } });
    story.after(5);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('is judged by what all of them lead to: none begins where each alone would hold', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 2 } }) });
    const refused = story.ask(evacuate('a', 'b'));
    expect(refused).toMatchObject({ outcome: 'refused', rules: [{ rule: 'min-serving', passed: false }] });
    expect(story.traffic.shifts).toEqual([]);
    expect(story.ask(evacuate('a'))?.outcome).toBe('applied');
  });

  it('of everything is refused, with the service that nobody would serve', () => {
    const story = new Story();
    expect(story.ask(evacuate('a', 'b', 'c'))?.rules).toContainEqual(
      expect.objectContaining({ rule: 'never-empty', detail: 'no cluster would be left that may serve shop' }),
    );
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('goes on from the shift that a cluster has, which ends and gives nothing back meanwhile', () => {
    const story = new Story();
    story.ask({ type: 'put-shift', shift: shift({ percent: 50 }) });
    story.after(5);
    const result = story.ask(evacuate('a'));
    expect(result?.endings).toEqual([{ type: 'shift', name: 'upgrade', id: 'shf_1', by: 'alice' }]);
    expect(story.traffic.shifts.map(({ name }) => name)).toEqual(['evacuation-a']);
    expect(story.during(20, 5).every(([a = 0]) => a <= 25)).toBe(true);
    expect(story.percents).toEqual([[0, 50, 50]]);
  });

  it('sent again changes nothing', () => {
    const story = new Story();
    story.ask(evacuate('a', 'b'));
    story.after(5);
    story.after(5);
    expect(story.ask(evacuate('a', 'b'))).toBeUndefined();
  });

  it('is foreseen with the points that come of it, though a rule forbids it', () => {
    const story = fleet({ a: { weight: 60, capacity: 600 }, b: { weight: 40, capacity: 400 } }, 800);
    const { rules, allocation } = previewShifts(contextOf(story.now), story.traffic, [of('a')]);
    expect(rules).toContainEqual(expect.objectContaining({ rule: 'capacity', passed: false }));
    expect(allocation.backends).toMatchObject([{ points: [0, 100] }]);
  });
});

describe('a return', () => {
  it('ends what takes clusters out, and no `keep`', () => {
    const story = new Story();
    story.ask(evacuate('a'));
    story.ask({ type: 'put-shift', shift: of('b', { mode: 'keep', percent: 100, name: 'fine' }) });
    story.after(5);
    expect(story.ask(giveBack('a', 'b'))?.endings).toMatchObject([{ name: 'evacuation-a', by: 'alice' }]);
    expect(story.traffic.shifts.map(({ name }) => name)).toEqual(['fine']);
    story.after(5);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('gives consent to those that wait, all in one decision', () => {
    const failover = { cooldownSeconds: 0, failback: { mode: 'manual' } };
    const story = new Story({ policy: policy({ failover, health: { dwellSeconds: 0 } }) });
    story.after(5, ['a', 'b']);
    story.after(5);
    story.after(3600);
    expect([story.standing('a'), story.standing('b')]).toEqual(['held', 'held']);
    const { version } = story.traffic;
    story.ask(giveBack('a', 'b'));
    expect(story.traffic.version).toBe(version + 1);
    expect([story.state('a'), story.state('b')]).toMatchObject([{ standing: 'ramping' }, { isApproved: true }]);
  });

  it('of clusters that nothing holds changes nothing, and is not refused', () => {
    expect(new Story().ask(giveBack('a', 'b', 'c'))).toBeUndefined();
  });
});
