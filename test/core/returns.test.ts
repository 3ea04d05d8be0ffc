import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/core/decide.ts';
import { placementShares } from '../../functions/core/distribution.ts';
import { health, T0 } from './fixtures.ts';
import { HOUR, holding, out, percentsIn, placement, policy, Story, situation } from './situations.ts';

describe('a return', () => {
  const healthy = (sinceMs: number) => [
    health('a', 'healthy', { sinceMs }),
    health('b', 'healthy'),
    health('c', 'healthy'),
  ];

  it('R17: waits until the cluster has been healthy for the dwell time', () => {
    const traffic = holding(out('a'));
    expect(decide(situation({ health: healthy(T0 - 119_999), traffic }))).toBeUndefined();
    expect(decide(situation({ health: healthy(T0 - 120_000), traffic }))?.changes).toMatchObject([
      { cluster: 'a', action: 'restore', reason: 'healthy for the dwell time of 120 s' },
    ]);
  });

  it('R16: waits for the cooldown, which doubles with each failure within the hour, up to an hour', () => {
    const story = new Story();
    const holds: number[] = [];
    for (let failure = 0; failure < 4; failure++) {
      story.after(5, ['a']);
      const [outage] = story.traffic.automation.outages;
      holds.push(((outage?.heldUntilMs ?? 0) - story.now.nowMs) / 1000);
      const heldSeconds = holds.at(-1) ?? 0;
      story.after(1);
      expect(story.after(heldSeconds - 2)).toBeUndefined();
      expect(story.after(1)?.changes).toMatchObject([{ cluster: 'a', action: 'restore' }]);
    }
    expect(holds).toEqual([300, 600, 1200, 2400]);
  });

  it('R16: never delays a withdrawal', () => {
    const story = new Story();
    story.after(5, ['a']);
    story.after(1);
    story.after(400);
    expect(story.left).toEqual({});
    expect(story.after(1, ['a'])?.changes).toMatchObject([{ action: 'withdraw' }]);
  });

  it('R17: waits for somebody where failback is manual', () => {
    const story = new Story({
      policy: policy({ failover: { failback: { mode: 'manual' } } }),
      traffic: holding(out('a')),
    });
    expect(story.after(600)).toBeUndefined();
    expect(story.ask({ type: 'restore', cluster: 'a' })?.traffic.withdrawals).toEqual([]);
    expect(story.ask({ type: 'restore', cluster: 'b' })).toMatchObject({
      outcome: 'refused',
      rules: [{ rule: 'restore', passed: false }],
    });
  });

  it('R17: waits for the end of a freeze window', () => {
    const freezeWindows = [
      { type: 'once', from: new Date(T0 - 1000).toISOString(), to: new Date(T0 + 5000).toISOString() },
    ];
    const story = new Story({ policy: policy({ failover: { freezeWindows } }), traffic: holding(out('a')) });
    expect(story.after(4)).toBeUndefined();
    expect(story.after(1)?.changes).toMatchObject([{ action: 'restore' }]);
  });

  it('R24: waits until the gateways follow', () => {
    const story = new Story({ traffic: holding(out('a')) });
    expect(story.after(5, [], { verifiedAtMs: undefined })).toBeUndefined();
    expect(story.after(5)?.changes).toMatchObject([{ action: 'restore' }]);
  });

  it('R17: is one at a time, first out first', () => {
    const story = new Story({ traffic: holding(out('a', { sinceMs: T0 - 10 }), out('b', { sinceMs: T0 - 20 })) });
    expect(story.after(5)?.changes).toMatchObject([{ cluster: 'b' }]);
    expect(story.after(5)?.changes).toMatchObject([{ cluster: 'a' }]);
  });

  it('I7: by the ramp never falls, keeps its steps, and ends with the whole share', () => {
    const ramp = { failback: { mode: 'ramp', rampSeconds: 100, minimumPercent: 5, stepPercent: 20 } };
    const story = new Story({
      policy: policy({ failover: ramp }),
      traffic: holding(out('a'), out('b', { sinceMs: T0 })),
    });
    const seen: number[] = [];
    for (let second = 0; second < 120; second++) {
      story.after(1);
      seen.push(story.left['a'] ?? 100);
      if ((story.left['a'] ?? 100) < 100) expect(story.left['b']).toBe(0);
    }
    expect(seen.every((value, index) => value >= (seen[index - 1] ?? 0) && value - (seen[index - 1] ?? 0) <= 20)).toBe(
      true,
    );
    expect([seen[0], seen.at(-1)]).toEqual([5, 100]);
    expect(seen.indexOf(100)).toBe(95);
  });

  it('R17: by the ramp falls back to nothing when the cluster fails again, and waits longer', () => {
    const ramp = { failback: { mode: 'ramp' } };
    const story = new Story({ policy: policy({ failover: ramp }) });
    story.after(5, ['a']);
    story.after(1);
    story.after(400);
    expect(story.left).toEqual({ a: 10 });
    expect(story.after(5, ['a'])?.changes).toMatchObject([{ cluster: 'a', fromPercent: 10, toPercent: 0 }]);
    expect(story.traffic.automation.outages).toMatchObject([{ phase: 'out', heldUntilMs: story.now.nowMs + 600_000 }]);
  });

  it('does not wait when a backend has nobody else', () => {
    const two = [placement({ a: 50, b: 50 })];
    const held = { heldUntilMs: T0 + HOUR };
    const traffic = holding(out('a', held), out('b', { ...held, sinceMs: T0 }));
    const records = [health('a', 'healthy', { sinceMs: T0 }), health('b', 'unhealthy'), health('c', 'healthy')];
    const verdict = decide(situation({ placements: two, health: records, traffic }));
    expect(verdict?.changes).toMatchObject([{ cluster: 'a', action: 'restore' }]);
    expect(verdict && placementShares(placement({ a: 50, b: 50 }), verdict.traffic)).toMatchObject([
      { percent: 100 },
      { percent: 0 },
    ]);
  });

  it('waits all the same when the cluster is the one that is kept', () => {
    const two = [placement({ a: 50, b: 50 })];
    const held = { heldUntilMs: T0 + HOUR };
    const traffic = holding(out('a', held), out('b', { ...held, sinceMs: T0 }));
    const records = [health('a', 'unhealthy'), health('b', 'healthy', { sinceMs: T0 }), health('c', 'healthy')];
    expect(percentsIn(traffic, two)).toEqual([[0, 100]]);
    const calm = policy({ failover: { panic: { thresholdPercent: 0 } } });
    expect(decide(situation({ policy: calm, placements: two, health: records, traffic }))).toBeUndefined();
  });
});
