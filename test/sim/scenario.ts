import type { Pool } from '../../functions/core/ir.ts';
import type { ClusterFacts, Policy } from '../../functions/core/situation.ts';
import { FleetInput } from '../../schemas/fleet.ts';
import type { FleetEvent } from './events.ts';
import type { Prng } from './prng.ts';

/** Monday, 5 January 2026. A tick is one second. */
export const START_MS = Date.UTC(2026, 0, 5);
export const SECOND_MS = 1000;

export function msAt(tick: number): number {
  return START_MS + tick * SECOND_MS;
}

/** What a fleet is at the beginning of an episode. Plain data, as everything in a scenario. */
export interface FleetScenario {
  name: string;
  policy: Policy;
  clusters: ClusterFacts[];
  pools: Pool[];
  gateways: number;
  /** A voter that reaches nothing is found out. */
  hasControlTargets: boolean;
  /** Somebody restores, resumes and restarts what waits for people, this long after it began. */
  attentionSeconds: number;
}

export interface Scenario {
  /** Of everything that happens by chance meanwhile. */
  seed: number;
  /** With adversary; then all faults end, and the fleet has time to come to rest. */
  ticks: number;
  fleets: FleetScenario[];
  /** Of the first fleet; the others are never disturbed. */
  events: FleetEvent[];
}

type PolicyInput = Parameters<typeof FleetInput.parse>[0];

export function policyOf(input: PolicyInput): Policy {
  const { automation, health, voters, failover, safety, drills } = FleetInput.parse(input);
  return { automation, health, voters, failover, safety, drills };
}

export function cluster(name: string, fields: Partial<ClusterFacts> = {}): ClusterFacts {
  return { name, uid: `${name}/1`, faultDomain: name, joins: 'when-healthy', createdAtMs: 0, voters: [], ...fields };
}

export interface MemberInput {
  cluster: string;
  weight?: number;
  tier?: number;
}

export function pool(key: string, members: readonly MemberInput[], fields: Partial<Pool> = {}): Pool {
  return {
    key,
    service: `shop/${key}`,
    port: 80,
    protocol: 'HTTP',
    healthCheck: { type: 'tcp' },
    pinned: false,
    members: members.map((member) => ({ weight: 1, tier: 0, endpoints: [], ...member })),
    ...fields,
  } as Pool;
}

const VOTER_TYPES = ['edge', 'gateway-path', 'agent', 'gateway-view'] as const;
const PUBLIC_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

/** Voters of any kinds; one of them sees clusters for itself. */
export function votersOf(types: readonly (typeof VOTER_TYPES)[number][]): object[] {
  return types.map((type, index) => ({
    name: `v${index}`,
    type,
    ...(type === 'gateway-path' && { gateway: 'g0', url: 'http://shop.example.com/healthz' }),
    ...(type === 'gateway-view' && { gateway: 'g0' }),
    ...(type === 'agent' && { publicKey: PUBLIC_KEY }),
  }));
}

function votersBy(prng: Prng): object[] {
  const count = prng.pick([1, 2, 3, 3, 3, 4, 5]);
  const others = Array.from({ length: count - 1 }, () => prng.pick(VOTER_TYPES));
  return votersOf(['edge', ...others]);
}

/** A fleet of one to six clusters; what people declare of it makes sense, but is of every kind. */
export function fleetBy(prng: Prng, name: string, windows: object[], drillWindows: object[]): FleetScenario {
  const count = prng.pick([1, 2, 2, 3, 3, 3, 3, 4, 4, 5, 6]);
  const names = Array.from({ length: count }, (_, index) => `c${index}`);
  const pools = Array.from({ length: prng.int(1, 3) }, (_, index) => poolBy(prng, `p${index}`, names));
  const input = {
    automation: prng.chance(0.9) ? 'automatic' : prng.pick(['recommend', 'paused']),
    health: healthBy(prng),
    voters: votersBy(prng),
    failover: failoverBy(prng, windows),
    safety: safetyBy(prng, pools, names),
    drills: prng.chance(0.4)
      ? [{ name: 'd0', cluster: prng.pick(names), durationSeconds: prng.int(20, 200), windows: drillWindows }]
      : [],
  };
  const policy = policyOf(input as PolicyInput);
  const clusters = names.map((item) =>
    cluster(item, {
      faultDomain: prng.chance(0.8) ? item : 'shared',
      ...(prng.chance(0.5) && { capacity: capacityBy(prng, item, pools) }),
      joins: prng.pick(['when-healthy', 'when-healthy', 'at-once']),
    }),
  );
  return {
    name,
    policy,
    clusters,
    pools,
    gateways: prng.int(1, 2),
    hasControlTargets: prng.chance(0.5),
    attentionSeconds: prng.int(60, 400),
  };
}

function poolBy(prng: Prng, key: string, names: readonly string[]): Pool {
  const members = (prng.chance(0.7) ? names : prng.some(names)).map((item) => ({
    cluster: item,
    weight: prng.pick([0, 1, 10, 50, 50, 50, 100, 100, 100]),
    tier: prng.pick([0, 0, 0, 0, 1, 2]),
  }));
  const first = members[0];
  if (first && members.every(({ weight }) => weight === 0)) first.weight = 10;
  members.sort((a, b) => a.tier - b.tier || (a.cluster < b.cluster ? -1 : 1));
  return pool(key, members, {
    pinned: prng.chance(0.1),
    ...(prng.chance(0.7) && { load: prng.pick([50, 100, 1000]) }),
  });
}

/** Enough for what the pools ask for when all serve, and often for the loss of another cluster. */
function capacityBy(prng: Prng, name: string, pools: readonly Pool[]): number {
  const total = pools
    .filter(({ members }) => members.some((member) => member.cluster === name))
    .reduce((sum, { load }) => sum + (load ?? 0), 0);
  return Math.max(10, Math.ceil(total * prng.pick([1.2, 1.5, 0.8, 3])));
}

function healthBy(prng: Prng): object {
  const failureThreshold = prng.pick([1, 2, 3, 3]);
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
    correlation: { action: prng.pick(['halt', 'ignore']), windowSeconds: prng.pick([20, 60]) },
    panic: { thresholdPercent: prng.pick([0, 30, 50]), mode: prng.pick(['hold', 'base', 'reject']) },
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
  return {
    minServingClusters: prng.chance(0.4) ? Math.max(1, Math.min(2, most - 1)) : 1,
    minBasePercent: prng.pick([0, 0, 20, 50]),
    ...(prng.chance(0.3) && { maxRemoved: { percent: prng.pick([60, 100]), windowSeconds: prng.pick([300, 3600]) } }),
    exclusive: names.length > 2 && prng.chance(0.2) ? [names.slice(0, 2)] : [],
    gates: prng.chance(0.5) ? [{ name: 'gate', ...(prng.chance(0.3) && { clusters: [prng.pick(names)] }) }] : [],
  };
}
