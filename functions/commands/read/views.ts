import type { Cluster, ClusterHealth } from '../../../schemas/cluster.ts';
import type { Condition } from '../../../schemas/common.ts';
import type { Distribution } from '../../../schemas/distribution.ts';
import type { Fleet } from '../../../schemas/fleet.ts';
import type { Gateway, GatewayReading, GatewaySync } from '../../../schemas/gateway.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { BackendShares, DistributionUsed, Route } from '../../../schemas/route.ts';
import type { Service, ServiceSpec } from '../../../schemas/service.ts';
import { shares } from '../../core/allocation/points.ts';
import { standingShown, type Withdrawal, withdrawalsOf } from '../../core/failover/withdrawals.ts';
import { observedAt } from '../../core/gateway/data-plane.ts';
import type { Deviation, Reading } from '../../core/gateway/reading.ts';
import { conditionOf, followingAt, programmedAt, summaryOf } from '../../core/gateway/status.ts';
import { shownImpairment, shownVotes } from '../../core/health/shown-votes.ts';
import type { Silence } from '../../core/health/silence.ts';
import { votersOf } from '../../core/health/voters.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import { compareText } from '../../core/model/text.ts';
import { type Named, poolOf } from '../../core/routing/resolve.ts';
import { backendsOf } from '../../core/routing/terms.ts';
import {
  automated,
  drifted,
  healthy,
  policyCondition,
  serving,
  survivesLosses,
  votersHeard,
  withinQuotas,
  writtenConditions,
} from '../../core/status/conditions.ts';
import type { Assessment } from '../../deps.ts';
import { isNearQuota } from '../../engine/reconcile/preview.ts';
import { timestamp } from '../context.ts';
import { followingInputOf, gatewaysOf, programmedInputOf, type ResourceFacts } from './resource-facts.ts';
import { routeParents } from './route-parents.ts';
import { clusterAtGateways } from './shift-view.ts';

/** The resources as the API shows them: their declarations and their state. */
export interface Views {
  fleet: Fleet;
  cluster: Cluster;
  gateway: Gateway;
  service: Service;
  distribution: Distribution;
  route: Route;
}

export interface ViewContext {
  facts: ResourceFacts;
  nowMs: number;
  /** For routes: the resources that they name, and their gateways. */
  named: Named;
  gateways: ReadonlyMap<string, Resource<'gateway'>>;
  /** For fleets: the warnings about their policy. */
  warnings: readonly Issue[];
  /** For fleets: the voters that have fallen silent. */
  silent: readonly Silence[];
  /** For fleets: whether they could survive losses. Undefined before that has been worked out. */
  assessment: Assessment | undefined;
}

export const views: { [K in Kind]: (resource: Resource<K>, context: ViewContext) => Views[K] } = {
  fleet: viewFleet,
  cluster: viewCluster,
  gateway: viewGateway,
  service: viewService,
  distribution: viewDistribution,
  route: viewRoute,
};

function metadata({ name, uid, revision, createdAt, updatedAt }: Resource) {
  return { name, uid, revision, createdAt, updatedAt };
}

/**
 * Returns the conditions that all kinds have: whether the resource is valid, whether its objects are at every gateway,
 * and whether its traffic is as desired.
 */
function commonConditions<K extends Kind>(resource: Resource<K>, { facts, nowMs }: ViewContext): Condition[] {
  const gateways = gatewaysOf(resource, facts);
  const programmed = gateways.map((gateway) => ({
    gateway,
    ...programmedAt(resource, programmedInputOf(resource, gateway, facts), nowMs),
  }));
  const following = gateways.map((gateway) => ({
    gateway,
    ...followingAt(resource, followingInputOf(resource, gateway, facts), nowMs),
  }));
  return [
    ...writtenConditions(resource),
    summaryOf('Programmed', resource, programmed),
    summaryOf('Following', resource, following),
  ];
}

function viewFleet(resource: Resource<'fleet'>, context: ViewContext): Fleet {
  const conditions = [
    ...commonConditions(resource, context),
    automated(resource, resource.spec.automation),
    policyCondition(resource, context.warnings),
    votersHeard(resource, context.silent),
    ...survivesLosses(resource, context.assessment),
  ];
  return { ...metadata(resource), ...resource.spec, conditions };
}

function viewCluster(resource: Resource<'cluster'>, context: ViewContext): Cluster {
  const { facts } = context;
  const health = healthOf(resource, context);
  const found = withdrawalsOf(facts.traffic).find((item) => item.cluster === resource.name);
  const withdrawal = found && withdrawalOf(found);
  const gateways = clusterAtGateways(resource.name, facts.gateways, facts.readings);
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: [
      ...commonConditions(resource, context),
      healthy(resource, health.state, health.since),
      serving(resource, withdrawal, mostOf(gateways)),
    ],
    health,
    gateways,
    standing: standingShown(facts.traffic, resource.name),
    ...(withdrawal && { withdrawal }),
  };
}

function mostOf(gateways: Cluster['gateways']): number | undefined {
  const most = Math.max(...gateways.map(({ maxPercent }) => maxPercent));
  const isTold = gateways.length > 0 && gateways.every(({ unknownPools }) => unknownPools === 0);
  return isTold || most > 0 ? most : undefined;
}

function withdrawalOf({ sinceMs, percent, cause, reason, decision }: Withdrawal): NonNullable<Cluster['withdrawal']> {
  return { percent, cause, since: timestamp(sinceMs), reason, decision };
}

function healthOf(resource: Resource<'cluster'>, { facts, nowMs }: ViewContext): ClusterHealth {
  const record = facts.health.find((item) => item.uid === resource.uid);
  const { fleetSpec: policy } = facts;
  const watching = policy ? votersOf(resource, policy.voters) : [];
  const votes = policy ? shownVotes(record, watching, policy, nowMs) : [];
  if (record === undefined) return { state: 'unknown', votes };
  const impaired = policy && shownImpairment(record, watching, policy, nowMs);
  return {
    state: record.state,
    since: timestamp(record.sinceMs),
    ...(record.cause && { cause: record.cause }),
    ...(impaired && { impaired }),
    votes,
    ...(record.recent[0] && { lastObservation: record.recent[0] }),
  };
}

function viewGateway(resource: Resource<'gateway'>, context: ViewContext): Gateway {
  const { facts } = context;
  const record = facts.syncs.find((item) => item.gateway === resource.name);
  const reading = facts.readings.find((item) => item.gateway === resource.name);
  const observed = observedAt(resource, reading, facts.requests.get(resource.name));
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: [
      ...commonConditions(resource, context),
      ...(observed ? [conditionOf('Observed', resource, observed)] : []),
      drifted(resource, reading),
      withinQuotas(resource, (reading?.quotas ?? []).filter(isNearQuota), reading?.readAt),
    ],
    ...(record?.provisioned !== undefined && resource.spec.target === undefined && { instance: record.provisioned }),
    ...(reading?.address !== undefined && { address: reading.address }),
    sync: syncOf(resource, facts),
    reading: readingShown(reading),
  };
}

/** The most deviations that are shown of a gateway. */
const SHOWN_DEVIATIONS = 50;

function readingShown(reading: Reading | undefined): GatewayReading {
  const {
    readAt,
    poolsReadAt,
    failure,
    deviations = [],
    omitted = 0,
    clusters = [],
    orphans = [],
    foreign = [],
  } = reading ?? {};
  return {
    ...(readAt !== undefined && { readAt }),
    ...(poolsReadAt !== undefined && { poolsReadAt }),
    ...(failure && { failure }),
    deviationCount: deviations.length + omitted,
    deviations: deviations.slice(0, SHOWN_DEVIATIONS).map(deviationShown),
    clusters,
    orphans,
    foreign,
  };
}

function deviationShown(deviation: Deviation) {
  const { kind, key, verb, reason, detail, changes, routes, clusters, since, refusal } = deviation;
  return {
    kind,
    key,
    ...(verb && { verb }),
    reason,
    detail: refusal?.detail ?? detail,
    changes,
    ...(refusal && { code: refusal.code, retryAt: refusal.retryAt }),
    routes,
    ...(clusters && { clusters }),
    since,
  };
}

function syncOf(resource: Resource<'gateway'>, { syncs, readings, behind }: ResourceFacts): GatewaySync {
  const record = syncs.find((item) => item.gateway === resource.name);
  const quotas = readings.find((item) => item.gateway === resource.name)?.quotas;
  const isBehind = behind.has(resource.name);
  const known = {
    ...(record?.lastAttemptAt !== undefined && { lastAttemptAt: record.lastAttemptAt }),
    ...(record?.nextAttemptAt !== undefined && { nextAttemptAt: record.nextAttemptAt }),
    ...(record?.verifiedAt !== undefined && { verifiedAt: record.verifiedAt }),
    ...(record?.progress !== undefined && { progress: record.progress }),
    ...(record?.pushedAt !== undefined && { pushedAt: record.pushedAt }),
    ...(record?.checkedAt !== undefined && { checkedAt: record.checkedAt }),
    ...(quotas !== undefined && { quotas }),
  };
  if (record === undefined || (record.state === 'Verified' && isBehind)) {
    return { state: 'Pending', reason: 'Pending', message: say('ChangesToPush').text, attempts: 0, ...known };
  }
  const { state, reason, message, attempts } = record;
  return { state, reason, message, attempts, ...known };
}

function viewService(resource: Resource<'service'>, context: ViewContext): Service {
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    conditions: commonConditions(resource, context),
    import: {
      type: 'ClusterSetIP',
      ports: resource.spec.ports,
      clusters: [...resource.spec.exports].sort(byAge).map((item) => item.cluster),
    },
  };
}

type Export = ServiceSpec['exports'][number];

/** Orders exports by age, oldest first; those without a date come last (KEP-1645 settles conflicts by age). */
function byAge(a: Export, b: Export): number {
  return exportedAtMs(a) - exportedAtMs(b) || compareText(a.cluster, b.cluster);
}

function exportedAtMs({ exportedAt }: Export): number {
  return exportedAt === undefined ? Number.MAX_SAFE_INTEGER : Date.parse(exportedAt);
}

function viewDistribution(resource: Resource<'distribution'>, context: ViewContext): Distribution {
  const { fleet, spec } = resource;
  return { fleet, ...metadata(resource), ...spec, conditions: commonConditions(resource, context) };
}

function viewRoute(resource: Resource<'route'>, context: ViewContext): Route {
  const parents = routeParents(resource, context);
  const worst = (type: 'Programmed' | 'Following') =>
    summaryOf(
      type,
      resource,
      parents.map(({ gateway, states }) => ({ gateway, ...states[type] })),
    );
  return {
    fleet: resource.fleet,
    ...metadata(resource),
    ...resource.spec,
    distributionUsed: distributionUsed(resource, context.named),
    conditions: [...writtenConditions(resource), worst('Programmed'), worst('Following')],
    parents: parents.map(({ gateway, readAt, poolsReadAt, backends, states }) => ({
      gateway,
      conditions: [
        ...writtenConditions(resource),
        conditionOf('Programmed', resource, states.Programmed),
        conditionOf('Following', resource, states.Following),
      ],
      ...(readAt !== undefined && { readAt }),
      ...(poolsReadAt !== undefined && { poolsReadAt }),
      backends,
    })),
    shares: backendShares(resource, context),
  };
}

function distributionUsed({ spec: { distribution } }: Resource<'route'>, fleet: Named): DistributionUsed {
  if (distribution === undefined) {
    const { defaultDistribution: name } = fleet;
    return name === undefined ? { from: 'built-in' } : { from: 'fleet', name };
  }
  return distribution.strategy === undefined ? { from: 'ref', name: distribution.ref } : { from: 'route' };
}

/** Returns the shares of clusters in each distinct backend, in the order in which the route names them. */
function backendShares(resource: Resource<'route'>, { facts, named }: ViewContext): BackendShares[] {
  const distinct = new Map(backendsOf(resource.spec).map(({ ref }) => [`${ref.service}:${ref.port}`, ref]));
  return [...distinct.values()].map((ref) => ({
    service: ref.service,
    port: ref.port,
    clusters: shares(poolOf(resource, ref, named), facts.traffic),
  }));
}
