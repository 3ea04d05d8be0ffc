import { describe, expect, it } from 'vitest';
import { incidentsIn } from './incident-facts.ts';
import { facts, fleet, HOUR, placement, policy, Story, shift } from './story.ts';

/** What several limits on one cluster, and capacities over all backends, leave to each cluster. */

describe('capacity', () => {
  const clusters = (capacities: Record<string, number>) =>
    ['a', 'b', 'c'].map((name) => facts(name, { capacity: capacities[name] }));

  it('moves what is too much for a cluster to one that has room, and headroom keeps a part of it free', () => {
    const story = new Story({
      policy: policy({ failover: { headroomPercent: 10 } }),
      clusters: clusters({ a: 1000, b: 500, c: 2000 }),
      placements: [placement({ a: 50, b: 25, c: 25 }, { load: 1000 })],
    });
    const result = story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 50, 50]]);
    expect(result?.flags).toEqual([]);
    story.after(5, ['a'], { clusters: clusters({ a: 1000, b: 400, c: 2000 }) });
    expect(story.percents).toEqual([[0, 40, 60]]);
  });

  it('never keeps points on a dead cluster: others are overloaded, and that is said', () => {
    const story = new Story({
      clusters: clusters({ a: 1000, b: 250, c: 250 }),
      placements: [placement({ a: 50, b: 25, c: 25 }, { load: 1000 })],
    });
    const result = story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 50, 50]]);
    expect(result).toMatchObject({ outcome: 'applied', flags: ['overload'] });
    expect(incidentsIn(story)).toMatchObject([
      { key: 'prod/cluster/b/overload', summary: 'b has to serve 500 requests per second and can serve 250.' },
      { key: 'prod/cluster/c/overload' },
    ]);
  });

  it('brings a cluster that only dwells back before others are above 110 %', () => {
    const story = fleet({ a: { weight: 1, capacity: 100 }, b: { weight: 1, capacity: 100 } }, 150);
    story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 100]]);
    story.after(5);
    expect(story.standing('a')).toBe('held');
    const [[a = 0, b = 0] = []] = story.percents;
    expect(a + b).toBe(100);
    expect(b * 1.5).toBeLessThanOrEqual(110);
  });

  it('binds over all backends together, and a backend that is not touched keeps its declared split', () => {
    const story = new Story({
      clusters: clusters({ b: 60 }),
      placements: [
        placement({ a: 50, b: 50 }, { key: 'p', load: 100 }),
        placement({ a: 70, c: 30 }, { key: 'q', load: 100 }),
        placement({ b: 10, c: 90 }, { key: 'r', load: 100 }),
      ],
    });
    story.after(5);
    expect(story.percents).toEqual([
      [50, 50],
      [70, 30],
      [10, 90],
    ]);
    story.after(5, [], { clusters: clusters({ b: 30 }) });
    const [[, inP = 0] = [], inQ, [inR = 0] = []] = story.percents;
    expect(inQ).toEqual([70, 30]);
    expect([inP, inR]).toEqual([25, 5]);
  });
});

describe('several limits on one cluster', () => {
  it('leave it the least of what each of them leaves', () => {
    const ramp = policy({ failover: { failback: { mode: 'ramp', minimumPercent: 20 } } });
    const story = new Story({ policy: ramp });
    story.ask({ type: 'put-shift', shift: shift({ percent: 60, expiresAtMs: story.now.nowMs + 10 * HOUR }) });
    story.after(5);
    expect(story.percents[0]?.[0]).toBe(30);
    story.after(5, ['a']);
    expect(story.percents[0]?.[0]).toBe(0);
    story.after(5);
    story.after(300);
    expect([story.standing('a'), story.percents[0]?.[0]]).toEqual(['ramping', 5]);
    story.during(600, 30);
    expect([story.standing('a'), story.percents[0]?.[0]]).toEqual(['up', 30]);
  });

  it('are lifted one after the other: a drained cluster that is down serves when all others are, and a living one before it', () => {
    const story = new Story();
    story.ask({ type: 'put-shift', shift: shift() });
    story.after(5);
    story.after(5, ['b']);
    expect(story.percents).toEqual([[0, 0, 100]]);
    story.after(5, ['b', 'c']);
    expect(story.percents).toEqual([[100, 0, 0]]);
    expect(incidentsIn(story)).toMatchObject([{ key: 'prod/cluster/a/stranded', severity: 'critical' }]);
    story.after(5, ['a', 'b', 'c']);
    expect(story.percents).toEqual([[50, 25, 25]]);
  });
});
