import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/core/decide.ts';
import { placementShares } from '../../functions/core/distribution.ts';
import { NO_AUTOMATION, NO_TRAFFIC, type Outage, type Traffic } from '../../functions/core/traffic.ts';
import { health, T0, vote } from './fixtures.ts';
import { facts, failing, placement, policy, Story, situation } from './situations.ts';

const HOUR = 3_600_000;

function out(cluster: string, overrides: Partial<Outage> = {}): Outage {
  return {
    cluster,
    uid: `cluster_${cluster}`,
    phase: 'out',
    percent: 0,
    sinceMs: T0 - HOUR,
    reason: 'it failed',
    decision: 'dec_0',
    heldUntilMs: T0 - HOUR,
    ...overrides,
  };
}

/** Traffic in which automation holds these clusters back. */
function holding(...outages: Outage[]): Traffic {
  const withdrawals = outages.map(({ cluster, percent, sinceMs, reason, decision }) => {
    return { cluster, percent, cause: 'failure' as const, sinceMs, reason, decision };
  });
  return { ...NO_TRAFFIC, version: 7, withdrawals, automation: { ...NO_AUTOMATION, outages } };
}

const percents = (traffic: Traffic, { placements } = situation()) =>
  placements.map((item) => placementShares(item, traffic).map(({ percent }) => percent));

describe('a failure', () => {
  it('withdraws the cluster, with the reason, and numbers the decision', () => {
    const verdict = decide(situation({ health: failing({ a: T0 }), traffic: { ...NO_TRAFFIC, version: 7 } }));
    expect(verdict).toMatchObject({ outcome: 'applied', traffic: { version: 8 } });
    expect(verdict?.changes).toMatchObject([
      { cluster: 'a', action: 'withdraw', fromPercent: 100, toPercent: 0, health: { state: 'unhealthy', sinceMs: T0 } },
    ]);
    expect(verdict?.changes[0]?.reason).toBe('3 consecutive probes failed, the last one: http: 503');
    expect(verdict && percents(verdict.traffic)).toEqual([[0, 50, 50]]);
  });

  it('leads to one decision, and to none while all stays as it is', () => {
    const story = new Story();
    expect(story.after(5)).toBeUndefined();
    expect(story.after(5, ['a'])?.outcome).toBe('applied');
    expect(story.after(5, ['a'])).toBeUndefined();
  });

  it('R3: counts against all configured voters, not against those that have answered', () => {
    const voters = ['edge', 'one', 'two'];
    const three = policy({ voters: voters.map((name) => ({ name, type: 'edge' })) });
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { voters }));
    const only = (...names: string[]) => situation({ policy: three, clusters, health: failing({ a: T0 }, names) });
    expect(decide(only('edge'))).toBeUndefined();
    expect(decide(only('edge', 'one'))?.changes).toMatchObject([{ cluster: 'a', action: 'withdraw' }]);
  });

  it('R1, I5: does not count when it is stale, in neither direction', () => {
    const old = { sinceMs: T0 - HOUR, observedAtMs: T0 - 60_000 };
    const rest = ['b', 'c'].map((name) => health(name, 'healthy'));
    expect(decide(situation({ health: [health('a', 'unhealthy', old), ...rest] }))).toBeUndefined();
    expect(
      decide(situation({ health: [health('a', 'healthy', old), ...rest], traffic: holding(out('a')) })),
    ).toBeUndefined();
  });

  it('R4: does not count when the voter doubts itself', () => {
    const [a, ...rest] = failing({ a: T0 });
    const doubtful = {
      ...health('a', 'unhealthy'),
      ...a,
      votes: [{ ...vote('edge', 'unhealthy'), suspectUntilMs: T0 + 1 }],
    };
    expect(decide(situation({ health: [doubtful, ...rest] }))).toBeUndefined();
  });

  it('R6: of cluster and ingress together advises to evacuate; of the ingress alone it does not', () => {
    const seen = (cause: 'Ingress' | 'Cluster') => {
      const [, ...rest] = failing({});
      const votes = [{ ...vote('edge', 'unhealthy'), last: { outcome: 'fail' as const, cause, detail: 'http: 503' } }];
      return decide(situation({ health: [{ ...health('a', 'unhealthy'), votes }, ...rest] }));
    };
    expect(seen('Ingress')).toMatchObject({ flags: [], changes: [{ cause: 'Ingress' }] });
    expect(seen('Cluster')).toMatchObject({ flags: ['evacuate'], changes: [{ cause: 'Cluster' }] });
  });

  it('of a cluster that nobody watches is none, and ends what was held against it', () => {
    const clusters = [facts('a', { voters: [] }), facts('b'), facts('c')];
    expect(decide(situation({ clusters, health: failing({ a: T0 }) }))).toBeUndefined();
    const verdict = decide(situation({ clusters, traffic: holding(out('a')) }));
    expect(verdict?.changes).toMatchObject([{ cluster: 'a', action: 'restore', toPercent: 100 }]);
  });

  it('R10: never leaves a backend without anybody to serve it', () => {
    const story = new Story({
      policy: policy({ failover: { correlation: { action: 'ignore' }, panic: { thresholdPercent: 0 } } }),
    });
    for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      story.after(5, names);
      expect(percents(story.traffic)[0]?.reduce((sum, value) => sum + value, 0)).toBe(100);
    }
  });

  it('is forgotten with its cluster, also when another one takes the name', () => {
    expect(decide(situation({ traffic: holding(out('gone')) }))?.traffic.withdrawals).toEqual([]);
    expect(decide(situation({ traffic: holding(out('a', { uid: 'cluster_before' })) }))?.traffic.withdrawals).toEqual(
      [],
    );
  });
});

describe('R7: a new cluster', () => {
  const clusters = [facts('a'), facts('b'), facts('c', { createdAtMs: T0 - 1000 })];
  const never = health('c', 'unknown');
  delete never.firstHealthyAtMs;
  const before = [health('a', 'healthy'), health('b', 'healthy')];

  it('gets nothing before it has been healthy, and then all of its share', () => {
    const first = decide(situation({ clusters, health: [...before, never] }));
    expect(first?.traffic.withdrawals).toMatchObject([{ cluster: 'c', percent: 0, cause: 'joining' }]);
    expect(first?.traffic.automation.episodes).toEqual([]);
    const then = decide(
      situation({ clusters, health: [...before, health('c', 'healthy')], traffic: first?.traffic ?? NO_TRAFFIC }),
    );
    expect(then?.traffic.withdrawals).toEqual([]);
  });

  it('serves at once where that is declared, and in a fleet that never served', () => {
    const atOnce = [facts('a'), facts('b'), facts('c', { createdAtMs: T0 - 1000, joins: 'at-once' })];
    expect(decide(situation({ clusters: atOnce, health: [...before, never] }))).toBeUndefined();
    expect(decide(situation({ clusters, health: [never] }))).toBeUndefined();
  });
});

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
});

describe('R18: failures of different fault domains within the window', () => {
  it('withdraw the first, halt, and ask', () => {
    const story = new Story();
    const verdict = story.after(5, ['b', 'c']);
    expect(story.left).toEqual({ b: 0 });
    expect(verdict).toMatchObject({ flags: ['halted'], events: [{ type: 'automation.halted', clusters: ['b', 'c'] }] });
    expect(story.after(60, ['b', 'c'])).toBeUndefined();
  });

  it('are taken for what they are when somebody lets automation go on', () => {
    const story = new Story({ policy: policy({ failover: { panic: { thresholdPercent: 0 } } }) });
    story.after(5, ['b', 'c']);
    expect(story.ask({ type: 'resume' })?.traffic.automation.halt).toBeUndefined();
    expect(story.left).toEqual({ b: 0, c: 0 });
    expect(story.ask({ type: 'resume' })).toMatchObject({ outcome: 'refused' });
  });

  it('end the halt by themselves once all of them have been healthy for the dwell time', () => {
    const story = new Story();
    story.after(5, ['b', 'c']);
    story.after(5, ['c']);
    story.after(1);
    expect(story.after(118)).toBeUndefined();
    expect(story.after(2)?.traffic.automation.halt).toBeUndefined();
  });

  it('stand alone within one fault domain, after the window, and where the policy ignores them', () => {
    const sameSite = ['a', 'b', 'c'].map((name) => facts(name, { faultDomain: 'hangzhou' }));
    const health = failing({ b: T0, c: T0 });
    expect(decide(situation({ clusters: sameSite, health }))?.traffic.withdrawals).toHaveLength(2);
    const ignoring = policy({ failover: { correlation: { action: 'ignore' } } });
    expect(decide(situation({ policy: ignoring, health }))?.traffic.withdrawals).toHaveLength(2);
    const story = new Story();
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
    expect(percents(story.traffic)).toEqual([[0, 50, 50]]);
    expect(verdict).toMatchObject({ flags: ['panic'], events: [{ type: 'panic.entered' }] });
  });

  it('base goes back to the declared shares, and reject to none', () => {
    expect(percents(fails('base').story.traffic)).toEqual([[50, 25, 25]]);
    expect(percents(fails('reject').story.traffic)).toEqual([[0, 0, 0]]);
  });

  it('is left ten points above the threshold', () => {
    const { story } = fails('hold');
    story.after(10, ['a']);
    story.after(1300, ['a']);
    expect(story.left).toEqual({ a: 0 });
    expect(percents(story.traffic)).toEqual([[0, 50, 50]]);
    expect(story.traffic.automation.panics).toEqual([]);
    expect(story.verdicts.flatMap(({ events }) => events).at(-1)).toMatchObject({ type: 'panic.left' });
  });

  it('does not keep requests with clusters that have all failed while another has not', () => {
    const failover = { correlation: { action: 'ignore' } };
    const story = new Story({ policy: policy({ failover }), placements: [placement({ a: 50, b: 50 })] });
    story.after(5, ['a']);
    story.after(70, ['a', 'b']);
    expect(percents(story.traffic, story.now)).toEqual([[0, 100]]);
    story.after(5, ['b']);
    expect(percents(story.traffic, story.now)).toEqual([[100, 0]]);
  });

  it('leaves what people have shifted to people', () => {
    const { story } = fails('hold');
    const command = { type: 'put-shift' as const, shift: { ...shiftOf('c'), percent: 0 } };
    story.ask(command);
    for (let step = 0; step < 3; step++) story.after(5, ['a', 'b']);
    expect(percents(story.traffic)).toEqual([[0, 100, 0]]);
  });
});

function shiftOf(cluster: string) {
  return {
    name: 'drain',
    id: 'shf_2',
    cluster,
    percent: 0,
    stepPercent: 100,
    stepSeconds: 0,
    owner: 'alice',
    reason: 'maintenance',
    createdAtMs: T0,
    expiresAtMs: T0 + 86_400_000,
    phase: 'moving' as const,
    currentPercent: 100,
    phaseSinceMs: T0,
    steppedAtMs: T0,
    decision: '',
  };
}

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
    expect(verdict && percents(verdict.traffic, situation({ placements: load(1000) }))).toEqual([[0, 45, 55]]);
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

describe('R12: a fleet that is not automatic', () => {
  it.each(['recommend', 'paused'])(
    'in mode %s records what it would have done, once, and moves nothing',
    (automation) => {
      const story = new Story({ policy: policy({ automation }) });
      expect(story.after(5, ['a'])).toMatchObject({
        outcome: 'withheld',
        changes: [{ cluster: 'a', action: 'withdraw' }],
        traffic: { withdrawals: [], automation: { outages: [] }, recommended: { outages: [{ cluster: 'a' }] } },
      });
      expect(story.after(5, ['a'])).toBeUndefined();
    },
  );

  it('acts upon what it had only recommended once it is automatic', () => {
    const story = new Story({ policy: policy({ automation: 'recommend' }) });
    story.after(5, ['a']);
    const verdict = story.after(5, ['a'], { policy: policy() });
    expect(verdict).toMatchObject({ outcome: 'applied', traffic: { withdrawals: [{ cluster: 'a' }] } });
    expect(verdict?.traffic.recommended).toBeUndefined();
  });

  it('keeps what automation had done, until somebody restores it', () => {
    const story = new Story({ policy: policy({ automation: 'paused' }), traffic: holding(out('a')) });
    expect(story.after(600)?.outcome).toBe('withheld');
    expect(story.left).toEqual({ a: 0 });
    expect(story.ask({ type: 'restore', cluster: 'a' })).toMatchObject({
      outcome: 'applied',
      traffic: { withdrawals: [] },
    });
  });
});
