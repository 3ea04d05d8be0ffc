import type { InForce } from '../../functions/core/allocation/points.ts';
import { NO_ALLOCATION } from '../../functions/core/allocation/sealed.ts';
import type { Limit } from '../../functions/core/allocation/types.ts';
import type { HealthRecord, VoterRecord } from '../../functions/core/health/types.ts';
import type { Member, Pool } from '../../functions/core/model/ir.ts';
import type { Kind, Resource, Specs } from '../../functions/core/model/resource.ts';
import { ClusterInput } from '../../schemas/cluster.ts';
import { DistributionInput } from '../../schemas/distribution.ts';
import { GatewayInput } from '../../schemas/gateway.ts';
import { RouteInput } from '../../schemas/route.ts';
import { ServiceInput } from '../../schemas/service.ts';

export const T0 = Date.UTC(2026, 10, 23, 3, 12);

function resource<K extends Kind>(
  kind: K,
  name: string,
  spec: Specs[K],
  createdAt = new Date(T0).toISOString(),
): Resource<K> {
  return { kind, fleet: 'prod', name, uid: `${kind}_${name}`, revision: 1, createdAt, updatedAt: createdAt, spec };
}

export function cluster(name: string, lastOctet: number): Resource<'cluster'> {
  const endpoints = [{ address: `10.0.0.${lastOctet}`, port: 80 }];
  return resource('cluster', name, ClusterInput.parse({ kind: 'kubernetes', ingress: { endpoints } }));
}

export function service(name: string, clusters: Record<string, number>, port = 80): Resource<'service'> {
  const exports = Object.entries(clusters).map(([cluster, replicas]) => ({ cluster, replicas }));
  return resource('service', name, ServiceInput.parse({ ports: [{ name: 'http', port }], exports }));
}

export function distribution(name: string, input: unknown): Resource<'distribution'> {
  return resource('distribution', name, DistributionInput.parse(input));
}

export function route(name: string, input: Record<string, unknown>, createdAt?: string): Resource<'route'> {
  const rules = [{ backendRefs: [{ service: 'shop', port: 80 }] }];
  return resource('route', name, RouteInput.parse({ gateways: ['edge'], rules, ...input }), createdAt);
}

export function gateway(name = 'edge'): Resource<'gateway'> {
  const target = { provider: 'alb', regionId: 'cn-hangzhou', loadBalancerId: 'alb-1', listenerIds: ['lsn-1'] };
  return resource('gateway', name, GatewayInput.parse({ target }));
}

export function member(cluster: string, weight: number, tier = 0): Member {
  return { cluster, weight, tier, endpoints: [{ address: '10.0.0.1', port: 80, remote: false }] };
}

export function pool(members: Member[], pinned = false): Pool {
  const healthCheck = ServiceInput.parse({ ports: [{ name: 'http', port: 80 }] }).healthCheck;
  return { key: 'shop-80', service: 'shop', port: 80, protocol: 'HTTP', healthCheck, pinned, members };
}

/**
 * Points that are in force while clusters are held back, each by its own limits, in a placement that was not sealed
 * yet.
 */
export function limited(limits: Record<string, Limit[]> = {}): InForce {
  const listed = Object.entries(limits).map(([cluster, own]) => ({ cluster, percent: 0, limits: own }));
  return { allocation: { ...NO_ALLOCATION, limits: listed } };
}

export function down(sinceMs = T0): Limit {
  return { reason: 'down', sinceMs };
}

/** Health with the words of each voter, all spoken at the same time. */
export function health(
  cluster: string,
  state: HealthRecord['state'],
  options: { sinceMs?: number; observedAtMs?: number; voters?: string[]; firstHealthyAtMs?: number } = {},
): HealthRecord {
  const { sinceMs = T0, observedAtMs = T0, voters = ['edge'], firstHealthyAtMs = T0 - 86_400_000 } = options;
  return {
    fleet: 'prod',
    cluster,
    uid: `cluster_${cluster}`,
    version: 1,
    state,
    sinceMs,
    firstHealthyAtMs,
    votes: voters.map((voter) => vote(voter, state, sinceMs, observedAtMs)),
    recent: [],
  };
}

export function vote(voter: string, state: HealthRecord['state'], sinceMs = T0, observedAtMs = T0): VoterRecord {
  return {
    voter,
    state,
    sinceMs,
    outcomes: state === 'unhealthy' ? 'fff' : 'ooooo',
    observedAtMs,
    suspectUntilMs: 0,
    last: { outcome: state === 'unhealthy' ? 'fail' : 'ok', detail: state === 'unhealthy' ? 'http: 503' : 'http: 200' },
  };
}
