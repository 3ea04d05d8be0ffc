import * as z from 'zod';
import { Cluster, ClusterInput, ClusterPage } from '../../../schemas/cluster.ts';
import { Name, PageQuery, WriteQuery } from '../../../schemas/common.ts';
import { Decision, DecisionPage } from '../../../schemas/decision.ts';
import { Distribution, DistributionInput, DistributionPage } from '../../../schemas/distribution.ts';
import { Fleet, FleetInput, FleetPage } from '../../../schemas/fleet.ts';
import { Gateway, GatewayInput, GatewayPage } from '../../../schemas/gateway.ts';
import { ProbeRound, ProbeRoundInput } from '../../../schemas/probe-round.ts';
import { Route, RouteInput, RoutePage } from '../../../schemas/route.ts';
import { Service, ServiceInput, ServicePage } from '../../../schemas/service.ts';
import { probeNow } from '../../commands/evidence/runs.ts';
import { getDecision, listDecisions } from '../../commands/read/ledger.ts';
import { deleteGateway } from '../../commands/write/delete-gateway.ts';
import { deleteResource } from '../../commands/write/resource.ts';
import type { Kind } from '../../core/model/resource.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, NO_BODY, NO_QUERY, type Endpoint } from '../http/endpoint.ts';
import { pageReply, pageRequest } from '../http/page.ts';
import { InCluster, InDecision, InFleet, InGateway, InRoute } from '../http/params.ts';
import { accessOperations } from './access.ts';
import { approvalsOperations } from './approvals.ts';
import { buttonEndpoints } from './buttons.ts';
import { drillEndpoints } from './drills.ts';
import { explainEndpoints } from './explain.ts';
import { healthEndpoints } from './health.ts';
import { auditEndpoints, historyEndpoints } from './history.ts';
import { manifestEndpoints } from './manifests.ts';
import { notificationEndpoints } from './notifications.ts';
import { observationEndpoints } from './observations.ts';
import { gatewayPushEndpoints, operationEndpoints } from './push.ts';
import { APPROVAL_PROBLEMS, type ResourceApi, resourceEndpoints } from './resources.ts';
import { rolloutEndpoints } from './rollouts.ts';
import { shiftEndpoints } from './shifts.ts';

const InService = z.strictObject({ fleet: Name, service: Name });

const InDistribution = z.strictObject({ fleet: Name, distribution: Name });

const GatewayDeletion = z.strictObject({
  deleteInstance: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description:
        'When `true`, the instance at the cloud is deleted as well, if it was created for this gateway. An adopted instance is never ' +
        'deleted.',
      examples: ['true'],
    }),
});

function operationsOf<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(
  api: ResourceApi<K, C, P>,
): Endpoint[] {
  return [...resourceEndpoints(api), ...historyEndpoints(api)];
}

const fleets = operationsOf({
  kind: 'fleet',
  title: 'Fleet',
  path: '/v1/fleets',
  collectionParams: z.strictObject({}),
  fleetOf: () => '',
  params: InFleet,
  refOf: ({ fleet }) => ({ kind: 'fleet', fleet, name: fleet }),
  input: FleetInput,
  output: Fleet,
  page: FleetPage,
  writeProblems: [
    'unknown-reference',
    'forbidden-address',
    'conflicting-declaration',
    'quota-exceeded',
    'unsupported-feature',
    'backend-without-cluster',
    'rule-violated',
    ...APPROVAL_PROBLEMS,
  ],
  deletion: {
    query: NO_QUERY,
    problems: APPROVAL_PROBLEMS,
    run: (ctx, ref, precondition) => deleteResource(ctx, ref, precondition),
  },
});

const clusters = operationsOf({
  kind: 'cluster',
  title: 'Cluster',
  path: '/v1/fleets/{fleet}/clusters',
  collectionParams: InFleet,
  fleetOf: ({ fleet }) => fleet,
  params: InCluster,
  refOf: ({ fleet, cluster }) => ({ kind: 'cluster', fleet, name: cluster }),
  input: ClusterInput,
  output: Cluster,
  page: ClusterPage,
  writeProblems: [
    'not-found',
    'forbidden-address',
    'conflicting-declaration',
    'quota-exceeded',
    'unsupported-feature',
    'backend-without-cluster',
    'still-referenced',
    'rule-violated',
  ],
});

const gateways = operationsOf({
  kind: 'gateway',
  title: 'Gateway',
  path: '/v1/fleets/{fleet}/gateways',
  collectionParams: InFleet,
  fleetOf: ({ fleet }) => fleet,
  params: InGateway,
  refOf: ({ fleet, gateway }) => ({ kind: 'gateway', fleet, name: gateway }),
  input: GatewayInput,
  output: Gateway,
  page: GatewayPage,
  writeProblems: ['not-found', 'unknown-reference', 'conflicting-declaration'],
  deletion: {
    query: GatewayDeletion,
    problems: ['conflicting-declaration', 'unavailable', ...APPROVAL_PROBLEMS],
    run: (ctx, ref, precondition, query) =>
      deleteGateway(ctx, ref.fleet, ref.name, precondition, query['deleteInstance'] === 'true'),
  },
});

const services = operationsOf({
  kind: 'service',
  title: 'Service',
  path: '/v1/fleets/{fleet}/services',
  collectionParams: InFleet,
  fleetOf: ({ fleet }) => fleet,
  params: InService,
  refOf: ({ fleet, service }) => ({ kind: 'service', fleet, name: service }),
  input: ServiceInput,
  output: Service,
  page: ServicePage,
  writeProblems: [
    'not-found',
    'unknown-reference',
    'forbidden-address',
    'conflicting-declaration',
    'quota-exceeded',
    'unsupported-feature',
    'backend-without-cluster',
    'still-referenced',
    'rule-violated',
  ],
});

const distributions = operationsOf({
  kind: 'distribution',
  title: 'Distribution',
  path: '/v1/fleets/{fleet}/distributions',
  collectionParams: InFleet,
  fleetOf: ({ fleet }) => fleet,
  params: InDistribution,
  refOf: ({ fleet, distribution }) => ({ kind: 'distribution', fleet, name: distribution }),
  input: DistributionInput,
  output: Distribution,
  page: DistributionPage,
  writeProblems: [
    'not-found',
    'unknown-reference',
    'conflicting-declaration',
    'quota-exceeded',
    'unsupported-feature',
    'backend-without-cluster',
    'rule-violated',
  ],
});

const routes = operationsOf({
  kind: 'route',
  title: 'Route',
  path: '/v1/fleets/{fleet}/routes',
  collectionParams: InFleet,
  fleetOf: ({ fleet }) => fleet,
  params: InRoute,
  refOf: ({ fleet, route }) => ({ kind: 'route', fleet, name: route }),
  input: RouteInput,
  output: Route,
  page: RoutePage,
  writeProblems: [
    'not-found',
    'unknown-reference',
    'unsupported-feature',
    'quota-exceeded',
    'redirect-loop',
    'conflicting-declaration',
    'backend-without-cluster',
    'rule-violated',
  ],
});

const listDecisionsOperation = defineEndpoint({
  operationId: 'listDecisions',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/decisions',
  tag: 'decisions',
  summary: 'List decisions, which say why traffic moved',
  idempotency: 'safe',
  params: InFleet,
  query: PageQuery,
  body: NO_BODY,
  successes: [{ status: 200, description: 'One page, newest first.', schema: DecisionPage }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => pageReply(await listDecisions(ctx, params.fleet, pageRequest(query))),
});

const getDecisionOperation = defineEndpoint({
  operationId: 'getDecision',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/decisions/{decision}',
  tag: 'decisions',
  summary: 'Get a decision with its evidence',
  idempotency: 'safe',
  params: InDecision,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The decision.', schema: Decision }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await getDecision(ctx, params.fleet, params.decision) }),
});

const createProbeRound = defineEndpoint({
  operationId: 'createProbeRound',
  access: { permission: 'probe', place: 'body-fleet' },
  method: 'post',
  path: '/v1/probe-rounds',
  tag: 'probe-rounds',
  summary: 'Probe clusters now and act on the results',
  description:
    'This operation is for schedulers besides the built-in one. The request needs no Idempotency-Key: another round is another ' +
    'observation, and there are never two rounds at a time: the second one is answered with busy.',
  idempotency: 'repeatable',
  params: z.strictObject({}),
  query: WriteQuery.pick({ dryRun: true }),
  body: ProbeRoundInput,
  successes: [{ status: 200, description: 'The observations and the decisions.', schema: ProbeRound }],
  problems: ['malformed-json', 'body-too-large', 'unsupported-media-type', 'unknown-reference'],
  handle: async (ctx, { body, query }) => ({
    status: 200,
    body: await probeNow(ctx, body, query.dryRun === 'true'),
  }),
});

/** All endpoints of the API, in the order of the OpenAPI document. */
export const endpoints: readonly Endpoint[] = [
  ...fleets,
  ...clusters,
  ...observationEndpoints,
  ...gateways,
  ...gatewayPushEndpoints,
  ...services,
  ...distributions,
  ...rolloutEndpoints,
  ...routes,
  ...manifestEndpoints,
  ...operationEndpoints,
  ...shiftEndpoints,
  ...drillEndpoints,
  ...buttonEndpoints,
  listDecisionsOperation,
  getDecisionOperation,
  ...explainEndpoints,
  ...notificationEndpoints,
  ...auditEndpoints,
  createProbeRound,
  ...approvalsOperations,
  ...accessOperations,
  ...healthEndpoints,
];
