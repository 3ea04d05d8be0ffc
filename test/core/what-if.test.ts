import { describe, expect, test } from 'vitest';
import { placementKey } from '../../functions/core/allocation/placements.ts';
import type { DecisionInput } from '../../functions/core/failover/decision-input.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import { unknownHealth } from '../../functions/core/health/record.ts';
import type { Policy } from '../../functions/core/model/fleet-facts.ts';
import { simulatedCourseOf } from '../../functions/core/simulation/simulated-course.ts';
import type { Scenario } from '../../functions/core/simulation/scenario.ts';
import { runSimulation } from '../../functions/core/simulation/what-if.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import { health, T0 } from './fixtures.ts';

type Input = Parameters<typeof FleetInput.parse>[0];

const HEALTH = {
  intervalSeconds: 5,
  timeoutSeconds: 2,
  confirmSeconds: 1,
  failureThreshold: 3,
  successThreshold: 3,
  dwellSeconds: 30,
};

function policy(input: object = {}): Policy {
  return FleetInput.parse({
    automation: 'automatic',
    health: HEALTH,
    failover: { cooldownSeconds: 60 },
    ...input,
  } as Input);
}

/** Clusters a, b and c share a load of 300 requests per second equally. */
function input(own: Policy = policy(), capacity?: number): DecisionInput {
  const names = ['a', 'b', 'c'];
  const members = names.map((cluster) => ({ cluster, weight: 1, tier: 0 }));
  return {
    fleet: 'prod',
    nowMs: T0,
    decision: 'dec_1',
    actor: 'automation',
    policy: own,
    clusters: names.map((name) => ({
      name,
      uid: `cluster_${name}`,
      site: name,
      ...(capacity !== undefined && { capacity }),
      joins: 'when-healthy',
      createdAtMs: T0 - 86_400_000,
      voters: own.voters.map((voter) => voter.name),
    })),
    health: names.map((name) => {
      const { recent: _, ...record } = health(name, 'healthy', {
        sinceMs: T0 - 3_600_000,
        observedAtMs: T0 - 1000,
        voters: ['edge'],
      });
      return record;
    }),
    placements: [
      {
        key: placementKey({ members, pinned: false }),
        members,
        pinned: false,
        load: 300,
        services: ['shop'],
        pools: ['shop/80'],
      },
    ],
    traffic: NO_TRAFFIC,
    verifiedAtMs: T0,
  };
}

function simulated(scenario: Scenario, own = input(), durationMs = 600_000) {
  const run = runSimulation({ input: own, scenario, durationMs, pushMs: 5000 });
  return { run, shown: simulatedCourseOf(own, run) };
}

const fails = (...clusters: string[]): Scenario => ({ type: 'fail', clusters, atMs: 10_000 });

describe('a simulation', () => {
  test('finds a failure out as late as it can be found out, and moves its share to the others', () => {
    const { shown } = simulated(fails('a'));
    const { intervalSeconds, timeoutSeconds, confirmSeconds } = HEALTH;
    const seconds = intervalSeconds + timeoutSeconds + 2 * Math.max(confirmSeconds, timeoutSeconds);
    expect(shown.detections).toEqual([
      { cluster: 'a', failedAtSeconds: 10, detectionSeconds: seconds, movedSeconds: seconds },
    ]);
    expect(shown.phases.map(({ shares }) => shares[0]?.clusters.map(({ percent }) => percent))).toEqual([
      [34, 33, 33],
      [0, 50, 50],
    ]);
    expect(shown.decisions).toMatchObject([{ outcome: 'applied', changes: [{ cluster: 'a', toPercent: 0 }] }]);
  });

  test('brings a cluster back that recovers, after its dwell time and its hold', () => {
    const { shown } = simulated({ type: 'fail', clusters: ['a'], atMs: 0, forMs: 60_000 });
    expect(shown.phases.at(-1)?.shares[0]?.clusters[0]?.percent).toBe(34);
    expect(shown.directionChanges).toEqual({ a: 1, b: 0, c: 0 });
  });

  test('tells the load of each cluster against its capacity', () => {
    const { shown } = simulated(fails('a'), input(policy(), 120));
    expect(shown.loads).toMatchObject([
      { cluster: 'a', most: 102, atEnd: 0, isOverloaded: false },
      { cluster: 'b', capacity: 120, most: 150, atEnd: 150, isOverloaded: true },
      { cluster: 'c', capacity: 120, most: 150, isOverloaded: true },
    ]);
  });

  test('tells the rules that stand in the way', () => {
    const closed = policy({ safety: { gates: [{ name: 'change-freeze', open: false }] } });
    const { shown } = simulated(fails('a'), input(closed));
    expect(shown.blockingRules).toContain('gate');
    expect(shown.phases).toHaveLength(1);
  });

  test('of a fleet that only recommends moves nothing, and says what would be done', () => {
    const { shown } = simulated(fails('a'), input(policy({ automation: 'recommend' })));
    expect(shown.decisions).toMatchObject([{ outcome: 'withheld', changes: [{ cluster: 'a' }] }]);
    expect(shown.phases).toHaveLength(1);
  });

  test('of a cluster that flaps shows it held back longer and longer', () => {
    const { shown } = simulated(
      { type: 'flap', clusters: ['a'], periodMs: 120_000, times: 30 },
      input(),
      3_600_000,
    );
    expect(shown.directionChanges['a']).toBeGreaterThan(0);
    expect(shown.directionChanges['a']).toBeLessThanOrEqual(12);
  });

  test('of recorded observations takes them as they came', () => {
    const seen = [0, 1, 2].map((index) => ({
      cluster: 'b',
      atMs: index * 1500,
      observation: {
        voter: 'edge',
        observedAt: '2026-01-01T00:00:00.000Z',
        outcome: 'fail' as const,
        latencyMs: 1,
        detail: '503',
      },
    }));
    const { shown } = simulated({ type: 'replay', seen });
    expect(shown.detections).toMatchObject([{ cluster: 'b' }]);
    expect(shown.phases.at(-1)?.shares[0]?.clusters.map(({ percent }) => percent)).toEqual([50, 0, 50]);
  });

  test('with other voters begins with their agreement to what is known', () => {
    const voters = [
      { name: 'one', type: 'edge' },
      { name: 'two', type: 'edge' },
      { name: 'three', type: 'edge' },
    ];
    const { shown } = simulated(fails('a'), input(policy({ voters })));
    expect(shown.phases.at(-1)?.shares[0]?.clusters.map(({ percent }) => percent)).toEqual([0, 50, 50]);
  });

  test('is the same each time, and leaves the situation as it was', () => {
    const own = input();
    const before = JSON.stringify(own);
    const [one, two] = [simulated(fails('a', 'b'), own), simulated(fails('a', 'b'), own)];
    expect(one.shown).toEqual(two.shown);
    expect(JSON.stringify(own)).toBe(before);
  });

  test('stops where there is too much to look at', () => {
    const busy = input(policy({ health: { ...HEALTH, intervalSeconds: 1, timeoutSeconds: 1 } }));
    const { shown } = simulated(fails('a'), busy, 7_200_000);
    expect(shown.evaluations).toBe(2000);
    expect(shown.simulatedSeconds).toBeLessThan(7200);
  });

  test('of a fleet without voters, or of which nothing is known, moves nothing', () => {
    const blind = input();
    const unwatched = { ...blind, clusters: blind.clusters.map((item) => ({ ...item, voters: [] })) };
    expect(simulated(fails('a'), unwatched).shown.decisions).toEqual([]);
    const unknown = blind.clusters.map(({ name, uid }) => {
      const { recent: _, ...record } = unknownHealth('prod', name, uid, T0);
      return record;
    });
    expect(simulated(fails('a'), { ...blind, health: unknown }, 10_000).shown.phases).toHaveLength(1);
  });
});
