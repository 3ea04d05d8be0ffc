import type { Pool } from '../../functions/core/ir.ts';
import { placementsOf } from '../../functions/core/placements.ts';
import type { ClusterFacts, Placement, Policy } from '../../functions/core/situation.ts';
import type { FleetEvent } from './events.ts';
import { cluster, type FleetScenario, msAt } from './scenario.ts';

/** What people have declared at a time. */
export interface Declared {
  policy: Policy;
  clusters: ClusterFacts[];
  pools: Pool[];
  placements: Placement[];
}

/** What was declared at first, and the edits that are in force. */
export function declaredAt(
  base: FleetScenario,
  events: readonly FleetEvent[],
  active: readonly FleetEvent[],
  tick: number,
): Declared {
  const policy = active.reduce(editPolicy, base.policy);
  const membership = active.reduce(editMembers, { clusters: base.clusters, pools: base.pools });
  const clusters = membership.clusters
    .map((item) => incarnation(item, events, tick))
    .map((item) => ({
      ...item,
      voters: policy.voters.filter((voter) => covers(voter, item.name)).map(({ name }) => name),
    }))
    .map((item) => active.reduce(shrink, item))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const pools = membership.pools.map((item) => active.reduce(surge, item));
  return { policy, clusters, pools, placements: placementsOf(pools) };
}

function covers({ clusters }: { clusters?: string[] | undefined }, name: string): boolean {
  return clusters?.includes(name) ?? true;
}

function editPolicy(policy: Policy, event: FleetEvent): Policy {
  const { health, failover, safety, voters } = policy;
  switch (event.type) {
    case 'mode':
      return { ...policy, automation: event.mode };
    case 'gate':
      return { ...policy, safety: { ...safety, gates: safety.gates.map((gate) => ({ ...gate, open: false })) } };
    case 'freeze':
      return { ...policy, failover: { ...failover, freezeWindows: [...failover.freezeWindows, windowOf(event)] } };
    case 'voters': {
      const kept = voters.filter(({ name }) => event.names.includes(name));
      return kept.some(({ type }) => type !== 'gateway-view') ? { ...policy, voters: kept } : policy;
    }
    case 'tune':
      return { ...policy, ...tuned(health, failover, event) };
    default:
      return policy;
  }
}

function windowOf({ tick, seconds }: FleetEvent): Policy['failover']['freezeWindows'][number] {
  return { type: 'once', from: new Date(msAt(tick)).toISOString(), to: new Date(msAt(tick + seconds)).toISOString() };
}

function tuned(
  health: Policy['health'],
  failover: Policy['failover'],
  { field, value }: Extract<FleetEvent, { type: 'tune' }>,
): Pick<Policy, 'health' | 'failover'> {
  switch (field) {
    case 'thresholds':
      return { health: { ...health, failureThreshold: value, successThreshold: value + 1 }, failover };
    case 'dwell':
      return { health: { ...health, dwellSeconds: value }, failover };
    case 'interval':
      return { health: { ...health, intervalSeconds: value }, failover };
    case 'cooldown':
      return { health, failover: { ...failover, cooldownSeconds: value } };
  }
}

interface Membership {
  clusters: ClusterFacts[];
  pools: Pool[];
}

function editMembers({ clusters, pools }: Membership, event: FleetEvent): Membership {
  if (event.type === 'join') {
    if (clusters.some(({ name }) => name === event.cluster)) return { clusters, pools };
    const member = { cluster: event.cluster, weight: 50, tier: 0, endpoints: [] };
    return {
      clusters: [...clusters, cluster(event.cluster, { createdAtMs: msAt(event.tick) })],
      pools: pools.map((pool) => ({ ...pool, members: [...pool.members, member] })),
    };
  }
  if (event.type === 'leave') {
    const left = pools.map((pool) => ({
      ...pool,
      members: pool.members.filter((member) => member.cluster !== event.cluster),
    }));
    const isServed = left.every(({ members }) => members.some(({ weight }) => weight > 0));
    return isServed
      ? { clusters: clusters.filter(({ name }) => name !== event.cluster), pools: left }
      : { clusters, pools };
  }
  if (event.type === 'weight') return { clusters, pools: pools.map((pool, index) => weigh(pool, index, event)) };
  return { clusters, pools };
}

function weigh(pool: Pool, index: number, event: Extract<FleetEvent, { type: 'weight' }>): Pool {
  if (index !== event.pool) return pool;
  return {
    ...pool,
    members: pool.members.map((member, at) => (at === event.member ? { ...member, weight: event.weight } : member)),
  };
}

/** A cluster that is deleted and created again is another one. */
function incarnation(item: ClusterFacts, events: readonly FleetEvent[], tick: number): ClusterFacts {
  const births = events.filter(
    (event) => event.type === 'recreate' && event.cluster === item.name && event.tick <= tick,
  );
  const last = births.at(-1);
  return last ? { ...item, uid: `${item.name}/${births.length + 1}`, createdAtMs: msAt(last.tick) } : item;
}

function shrink(item: ClusterFacts, event: FleetEvent): ClusterFacts {
  if (event.type !== 'shrink' || item.capacity === undefined || !event.clusters.includes(item.name)) return item;
  return { ...item, capacity: Math.max(1, Math.round((item.capacity * event.percent) / 100)) };
}

function surge(pool: Pool, event: FleetEvent): Pool {
  if (event.type !== 'surge' || pool.load === undefined) return pool;
  return { ...pool, load: Math.round((pool.load * event.percent) / 100) };
}
