import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from '../../functions/core/decide.ts';
import { placementShares } from '../../functions/core/distribution.ts';
import type { Command, Situation } from '../../functions/core/situation.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { health, T0, vote } from './fixtures.ts';
import { facts, placement, shift, situation } from './situations.ts';

const NAMES = ['a', 'b', 'c', 'd'];
const VOTERS = ['edge', 'one', 'two'];

const policies = fc
  .record({
    automation: fc.constantFrom('automatic', 'automatic', 'automatic', 'recommend', 'paused'),
    failover: fc.record({
      cooldownSeconds: fc.constantFrom(0, 60, 300),
      correlation: fc.record({ action: fc.constantFrom('halt', 'ignore') }),
      panic: fc.record({ mode: fc.constantFrom('hold', 'base'), thresholdPercent: fc.constantFrom(0, 30, 60) }),
      failback: fc.record({
        mode: fc.constantFrom('auto', 'ramp', 'manual'),
        rampSeconds: fc.constantFrom(10, 60),
        stepPercent: fc.constantFrom(10, 50),
      }),
      drainSeconds: fc.constantFrom(0, 30),
    }),
    safety: fc.record({
      minServingClusters: fc.constantFrom(1, 1, 2),
      minBasePercent: fc.constantFrom(0, 0, 40),
      exclusive: fc.constantFrom([], [['a', 'b']]),
    }),
    drills: fc.constant([{ name: 'lose-c', cluster: 'c', durationSeconds: 30 }]),
  })
  .map((input) => {
    return FleetInput.parse({
      ...input,
      voters: VOTERS.map((name) => ({ name, type: 'edge' })),
      health: { dwellSeconds: 30 },
    });
  });

const states = fc.constantFrom('healthy', 'healthy', 'healthy', 'unhealthy', 'unknown');

const commands = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.record({ cluster: fc.constantFrom(...NAMES), percent: fc.constantFrom(0, 30, 100) }).map(
      ({ cluster, percent }): Command => ({
        type: 'put-shift',
        shift: shift({ name: `of-${cluster}`, cluster, percent, expiresAtMs: T0 + 400_000 }),
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>(
      { type: 'end-shift', name: 'of-a' },
      { type: 'start-drill', drill: 'lose-c', run: 'drl_1' },
      { type: 'abort-drill' },
      { type: 'resume' },
      { type: 'restore', cluster: 'b' },
    ),
  },
);

const rounds = fc.array(
  fc.record({
    seconds: fc.integer({ min: 1, max: 60 }),
    votes: fc.array(fc.array(states, { minLength: 3, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
    isVerified: fc.boolean(),
    command: commands,
  }),
  { minLength: 1, maxLength: 40 },
);

type Round = typeof rounds extends fc.Arbitrary<(infer R)[]> ? R : never;

const PLACEMENTS = [
  placement({ a: 40, b: 30, c: 20, d: 10 }, { load: 500, key: 'all' }),
  placement({ a: 1, b: 1 }, { load: 100, key: 'two' }),
  placement(
    {},
    {
      key: 'standby',
      members: [
        { cluster: 'c', weight: 1, tier: 0 },
        { cluster: 'd', weight: 1, tier: 1 },
      ],
    },
  ),
  placement({ a: 1 }, { key: 'pinned', pinned: true, load: 50 }),
];

/** The votes of a round; since when a state lasts is told by the records before. */
function next(now: Situation, { seconds, votes, isVerified, command }: Round): Situation {
  const nowMs = now.nowMs + seconds * 1000;
  const records = NAMES.map((name, index) => {
    const said = votes[index] ?? [];
    const isMajority = (state: string) => said.filter((one) => one === state).length >= 2;
    const before = now.health.find(({ cluster }) => cluster === name);
    const state = isMajority('unhealthy')
      ? 'unhealthy'
      : isMajority('healthy')
        ? 'healthy'
        : (before?.state ?? 'unknown');
    const sinceMs = before?.state === state ? before.sinceMs : nowMs;
    return {
      ...health(name, state, { sinceMs }),
      votes: VOTERS.map((voter, position) => vote(voter, said[position] ?? 'unknown', nowMs, nowMs)),
    };
  });
  return {
    ...now,
    nowMs,
    health: records,
    decision: `dec_${nowMs}`,
    command,
    verifiedAtMs: isVerified ? nowMs : undefined,
  };
}

const runs = fc.tuple(policies, fc.array(fc.constantFrom(undefined, 300, 600), { minLength: 4, maxLength: 4 }), rounds);

/** Plays the rounds; `look` sees each situation with what was decided in it. */
function play(
  [policy, capacities, played]: [Situation['policy'], (number | undefined)[], Round[]],
  look: (now: Situation, verdict: ReturnType<typeof decide>) => void,
): void {
  const clusters = NAMES.map((name, index) => facts(name, { voters: VOTERS, capacity: capacities[index] }));
  let now = situation({ policy, clusters, health: [], placements: PLACEMENTS });
  for (const round of played) {
    now = next(now, round);
    const verdict = decide(now);
    look(now, verdict);
    if (verdict && verdict.outcome !== 'refused') now = { ...now, traffic: verdict.traffic };
  }
}

it('I1, I2, R9: shares are always whole and total 100', () => {
  const property = fc.property(runs, (run) => {
    play(run, (_, verdict) => {
      const all = verdict ? PLACEMENTS.map((one) => placementShares(one, verdict.traffic)) : [];
      for (const shares of all) {
        expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
        expect(shares.every(({ percent }) => Number.isInteger(percent) && percent >= 0)).toBe(true);
      }
    });
  });
  fc.assert(property, { numRuns: 100 });
});

it('a decision is taken once: decided again at the same time, without news, all stays as it is', () => {
  const property = fc.property(runs, (run) => {
    play(run, (now, verdict) => {
      if (verdict === undefined || verdict.outcome === 'refused') return;
      let again: Situation = { ...now, command: undefined, traffic: verdict.traffic, verifiedAtMs: undefined };
      for (let turn = 0; turn < 3; turn++) {
        const more = decide(again);
        if (more === undefined) return;
        again = { ...again, traffic: more.traffic };
      }
      expect(decide(again)).toBeUndefined();
    });
  });
  fc.assert(property, { numRuns: 100 });
});

it('a decision is a function of what is recorded: the same from JSON, and numbered by one', () => {
  const property = fc.property(runs, (run) => {
    play(run, (now, verdict) => {
      expect(decide(JSON.parse(JSON.stringify(now)))).toEqual(verdict);
      if (verdict && verdict.outcome !== 'refused') expect(verdict.traffic.version).toBe(now.traffic.version + 1);
      if (verdict?.outcome === 'withheld' || verdict?.outcome === 'refused') {
        expect(verdict.traffic.withdrawals).toEqual(now.traffic.withdrawals);
      }
    });
  });
  fc.assert(property, { numRuns: 100 });
});

it('I3, I5: automation takes a cluster out only while a majority of its voters sees it fail', () => {
  const property = fc.property(runs, (run) => {
    play(run, (now, verdict) => {
      if (now.command || verdict?.outcome !== 'applied') return;
      const withdrawn = verdict.traffic.withdrawals.filter(
        ({ cause, decision }) => cause === 'failure' && decision === now.decision,
      );
      for (const { cluster } of withdrawn) {
        const said = now.health.find((record) => record.cluster === cluster)?.votes ?? [];
        expect(said.filter(({ state }) => state === 'unhealthy').length).toBeGreaterThanOrEqual(2);
      }
    });
  });
  fc.assert(property, { numRuns: 100 });
});

it('I11: while a shift is live, its cluster has what the shift says, and nothing else moves it', () => {
  const property = fc.property(runs, (run) => {
    play(run, (_, verdict) => {
      for (const one of verdict?.traffic.shifts ?? []) {
        if (one.phase === 'returning') continue;
        const found = verdict?.traffic.withdrawals.find(({ cluster }) => cluster === one.cluster);
        expect(found?.percent ?? 100).toBe(one.currentPercent);
      }
    });
  });
  fc.assert(property, { numRuns: 100 });
});
