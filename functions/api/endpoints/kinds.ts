/** The endpoints of each kind of resource, made from one description of the kind. */

import * as z from 'zod';
import { Cluster, ClusterInput, ClusterPage, ClusterQuery } from '../../../schemas/cluster.ts';
import { Distribution, DistributionInput, DistributionPage, DistributionQuery } from '../../../schemas/distribution.ts';
import { Fleet, FleetInput, FleetPage, FleetQuery } from '../../../schemas/fleet.ts';
import { Gateway, GatewayInput, GatewayPage, GatewayQuery } from '../../../schemas/gateway.ts';
import { Route, RouteInput, RoutePage, RouteQuery } from '../../../schemas/route.ts';
import { Service, ServiceInput, ServicePage, ServiceQuery } from '../../../schemas/service.ts';
import { deleteGateway } from '../../commands/write/delete-gateway.ts';
import { deleteResource } from '../../commands/write/resource.ts';
import type { Kind } from '../../core/model/resource.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { historyEndpoints } from './history.ts';
import { APPROVAL_PROBLEMS, type ResourceApi, resourceEndpoints } from './resources.ts';

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

function endpointsOf<K extends Kind>(api: ResourceApi<K>): Endpoint[] {
  return [...resourceEndpoints(api), ...historyEndpoints(api)];
}

export const fleetEndpoints = endpointsOf({
  kind: 'fleet',
  input: FleetInput,
  output: Fleet,
  page: FleetPage,
  query: FleetQuery,
  writeProblems: [
    'unknown-reference',
    'forbidden-address',
    'credential-in-clear',
    'conflicting-declaration',
    'quota-exceeded',
    'unsupported-feature',
    'backend-without-cluster',
    'rule-violated',
    ...APPROVAL_PROBLEMS,
  ],
  deletion: {
    problems: APPROVAL_PROBLEMS,
    run: (ctx, ref, precondition) => deleteResource(ctx, ref, precondition),
  },
});

export const clusterEndpoints = endpointsOf({
  kind: 'cluster',
  input: ClusterInput,
  output: Cluster,
  page: ClusterPage,
  query: ClusterQuery,
  writeProblems: [
    'not-found',
    'unknown-reference',
    'forbidden-address',
    'credential-in-clear',
    'conflicting-declaration',
    'quota-exceeded',
    'unsupported-feature',
    'backend-without-cluster',
    'still-referenced',
    'rule-violated',
  ],
});

export const gatewayEndpoints = endpointsOf({
  kind: 'gateway',
  input: GatewayInput,
  output: Gateway,
  page: GatewayPage,
  query: GatewayQuery,
  writeProblems: [
    'not-found',
    'unknown-reference',
    'forbidden-address',
    'credential-in-clear',
    'conflicting-declaration',
  ],
  deletion: {
    query: GatewayDeletion,
    problems: ['conflicting-declaration', 'unavailable', ...APPROVAL_PROBLEMS],
    run: (ctx, ref, precondition, query) =>
      deleteGateway(ctx, ref.fleet, ref.name, precondition, query['deleteInstance'] === 'true'),
  },
});

export const serviceEndpoints = endpointsOf({
  kind: 'service',
  input: ServiceInput,
  output: Service,
  page: ServicePage,
  query: ServiceQuery,
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

export const distributionEndpoints = endpointsOf({
  kind: 'distribution',
  input: DistributionInput,
  output: Distribution,
  page: DistributionPage,
  query: DistributionQuery,
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

export const routeEndpoints = endpointsOf({
  kind: 'route',
  input: RouteInput,
  output: Route,
  page: RoutePage,
  query: RouteQuery,
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
