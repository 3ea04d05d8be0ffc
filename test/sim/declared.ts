/** Computes what people have declared at a time: the first declarations with the edits that are in force. */

import { placementKey, placementsOf } from '../../functions/core/allocation/placements.ts';
import type { ClusterFacts, Placement, Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Pool } from '../../functions/core/model/ir.ts';
import type { EventOf, FleetEvent } from './events.ts';
import { cluster, type FleetScenario, msAt, sorted } from './scenario.ts';

export interface Declared {
  policy: Policy;
  clusters: ClusterFacts[];
  pools: Pool[];
  placements: Placement[];
  /** Placements by the key of the pool. */
  placementOf: ReadonlyMap<string, Placement>;
}

export function declaredAt(
  base: FleetScenario,
  events: readonly FleetEvent[],
  active: readonly FleetEvent[],
  tick: number,
  isIsolated: (cluster: string) => boolean,
): Declared {
  const policy = active.reduce(editPolicy, base.policy);
  const first = { clusters: base.clusters, pools: base.pools };
  const membership = active.reduce((so, event) => accepted(so, editMembers(so, event), isIsolated), first);
  const clusters = membership.clusters
    .map((item) => incarnation(item, events, tick))
    .map((item) => ({
      ...item,
      voters: policy.voters.filter((voter) => voter.clusters?.includes(item.name) ?? true).map(({ name }) => name),
    }))
    .map((item) => active.reduce(shrink, item))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const pools = membership.pools.map((item) => active.reduce(surge, item));
  const placements = placementsOf(pools);
  const byKey = new Map(placements.map((placement) => [placement.key, placement]));
  const placementOf = new Map(
    pools.flatMap((pool) => {
      const placement = byKey.get(placementKey(pool));
      return placement ? [[pool.key, placement] as const] : [];
    }),
  );
  return { policy, clusters, pools, placements, placementOf };
}

function editPolicy(policy: Policy, event: FleetEvent): Policy {
  const { failover, safety, voters } = policy;
  switch (event.type) {
    case 'mode':
      return { ...policy, automation: event.mode };
    case 'gate':
      return { ...policy, safety: { ...safety, gates: safety.gates.map((gate) => ({ ...gate, open: false })) } };
    case 'freeze':
      return { ...policy, failover: { ...failover, freezeWindows: [...failover.freezeWindows, windowOf(event)] } };
    case 'failback':
      return { ...policy, failover: { ...failover, failback: { ...failover.failback, mode: event.mode } } };
    case 'voters': {
      const kept = voters.filter(({ name }) => event.names.includes(name));
      return kept.some(({ type }) => type !== 'gateway-view') ? { ...policy, voters: kept } : policy;
    }
    case 'tune':
      return tuned(policy, event);
    default:
      return policy;
  }
}

function windowOf({ tick, seconds }: FleetEvent): Policy['failover']['freezeWindows'][number] {
  return { type: 'once', from: new Date(msAt(tick)).toISOString(), to: new Date(msAt(tick + seconds)).toISOString() };
}

function tuned(policy: Policy, { field, value }: EventOf<'tune'>): Policy {
  const { health, failover } = policy;
  switch (field) {
    case 'thresholds':
      return { ...policy, health: { ...health, ...thresholdsOf(value) } };
    case 'dwell':
      return { ...policy, health: { ...health, dwellSeconds: value } };
    case 'cooldown':
      return { ...policy, failover: { ...failover, cooldownSeconds: value } };
    case 'headroom':
      return { ...policy, failover: { ...failover, headroomPercent: value } };
    case 'ask':
      return { ...policy, failover: { ...failover, correlation: { ...failover.correlation, action: 'ask' } } };
  }
}

function thresholdsOf(value: number): Partial<Policy['health']> {
  const failureWindow = 2 * value - 1;
  return {
    failureThreshold: value,
    failureWindow,
    successThreshold: value + 1,
    recoveryWindow: Math.max(8, failureWindow),
  };
}

interface Membership {
  clusters: ClusterFacts[];
  pools: Pool[];
}

/** Tells whether the write is refused because nobody may serve a pool afterwards. */
function accepted(before: Membership, after: Membership, isIsolated: (cluster: string) => boolean): Membership {
  if (after === before) return before;
  const isServed = ({ members }: Pool) => members.some(({ weight, cluster: name }) => weight > 0 && !isIsolated(name));
  const isWorse = after.pools.some((pool, index) => {
    const former = before.pools[index];
    return !isServed(pool) && former !== undefined && isServed(former);
  });
  return isWorse ? before : after;
}

function editMembers(so: Membership, event: FleetEvent): Membership {
  const { clusters, pools } = so;
  switch (event.type) {
    case 'join':
      return clusters.some(({ name }) => name === event.cluster) ? so : joined(so, event);
    case 'leave': {
      const isOther = (name: string) => name !== event.cluster;
      const left = pools.map((pool) => ({ ...pool, members: pool.members.filter((item) => isOther(item.cluster)) }));
      return { clusters: clusters.filter(({ name }) => isOther(name)), pools: left };
    }
    case 'weight':
      return { clusters, pools: withMember(pools, event, { weight: event.value }) };
    case 'tier':
      return { clusters, pools: withMember(pools, event, { tier: event.value }) };
    case 'pin':
      return { clusters, pools: pools.map((pool, at) => (at === event.pool ? { ...pool, pinned: true } : pool)) };
    default:
      return so;
  }
}

function joined({ clusters, pools }: Membership, event: EventOf<'join'>): Membership {
  const member = { cluster: event.cluster, weight: 50, tier: 0, endpoints: [] };
  return {
    clusters: [...clusters, cluster(event.cluster, { createdAtMs: msAt(event.tick) })],
    pools: pools.map((pool) => ({ ...pool, members: sorted([...pool.members, member]) })),
  };
}

function withMember(
  pools: readonly Pool[],
  { pool, member }: { pool: number; member: number },
  changes: Partial<Pool['members'][number]>,
): Pool[] {
  return pools.map((item, at) => {
    if (at !== pool) return item;
    const members = item.members.map((one, index) => (index === member ? { ...one, ...changes } : one));
    return { ...item, members: sorted(members) };
  });
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
