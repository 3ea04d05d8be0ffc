import type { Cluster, ClusterHealth } from '../../schemas/cluster.ts';
import type { Fleet } from '../../schemas/fleet.ts';
import type { Gateway, GatewaySync } from '../../schemas/gateway.ts';
import type { Issue } from '../../schemas/problem.ts';
import type { BackendShares, Route } from '../../schemas/route.ts';
import type { Service, ServiceSpec } from '../../schemas/service.ts';
import {
  automated,
  drifted,
  healthy,
  policyCondition,
  programmedBy,
  programmedByAll,
  serving,
  withinQuotas,
  writtenConditions,
} from '../core/conditions.ts';
import { shares } from '../core/distribution.ts';
import { backendsOf } from '../core/lookup.ts';
import type { Kind, Resource } from '../core/model.ts';
import { compareText } from '../core/precedence.ts';
import { type Named, poolOf } from '../core/resolve.ts';
import type { Withdrawal } from '../core/traffic.ts';
import { votersOf } from '../core/votes.ts';
import { isNearQuota } from '../engine/preview.ts';
import { shownVotes } from '../engine/votes.ts';
import { timestamp } from './context.ts';
import { type Evidence, progressOf } from './evidence.ts';

/** Resources as the API shows them: what was declared, and what became of it. */
export interface Views {
  fleet: Fleet;
  cluster: Cluster;
  gateway: Gateway;
  service: Service;
  route: Route;
}

export interface Surroundings {
  evidence: Evidence;
  nowMs: number;
  /** For routes: what they name. */
  named: Named;
  /** For fleets: what is doubtful of their policy. */
  warnings: readonly Issue[];
}

export const views: { [K in Kind]: (resource: Resource<K>, surroundings: Surroundings) => Views[K] } = {
  fleet: viewFleet,
  cluster: viewCluster,
  gateway: viewGateway,
  service: viewService,
  route: viewRoute,
};

function metadata({ name, uid, revision, createdAt, updatedAt }: Resource) {
  return { name, uid, revision, createdAt, updatedAt };
}

function commonConditions(resource: Resource, evidence: Evidence) {
  return [...writtenConditions(resource), programmedByAll(resource, progressOf(resource, evidence))];
}

function viewFleet(resource: Resource<'fleet'>, { evidence, warnings }: Surroundings): Fleet {
  const conditions = [
    ...commonConditions(resource, evidence),
    automated(resource, resource.spec.automation),
    policyCondition(resource, warnings),
  ];
  return { ...metadata(resource), ...resource.spec, conditions };
}

function viewCluster(resource: Resource<'cluster'>, surroundings: Surroundings): Cluster {
  const { evidence } = surroundings;
  const health = healthOf(resource, surroundings);
  const found = evidence.traffic.withdrawals.find((item) => item.cluster === resource.name);
  const withdrawal = found && withdrawalOf(found);
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: [
      ...commonConditions(resource, evidence),
      healthy(resource, health.state, health.since),
      serving(resource, withdrawal),
    ],
    health,
    ...(withdrawal && { withdrawal }),
  };
}

function withdrawalOf({ sinceMs, percent, cause, reason, decision }: Withdrawal): NonNullable<Cluster['withdrawal']> {
  return { percent, cause, since: timestamp(sinceMs), reason, decision };
}

function healthOf(resource: Resource<'cluster'>, { evidence, nowMs }: Surroundings): ClusterHealth {
  const record = evidence.health.find((item) => item.uid === resource.uid);
  const { policy } = evidence;
  const votes = policy ? shownVotes(record, votersOf(resource, policy.voters), policy, nowMs) : [];
  if (record === undefined) return { state: 'unknown', votes };
  return {
    state: record.state,
    since: timestamp(record.sinceMs),
    ...(record.cause && { cause: record.cause }),
    votes,
    ...(record.recent[0] && { lastObservation: record.recent[0] }),
  };
}

function viewGateway(resource: Resource<'gateway'>, { evidence }: Surroundings): Gateway {
  const record = evidence.syncs.find((item) => item.gateway === resource.name);
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: [
      ...commonConditions(resource, evidence),
      drifted(resource, record?.drift, resource.spec.drift),
      withinQuotas(resource, (record?.quotas ?? []).filter(isNearQuota), record?.checkedAt),
    ],
    ...(record?.provisioned !== undefined && { target: record.provisioned }),
    ...(record?.address !== undefined && { address: record.address }),
    sync: syncOf(resource, evidence),
  };
}

function syncOf(resource: Resource<'gateway'>, { syncs, outbox }: Evidence): GatewaySync {
  const record = syncs.find((item) => item.gateway === resource.name);
  const isBehind = outbox.some((row) => row.gateway === resource.name);
  const known = {
    ...(record?.lastAttemptAt !== undefined && { lastAttemptAt: record.lastAttemptAt }),
    ...(record?.nextAttemptAt !== undefined && { nextAttemptAt: record.nextAttemptAt }),
    ...(record?.verifiedAt !== undefined && { verifiedAt: record.verifiedAt }),
    ...(record?.progress !== undefined && { progress: record.progress }),
    ...(record?.pushedAt !== undefined && { pushedAt: record.pushedAt }),
    ...(record?.checkedAt !== undefined && { checkedAt: record.checkedAt }),
    ...(record?.drift !== undefined && { drift: record.drift }),
    ...(record?.quotas !== undefined && { quotas: record.quotas }),
  };
  if (record === undefined || (record.state === 'Verified' && isBehind)) {
    return { state: 'Pending', reason: 'Pending', message: 'There are changes to push.', attempts: 0, ...known };
  }
  const { state, reason, message, attempts } = record;
  return { state, reason, message, attempts, ...known };
}

function viewService(resource: Resource<'service'>, { evidence }: Surroundings): Service {
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: commonConditions(resource, evidence),
    import: {
      type: 'ClusterSetIP',
      ports: resource.spec.ports,
      clusters: [...resource.spec.exports].sort(byAge).map((item) => item.cluster),
    },
  };
}

type Export = ServiceSpec['exports'][number];

/** Oldest first; exports without a date last (KEP-1645 settles conflicts by age). */
function byAge(a: Export, b: Export): number {
  return exportedAtMs(a) - exportedAtMs(b) || compareText(a.cluster, b.cluster);
}

function exportedAtMs({ exportedAt }: Export): number {
  return exportedAt === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(exportedAt);
}

function viewRoute(resource: Resource<'route'>, surroundings: Surroundings): Route {
  const progress = progressOf(resource, surroundings.evidence);
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: commonConditions(resource, surroundings.evidence),
    parents: progress.map((item) => ({
      gateway: item.gateway,
      conditions: [...writtenConditions(resource), programmedBy(resource, item)],
    })),
    shares: backendShares(resource, surroundings),
  };
}

/** Who gets how much of each distinct backend, in the order in which the route names them. */
function backendShares(resource: Resource<'route'>, { evidence, named }: Surroundings): BackendShares[] {
  const distinct = new Map(backendsOf(resource.spec).map(({ ref }) => [`${ref.service}:${ref.port}`, ref]));
  return [...distinct.values()].map((ref) => ({
    service: ref.service,
    port: ref.port,
    clusters: shares(poolOf(resource, ref, named), evidence.traffic),
  }));
}
