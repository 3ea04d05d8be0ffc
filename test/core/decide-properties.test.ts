import fc from 'fast-check';
import { expect, it } from 'vitest';
import { placementShares } from '../../functions/core/allocation/points.ts';
import { decide } from '../../functions/core/failover/decide.ts';
import type { Command, DecisionInput } from '../../functions/core/failover/decision-input.ts';
import type { Traffic } from '../../functions/core/failover/traffic.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { health, T0, vote } from './fixtures.ts';
import { facts, placement, shift, input, standby } from './story.ts';

/** What holds in every story: clusters fail, are silent and come back, gateways follow or do not, and people ask for things. */

const NAMES = ['a', 'b', 'c', 'd'];
const VOTERS = ['edge', 'one', 'two'];

const policies = fc
  .record({
    automation: fc.constantFrom('automatic', 'automatic', 'automatic', 'recommend', 'paused'),
    failover: fc.record({
      cooldownSeconds: fc.constantFrom(0, 60, 300),
      correlation: fc.record({ action: fc.constantFrom('proceed', 'proceed', 'ask'), askSeconds: fc.constant(60) }),
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
      maxRemoved: fc.constantFrom(undefined, undefined, { clusters: 1, windowSeconds: 200 }),
      gates: fc.constantFrom([], [], [], [{ name: 'g', open: false, clusters: ['b'] }]),
    }),
    drills: fc.constant([
      { name: 'lose-c', cluster: 'c', durationSeconds: 30 },
      { name: 'lose-cart', cluster: 'd', service: 'cart', durationSeconds: 30 },
    ]),
  })
  .map((input) => {
    return FleetInput.parse({
      ...input,
      voters: VOTERS.map((name) => ({ name, type: 'edge' })),
      health: { dwellSeconds: 30 },
    });
  });

const states = fc.constantFrom('healthy', 'healthy', 'healthy', 'unhealthy', 'unknown');

const shifts = fc
  .record({
    cluster: fc.constantFrom(...NAMES),
    percent: fc.constantFrom(0, 30),
    mode: fc.constantFrom('drain' as const, 'drain' as const, 'isolate' as const, 'keep' as const),
    service: fc.constantFrom(undefined, undefined, 'cart'),
  })
  .map((asked): Command => {
    const { cluster, mode } = asked;
    const service = mode === 'keep' ? undefined : asked.service;
    const name = service === undefined ? `of-${cluster}` : `cart-of-${cluster}`;
    const live = shift({ ...asked, service, name, id: `shf_${name}`, expiresAtMs: T0 + 400_000 });
    return { type: 'put-shift', shift: live };
  });

const commands = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 2, arbitrary: shifts },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Command>(
      { type: 'end-shift', name: 'of-a' },
      { type: 'end-shift', name: 'cart-of-a' },
      { type: 'return', clusters: ['b', 'c'], service: 'cart' },
      { type: 'start-drill', drill: 'lose-cart', run: 'drl_2' },
      { type: 'start-drill', drill: 'lose-c', run: 'drl_1' },
      { type: 'abort-drill' },
      { type: 'resume', cluster: 'c' },
      { type: 'return', clusters: ['a', 'b'] },
      { type: 'dismiss', cluster: 'd' },
      { type: 'restore', cluster: 'b' },
      { type: 'apply' },
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
  placement({ a: 40, b: 30, c: 20, d: 10 }, { load: 200, key: 'all/cart', service: 'cart', pools: ['cart/80'] }),
  placement({ a: 1, b: 1 }, { load: 100, key: 'two', pools: ['two/80'] }),
  standby('c', 'd', { key: 'standby', pools: ['standby/80'] }),
  placement({ a: 1 }, { key: 'pinned', pinned: true, load: 50, pools: ['pinned/80'] }),
];

/** The votes of a round; since when a state lasts is told by the records before. */
function next(now: DecisionInput, { seconds, votes, isVerified, command }: Round): DecisionInput {
  const nowMs = now.nowMs + seconds * 1000;
  const records = NAMES.map((name, index) => {
    const said = votes[index] ?? [];
    const before = now.health.find(({ cluster }) => cluster === name);
    const state = majority(said) ?? before?.state ?? 'unknown';
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

/** What two of the three voters say. */
function majority(said: readonly string[]): 'healthy' | 'unhealthy' | undefined {
  return (['unhealthy', 'healthy'] as const).find((state) => said.filter((one) => one === state).length >= 2);
}

/** The clusters of which a majority of their voters says so now. */
function found({ health: records }: DecisionInput, state: string): string[] {
  return records
    .filter(({ votes }) => majority(votes.map((item) => item.state)) === state)
    .map(({ cluster }) => cluster);
}

const capacities = fc.array(fc.constantFrom(undefined, 300, 600), { minLength: 4, maxLength: 4 });
const runs = fc.tuple(policies, capacities, rounds);
const roomy = fc.tuple(policies, fc.constant<undefined[]>([]), rounds);

type Run = [DecisionInput['policy'], (number | undefined)[], Round[]];

/** Plays the rounds; `look` sees each situation with what was decided in it. */
function play([policy, limits, played]: Run, look: (now: DecisionInput, result: ReturnType<typeof decide>) => void) {
  const clusters = NAMES.map((name, index) => facts(name, { voters: VOTERS, capacity: limits[index] }));
  let now: DecisionInput = input({ policy, clusters, health: [], placements: PLACEMENTS });
  for (const round of played) {
    now = next(now, round);
    const result = decide(now);
    look(now, result);
    if (result && result.outcome !== 'refused') now = { ...now, traffic: result.traffic };
  }
  return now;
}

function check(arbitrary: fc.Arbitrary<Run>, look: (now: DecisionInput, result: ReturnType<typeof decide>) => void) {
  fc.assert(
    fc.property(arbitrary, (run) => void play(run, look)),
    { numRuns: 100 },
  );
}

/** The points of each member of a placement, by cluster. */
function pointsIn(traffic: Traffic, index: number): Map<string, number> {
  const one = PLACEMENTS[index];
  return new Map(one ? placementShares(one, traffic).map(({ cluster, percent }) => [cluster, percent]) : []);
}

const isIsolated = ({ shifts: live }: Traffic, name: string, of: string | undefined) =>
  live.some(({ mode, cluster, service }) => {
    return mode === 'isolate' && cluster === name && (service === undefined || service === of);
  });

it('points are whole, total 100, and are none of an isolated cluster', () => {
  check(runs, (_, result) => {
    if (result === undefined) return;
    for (const [index, { members, service }] of PLACEMENTS.entries()) {
      const points = pointsIn(result.traffic, index);
      const isServable = members.some(({ cluster }) => !isIsolated(result.traffic, cluster, service));
      expect([...points.values()].reduce((sum, percent) => sum + percent, 0)).toBe(isServable ? 100 : 0);
      for (const [cluster, percent] of points) {
        expect(Number.isInteger(percent) && percent >= 0).toBe(true);
        if (isIsolated(result.traffic, cluster, service)) expect(percent).toBe(0);
      }
    }
  });
});

it('without news nothing moves: decided again upon its own result, all stays as it is', () => {
  check(runs, (now, result) => {
    if (result === undefined || result.outcome === 'refused') return;
    expect(decide({ ...now, command: undefined, traffic: result.traffic, verifiedAtMs: undefined })).toBeUndefined();
  });
});

it('no decision changes nothing', () => {
  check(runs, (now, result) => {
    if (result === undefined || result.outcome === 'refused') return;
    expect({ ...result.traffic, version: 0 }).not.toEqual({ ...now.traffic, version: 0 });
  });
});

it('a decision is a function of what is recorded: the same from JSON, and numbered by one', () => {
  check(runs, (now, result) => {
    expect(decide(JSON.parse(JSON.stringify(now)))).toEqual(result);
    if (result && result.outcome !== 'refused') expect(result.traffic.version).toBe(now.traffic.version + 1);
    if (result?.outcome === 'refused') expect(result.traffic).toEqual(now.traffic);
  });
});

it('where automation does not act, gateways keep what they have unless people ask for something, or capacity binds', () => {
  const held = roomy.filter(([policy]) => policy.automation !== 'automatic');
  check(held, (now, result) => {
    const { shifts: live, drill } = now.traffic;
    if (result === undefined || now.command || live.length > 0 || drill) return;
    for (const index of PLACEMENTS.keys()) {
      expect(pointsIn(result.traffic, index)).toEqual(pointsIn(now.traffic, index));
    }
  });
});

it('a cluster goes down only while a majority of its voters sees it fail', () => {
  check(runs, (now, result) => {
    const gone = result?.traffic.clusters.filter(({ standing, decision }) => {
      return standing === 'down' && decision === now.decision;
    });
    if (now.command?.type === 'resume') return;
    const failing = found(now, 'unhealthy');
    for (const { cluster } of gone ?? []) expect(failing).toContain(cluster);
  });
});

it('a cluster that is found dead has no points where another one is found healthy, but for brakes and people', () => {
  const free = runs.filter(([{ automation, failover, safety }]) => {
    const isAsking = failover.correlation.action === 'ask' || safety.maxRemoved !== undefined;
    return automation === 'automatic' && !isAsking && safety.gates.length === 0;
  });
  check(free, (now, result) => {
    if (result?.outcome === 'refused') return;
    const traffic = result?.traffic ?? now.traffic;
    const [dead, living] = [found(now, 'unhealthy'), found(now, 'healthy')];
    const fallen = traffic.clusters.filter(({ fallsMs }) => fallsMs.length > 0).map(({ cluster }) => cluster);
    const kept = traffic.shifts.filter(({ mode }) => mode === 'keep').map(({ cluster }) => cluster);
    const inGrace = traffic.clusters.some(({ recoveredAtMs = 0 }) => now.nowMs - recoveredAtMs < 42_000);
    for (const [index, { members, pinned, service }] of PLACEMENTS.entries()) {
      const others = members.filter(
        ({ cluster }) => living.includes(cluster) && !isIsolated(traffic, cluster, service),
      );
      const isServed = others.some(({ cluster }) => !fallen.includes(cluster));
      if (pinned || !isServed || inGrace) continue;
      const points = pointsIn(traffic, index);
      for (const name of dead.filter((cluster) => points.has(cluster) && !kept.includes(cluster))) {
        expect(points.get(name), `${name} of ${PLACEMENTS[index]?.key}`).toBe(0);
      }
    }
  });
});

it('a cluster that is up and that nothing limits has at least its declared share, where capacity does not bind', () => {
  check(roomy, (now, result) => {
    if (now.policy.automation !== 'automatic' || result === undefined || result.outcome === 'refused') return;
    const { traffic } = result;
    const limited = new Set(traffic.allocation.limits.map(({ cluster }) => cluster));
    for (const [index, { members, service }] of PLACEMENTS.entries()) {
      const apart = (traffic.allocation.services ?? []).filter((own) => own.service === service);
      const isLimited = (name: string) => limited.has(name) || apart.some(({ cluster }) => cluster === name);
      const declared = pointsIn(input().traffic, index);
      const points = pointsIn(traffic, index);
      for (const { cluster } of members.filter((item) => !isLimited(item.cluster))) {
        expect(points.get(cluster) ?? 0, cluster).toBeGreaterThanOrEqual((declared.get(cluster) ?? 0) - 1);
      }
    }
  });
});

it('after the last fault and the longest clock all points are the declared ones, and nothing waits', () => {
  const recovering = runs.filter(([policy]) => {
    return policy.automation === 'automatic' && policy.failover.failback.mode !== 'manual';
  });
  const property = fc.property(recovering, (run) => {
    let now = play(run, () => undefined);
    const well = NAMES.map(() => VOTERS.map(() => 'healthy'));
    for (let round = 0; round < 500; round++) {
      now = next(now, { seconds: 20, votes: well as Round['votes'], isVerified: true, command: undefined });
      now = { ...now, traffic: decide(now)?.traffic ?? now.traffic };
    }
    expect(now.traffic.clusters.filter(({ standing }) => standing !== 'up')).toEqual([]);
    expect([now.traffic.shifts, now.traffic.drill]).toEqual([[], undefined]);
    const fresh = decide({ ...now, traffic: input().traffic })?.traffic ?? input().traffic;
    for (const index of PLACEMENTS.keys()) expect(pointsIn(now.traffic, index)).toEqual(pointsIn(fresh, index));
  });
  fc.assert(property, { numRuns: 30 });
});
