/** Fleets of every kind: what people declare of them makes sense, and is accepted by validation. */

import type { Pool } from '../../functions/core/model/ir.ts';
import type { Prng } from './prng.ts';
import {
  cluster,
  type FleetScenario,
  msAt,
  type PolicyInput,
  policyOf,
  pool,
  START_MS,
  sorted,
  VOTER_TYPES,
  votersOf,
} from './scenario.ts';

/** A fleet of one to six clusters in sites of unequal size. */
export function fleetBy(prng: Prng, name: string, windows: object[], drillWindows: object[]): FleetScenario {
  const count = prng.pick([1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6]);
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  const sites = sitesBy(prng, names);
  const pools = Array.from({ length: prng.int(1, 3) }, (_, index) => poolBy(prng, `p${index}`, names));
  const voters = votersBy(prng);
  const input = {
    automation: prng.chance(0.9) ? 'automatic' : prng.pick(['recommend', 'paused']),
    health: healthBy(prng),
    voters,
    failover: failoverBy(prng, windows),
    safety: safetyBy(prng, pools, names),
    drills: prng.chance(0.3)
      ? [{ name: 'd0', cluster: prng.pick(names), durationSeconds: prng.int(20, 200), windows: drillWindows }]
      : [],
  };
  const agents = Object.fromEntries(
    voters.map((_, index) => [`v${index}`, prng.pick([...sites.values(), 'elsewhere'])]),
  );
  const supply = prng.pick([0, 0.8, 1.2, 1.5, 3]);
  return {
    name,
    policy: policyOf(input as PolicyInput, agents),
    clusters: names.map((item) =>
      cluster(item, {
        site: sites.get(item) ?? item,
        city: sites.get(item) === 's0' ? 'north' : 'south',
        ...(supply > 0 && prng.chance(0.8) && { capacity: capacityBy(prng, item, pools, supply) }),
        joins: prng.pick(['when-healthy', 'when-healthy', 'at-once']),
      }),
    ),
    pools,
    gateways: Array.from({ length: prng.int(1, 2) }, (_, index) => ({
      name: `g${index}`,
      latencySeconds: prng.pick([1, 1, 2, 5]),
    })),
    loss: Object.fromEntries(voters.map((_, index) => [`v${index}`, prng.pick([0, 0, 0, 5, 10])])),
    hasControlTargets: prng.chance(0.5),
    ...(prng.chance(0.6) && { attentionSeconds: prng.int(60, 400) }),
    ...(prng.chance(0.1) && { formerTraffic: formerTrafficBy(prng, names) }),
  };
}

/** One site is larger than the others; some clusters are a site of their own. */
function sitesBy(prng: Prng, names: readonly string[]): Map<string, string> {
  const isApart = prng.chance(0.5);
  return new Map(
    names.map((name, index) => [name, isApart ? `s${index}` : prng.pick(['s0', 's0', 's1', `s${index + 2}`])]),
  );
}

function votersBy(prng: Prng): object[] {
  const count = prng.pick([1, 2, 3, 3, 3, 4, 5]);
  const others = Array.from({ length: count - 1 }, () => prng.pick(VOTER_TYPES));
  return votersOf(['edge', ...others]);
}

function poolBy(prng: Prng, key: string, names: readonly string[]): Pool {
  const members = (prng.chance(0.7) ? names : prng.some(names)).map((item) => ({
    cluster: item,
    weight: prng.pick([0, 1, 2, 10, 49, 50, 50, 100, 100, 100]),
    tier: prng.pick([0, 0, 0, 0, 1, 2]),
  }));
  const first = members[0];
  if (first && members.every(({ weight }) => weight === 0)) first.weight = 10;
  const load = prng.pick([0, 7, 50, 100, 100, 1000]);
  return pool(key, sorted(members), { pinned: prng.chance(0.1), ...(load > 0 && { load }) });
}

/** A part of what its pools ask for: at 0.8 nobody can carry all alone. */
function capacityBy(prng: Prng, name: string, pools: readonly Pool[], supply: number): number {
  const total = pools
    .filter(({ members }) => members.some((member) => member.cluster === name))
    .reduce((sum, { load }) => sum + (load ?? 0), 0);
  return Math.max(10, Math.ceil(total * supply * prng.pick([0.5, 1, 1])));
}

function healthBy(prng: Prng): object {
  const failureThreshold = prng.pick([2, 3, 3]);
  return {
    intervalSeconds: prng.pick([2, 5, 5, 10]),
    timeoutSeconds: prng.pick([1, 2]),
    failureThreshold,
    successThreshold: failureThreshold + prng.int(0, 2),
    dwellSeconds: prng.pick([0, 30, 120]),
  };
}

function failoverBy(prng: Prng, freezeWindows: object[]): object {
  return {
    cooldownSeconds: prng.pick([30, 60, 60, 120, 300]),
    correlation: {
      action: prng.pick(['proceed', 'proceed', 'ask']),
      windowSeconds: prng.pick([20, 60]),
      askSeconds: prng.pick([60, 300]),
    },
    headroomPercent: prng.pick([0, 10]),
    drainSeconds: prng.pick([0, 0, 30]),
    failback: {
      mode: prng.pick(['auto', 'ramp', 'ramp', 'manual']),
      rampSeconds: prng.pick([30, 100, 300]),
      minimumPercent: prng.pick([5, 10]),
      stepPercent: prng.pick([10, 25]),
      aggression: prng.pick([0.5, 1, 2]),
    },
    freezeWindows,
  };
}

function safetyBy(prng: Prng, pools: readonly Pool[], names: readonly string[]): object {
  const most = Math.min(...pools.map(({ members }) => members.filter(({ weight }) => weight > 0).length));
  const cap = prng.pick([{ percent: 60 }, { clusters: 1 }, { clusters: 2 }]);
  return {
    minServingClusters: prng.chance(0.3) ? Math.max(1, Math.min(2, most - 1)) : 1,
    minBasePercent: prng.pick([0, 0, 20, 50]),
    ...(prng.chance(0.2) && { maxRemoved: { ...cap, windowSeconds: prng.pick([300, 3600]) } }),
    exclusive: names.length > 2 && prng.chance(0.2) ? [names.slice(0, 2)] : [],
    gates: prng.chance(0.5) ? [{ name: 'gate', ...(prng.chance(0.3) && { clusters: [prng.pick(names)] }) }] : [],
  };
}

/** The traffic of a release with a chain of withdrawals: some clusters are out, some return, and one is shifted. */
function formerTrafficBy(prng: Prng, names: readonly string[]): object {
  const outages = prng.some(names).map((name) => ({
    cluster: name,
    uid: `${name}/1`,
    phase: prng.pick(['out', 'returning', 'joining']),
    percent: prng.pick([0, 30, 100]),
    sinceMs: START_MS - 300_000,
    reason: 'it failed',
    decision: 'dec_former',
    heldUntilMs: msAt(prng.int(-100, 300)),
  }));
  const episodes = outages.map(({ cluster: name, uid, sinceMs }) => ({ cluster: name, uid, atMs: sinceMs }));
  return {
    version: prng.int(1, 9),
    automation: { outages, episodes, panics: [] },
    withdrawals: [],
    shifts: [],
    breakGlasses: [],
  };
}
