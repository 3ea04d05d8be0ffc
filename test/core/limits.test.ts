import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/core/decide.ts';
import { health, T0, vote } from './fixtures.ts';
import { facts, failing, percentsIn, placement, policy, Story, shift, situation } from './situations.ts';

describe('R18: failures of different fault domains within the window, where the policy halts', () => {
  const halting = policy({ failover: { correlation: { action: 'halt' } } });

  it('withdraw the first, halt, and ask', () => {
    const story = new Story({ policy: halting });
    const verdict = story.after(5, ['b', 'c']);
    expect(story.left).toEqual({ b: 0 });
    expect(verdict).toMatchObject({ flags: ['halted'], events: [{ type: 'automation.halted', clusters: ['b', 'c'] }] });
    expect(story.after(60, ['b', 'c'])).toBeUndefined();
  });

  it('are taken for what they are when somebody lets automation go on', () => {
    const story = new Story({ policy: halting });
    story.after(5, ['b', 'c']);
    expect(story.ask({ type: 'resume' })?.traffic.automation.halt).toBeUndefined();
    expect(story.left).toEqual({ b: 0, c: 0 });
    expect(story.ask({ type: 'resume' })).toMatchObject({ outcome: 'refused' });
  });

  it('end the halt by themselves once all of them have been healthy for the dwell time', () => {
    const story = new Story({ policy: halting });
    story.after(5, ['b', 'c']);
    story.after(5, ['c']);
    story.after(1);
    expect(story.after(118)).toBeUndefined();
    expect(story.after(2)?.traffic.automation.halt).toBeUndefined();
  });

  it('stand alone within one fault domain, and after the window', () => {
    const sameSite = ['a', 'b', 'c'].map((name) => facts(name, { faultDomain: 'hangzhou' }));
    const health = failing({ b: T0, c: T0 });
    expect(decide(situation({ policy: halting, clusters: sameSite, health }))?.traffic.withdrawals).toHaveLength(2);
    const story = new Story({ policy: halting });
    story.after(5, ['b']);
    story.after(61, ['b', 'c']);
    expect(story.left).toEqual({ b: 0, c: 0 });
  });
});

describe('R13: when too little is left', () => {
  const fails = (mode: string) => {
    const failover = { correlation: { action: 'ignore' }, panic: { mode, thresholdPercent: 50 } };
    const story = new Story({ policy: policy({ failover }) });
    story.after(5, ['a']);
    const verdict = story.after(70, ['a', 'b']);
    return { story, verdict };
  };

  it('hold keeps the last shares', () => {
    const { story, verdict } = fails('hold');
    expect(percentsIn(story.traffic)).toEqual([[0, 50, 50]]);
    expect(verdict).toMatchObject({ flags: ['panic'], events: [{ type: 'panic.entered' }] });
  });

  it('base goes back to the declared shares, and reject to none', () => {
    expect(percentsIn(fails('base').story.traffic)).toEqual([[50, 25, 25]]);
    expect(percentsIn(fails('reject').story.traffic)).toEqual([[0, 0, 0]]);
  });

  it('is left ten points above the threshold', () => {
    const { story } = fails('hold');
    story.after(10, ['a']);
    story.after(1300, ['a']);
    expect(story.left).toEqual({ a: 0 });
    expect(percentsIn(story.traffic)).toEqual([[0, 50, 50]]);
    expect(story.traffic.automation.panics).toEqual([]);
    expect(story.verdicts.flatMap(({ events }) => events).at(-1)).toMatchObject({ type: 'panic.left' });
  });

  it('does not keep requests with clusters that have all failed while another has not', () => {
    const failover = { panic: { thresholdPercent: 50 } };
    const story = new Story({ policy: policy({ failover }), placements: [placement({ a: 50, b: 50 })] });
    story.after(5, ['a']);
    story.after(70, ['a', 'b']);
    expect(percentsIn(story.traffic, story.now.placements)).toEqual([[0, 100]]);
    story.after(5, ['b']);
    expect(percentsIn(story.traffic, story.now.placements)).toEqual([[100, 0]]);
  });

  it('leaves what people have shifted to people', () => {
    const { story } = fails('hold');
    const put = (overrides: object) => story.ask({ type: 'put-shift', shift: shift(overrides) });
    expect(put({ cluster: 'c' })?.outcome, 'nobody else may serve').toBe('refused');
    put({ name: 'keep', id: 'shf_3', cluster: 'b', percent: 100 });
    put({ cluster: 'c' });
    for (let step = 0; step < 3; step++) story.after(5, ['a', 'b']);
    expect(percentsIn(story.traffic)).toEqual([[0, 100, 0]]);
  });
});

describe('R11: what a rule forbids', () => {
  it('is not done, is recorded once, and is done when the rule allows it', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 3 } }) });
    const verdict = story.after(5, ['a']);
    expect(verdict).toMatchObject({
      outcome: 'blocked',
      changes: [],
      traffic: { automation: { blocked: [{ cluster: 'a', rule: 'min-serving' }] } },
    });
    expect(verdict?.rules).toContainEqual(
      expect.objectContaining({ rule: 'min-serving', passed: false, cluster: 'a' }),
    );
    expect(story.left).toEqual({});
    expect(story.after(5, ['a'])).toBeUndefined();
    expect(story.after(5, ['a'], { policy: policy() })).toMatchObject({
      outcome: 'applied',
      traffic: { automation: { blocked: [] } },
    });
  });

  it('is done under a break-glass, which is named', () => {
    const story = new Story({ policy: policy({ safety: { minServingClusters: 3 } }) });
    const breakGlass = {
      name: 'night',
      id: 'bgl_1',
      rules: ['min-serving' as const],
      owner: 'alice',
      reason: 'r',
      createdAtMs: T0,
      expiresAtMs: T0 + 60_000,
    };
    expect(story.ask({ type: 'put-break-glass', breakGlass })).toMatchObject({ outcome: 'applied', changes: [] });
    const verdict = story.after(5, ['a']);
    expect(verdict).toMatchObject({ outcome: 'applied', flags: ['break-glass'] });
    expect(verdict?.rules).toContainEqual(expect.objectContaining({ rule: 'min-serving', overriddenBy: 'night' }));
    expect(story.after(60, ['a'])?.endings).toEqual([
      { type: 'break-glass', name: 'night', id: 'bgl_1', by: 'expiry' },
    ]);
  });

  it('stops one change and no other', () => {
    const failover = { correlation: { action: 'ignore' }, panic: { thresholdPercent: 0 } };
    const verdict = decide(
      situation({
        policy: policy({ failover, safety: { minBasePercent: 50 } }),
        health: failing({ a: T0 - 1, b: T0 }),
      }),
    );
    expect(verdict?.traffic.withdrawals).toMatchObject([{ cluster: 'a' }]);
    expect(verdict?.traffic.automation.blocked).toMatchObject([{ cluster: 'b', rule: 'min-base' }]);
  });

  it('max-removed counts what automation has removed within the window', () => {
    const safety = { maxRemoved: { percent: 25, windowSeconds: 600 } };
    const story = new Story({ policy: policy({ safety, failover: { panic: { thresholdPercent: 0 } } }) });
    story.after(5, ['b']);
    expect(story.after(100, ['b', 'c'])).toMatchObject({ outcome: 'blocked' });
    expect(story.after(600, ['b', 'c'])?.traffic.withdrawals).toHaveLength(2);
  });

  it('R12: a closed gate keeps shares where they are', () => {
    const safety = { gates: [{ name: 'change-freeze', open: false }] };
    expect(decide(situation({ policy: policy({ safety }), health: failing({ a: T0 }) }))).toMatchObject({
      outcome: 'blocked',
    });
  });
});

describe('R14: capacity', () => {
  const clusters = (capacities: Record<string, number>) =>
    ['a', 'b', 'c'].map((name) => facts(name, { capacity: capacities[name] }));
  const load = (requestsPerSecond: number) => [placement({ a: 50, b: 25, c: 25 }, { load: requestsPerSecond })];
  const noPanic = policy({ failover: { headroomPercent: 10, panic: { thresholdPercent: 0 } } });

  it('moves what is too much for a cluster to one that has room', () => {
    const verdict = decide(
      situation({
        policy: noPanic,
        clusters: clusters({ a: 1000, b: 500, c: 2000 }),
        placements: load(1000),
        health: failing({ a: T0 }),
      }),
    );
    expect(verdict && percentsIn(verdict.traffic, load(1000))).toEqual([[0, 45, 55]]);
    expect(verdict?.flags).toEqual([]);
  });

  it('lets a dead cluster overload the others, and a degraded one not', () => {
    const voters = ['edge', 'one', 'two'];
    const three = policy({ ...noPanic, voters: voters.map((name) => ({ name, type: 'edge' })) });
    const facts3 = clusters({ a: 1000, b: 500, c: 500 }).map((item) => ({ ...item, voters }));
    const seen = (third: 'healthy' | 'unhealthy') => {
      const [a, ...rest] = failing({ a: T0 }, voters);
      const votes = [vote('edge', 'unhealthy'), vote('one', 'unhealthy'), vote('two', third)];
      return decide(
        situation({
          policy: three,
          clusters: facts3,
          placements: load(1000),
          health: [{ ...health('a', 'unhealthy'), ...a, votes }, ...rest],
        }),
      );
    };
    expect(seen('unhealthy')).toMatchObject({
      outcome: 'applied',
      flags: ['overload'],
      events: [{ type: 'overload' }],
    });
    expect(seen('healthy')).toMatchObject({
      outcome: 'blocked',
      traffic: { automation: { blocked: [{ cluster: 'a', rule: 'capacity' }] } },
    });
  });
});
