import { describe, expect, it } from 'vitest';
import { runEpisode } from './episode.ts';
import type { FleetEvent } from './events.ts';
import type { DecisionEntry } from './history.ts';
import { automaticPercent } from './history.ts';
import { boundSeconds } from './invariants/evidence.ts';
import { PRODUCTION } from './production.ts';
import { cluster, type FleetScenario, policyOf, pool, type Scenario, votersOf } from './scenario.ts';

/** Failures that others have had in the field, FAILOVER.md section 2; each is named by whom it happened to. */

const NAMES = ['c0', 'c1', 'c2'];

function fleet(policy: object = {}, fields: Partial<FleetScenario> = {}): FleetScenario {
  return {
    name: 'shop',
    policy: policyOf({
      automation: 'automatic',
      voters: votersOf(['edge', 'agent', 'gateway-path']),
      failover: { cooldownSeconds: 60, failback: { mode: 'ramp', rampSeconds: 100 } },
      ...policy,
    } as Parameters<typeof policyOf>[0]),
    clusters: NAMES.map((name) => cluster(name)),
    pools: [
      pool(
        'p0',
        NAMES.map((name) => ({ cluster: name })),
      ),
    ],
    gateways: 2,
    hasControlTargets: false,
    attentionSeconds: 60,
    ...fields,
  };
}

function down(tick: number, seconds: number, clusters: string[]): FleetEvent {
  return { tick, seconds, type: 'down', clusters, cause: 'Cluster' };
}

/** What was decided; every invariant holds meanwhile. */
function run(scenario: Partial<Scenario> & Pick<Scenario, 'events'>, restarts = false): DecisionEntry[] {
  const entries: DecisionEntry[] = [];
  const { violation } = runEpisode(
    { seed: 1, ticks: 1200, fleets: [fleet()], ...scenario },
    { production: PRODUCTION, restarts, watch: (entry) => entries.push(entry) },
  );
  expect(violation).toBeUndefined();
  return entries;
}

/** Every percent that automation has left to the cluster, in order. */
function percentsOf(entries: readonly DecisionEntry[], name: string): number[] {
  const percents = entries.map(({ verdict }) => automaticPercent(verdict.traffic, name));
  return percents.filter((percent, index) => percent !== percents[index - 1]);
}

describe('failures of the field', () => {
  it('k8gb: a secondary that is cut off from the primary does not take over from it', () => {
    const entries = run({
      events: [{ tick: 200, seconds: 600, type: 'partition', voters: ['v1'], clusters: ['c0'] }],
    });
    expect(entries).toEqual([]);
  });

  it('k8gb: with three clusters, one that fails is left, and both others go on', () => {
    const entries = run({ events: [down(200, 300, ['c1'])] });
    const failover = entries.find(({ after }) => after['p0']?.[1]?.percent === 0);
    expect(failover?.after['p0']?.map(({ percent }) => percent)).toEqual([50, 0, 50]);
    expect((failover?.tick ?? 0) - 200).toBeLessThanOrEqual(boundSeconds(fleet().policy));
    expect(entries.at(-1)?.verdict.traffic.withdrawals).toEqual([]);
  });

  it('Argo Rollouts: while the provider throttles, no step follows one that is not verified', () => {
    const entries = run({
      events: [down(200, 60, ['c1']), { tick: 330, seconds: 300, type: 'throttle' }],
    });
    const raises = entries.filter(({ verdict }) => verdict.changes.some(({ action }) => action === 'raise'));
    expect(raises.length).toBeGreaterThan(2);
    for (const { situation } of raises) expect(situation.verifiedAtMs).toBeDefined();
  });

  it('Kong: editing the policy resets no health', () => {
    const edits: FleetEvent[] = [
      { tick: 202, seconds: 3, type: 'tune', field: 'dwell', value: 30 },
      { tick: 208, seconds: 3, type: 'tune', field: 'cooldown', value: 90 },
      { tick: 230, seconds: 300, type: 'weight', pool: 0, member: 0, weight: 50 },
    ];
    const edited = run({ events: [down(200, 300, ['c1']), ...edits] });
    const untouched = run({ events: [down(200, 300, ['c1'])] });
    expect(edited[0]?.tick).toBe(untouched[0]?.tick);
    expect(percentsOf(edited, 'c1')[0]).toBe(0);
  });

  it('Flagger: a control plane that is built anew in the middle of a ramp goes on with the same step', () => {
    const events = [down(200, 60, ['c1'])];
    const steady = percentsOf(run({ events }), 'c1');
    expect(percentsOf(run({ events }, true), 'c1')).toEqual(steady);
    expect(steady.length).toBeGreaterThan(8);
  });

  it('Istio: a cap on removals leaves a dead region all the same', () => {
    const safety = { maxRemoved: { percent: 34, windowSeconds: 3600 } };
    const [first] = run({ fleets: [fleet({ safety })], events: [down(200, 300, ['c2'])] });
    expect(first?.after['p0']?.map(({ percent }) => percent)).toEqual([50, 50, 0]);
  });
});

describe('a restart in every second', () => {
  it('resumes a drill', () => {
    const drills = [{ name: 'd0', cluster: 'c0', durationSeconds: 60 }];
    const scenario = {
      fleets: [fleet({ drills })],
      events: [{ tick: 200, seconds: 300, type: 'drill', isAborted: false } as const],
    };
    const told = [false, true].map((restarts) =>
      run(scenario, restarts).map(({ tick, after, verdict }) => ({ tick, after, drill: verdict.traffic.drill })),
    );
    expect(told[1]).toEqual(told[0]);
    expect(told[0]?.some(({ after }) => after['p0']?.[0]?.percent === 0)).toBe(true);
    expect(told[0]?.at(-1)?.drill).toBeUndefined();
  });

  it('forgets no cooldown: the second failure keeps a cluster out for twice as long', () => {
    const events = [down(200, 30, ['c1']), down(500, 30, ['c1'])];
    const health = { dwellSeconds: 0 };
    const failover = { cooldownSeconds: 60, failback: { mode: 'auto' } };
    const entries = run({ fleets: [fleet({ health, failover })], events }, true);
    const moves = entries.filter(({ verdict }) => verdict.changes.some(({ cluster }) => cluster === 'c1'));
    const [out, back, outAgain, backAgain] = moves.map(({ tick }) => tick);
    expect(Number(back) - Number(out)).toBeLessThan(70);
    expect(Number(backAgain) - Number(outAgain)).toBeGreaterThanOrEqual(120);
  });
});
