/** The operations on each kind of resource, made from one description of the kind. */

import * as z from 'zod';
import { Cluster, ClusterInput, ClusterPage } from '../../../schemas/cluster.ts';
import { Distribution, DistributionInput, DistributionPage } from '../../../schemas/distribution.ts';
import { Fleet, FleetInput, FleetPage } from '../../../schemas/fleet.ts';
import { Gateway, GatewayInput, GatewayPage } from '../../../schemas/gateway.ts';
import { Route, RouteInput, RoutePage } from '../../../schemas/route.ts';
import { Service, ServiceInput, ServicePage } from '../../../schemas/service.ts';
import { deleteGateway } from '../../commands/write/delete-gateway.ts';
import type { Kind } from '../../core/model/resource.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { historyEndpoints } from './history.ts';
import { type ResourceApi, resourceEndpoints } from './resources.ts';

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

function operationsOf<K extends Kind>(api: ResourceApi<K>): Endpoint[] {
  return [...resourceEndpoints(api), ...historyEndpoints(api)];
}

export const fleetOperations = operationsOf({
  kind: 'fleet',
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
  ],
});

export const clusterOperations = operationsOf({
  kind: 'cluster',
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

export const gatewayOperations = operationsOf({
  kind: 'gateway',
  input: GatewayInput,
  output: Gateway,
  page: GatewayPage,
  writeProblems: ['not-found', 'unknown-reference', 'conflicting-declaration'],
  deletion: {
    query: GatewayDeletion,
    problems: ['conflicting-declaration', 'unavailable'],
    run: (ctx, ref, precondition, query) =>
      deleteGateway(ctx, ref.fleet, ref.name, precondition, query['deleteInstance'] === 'true'),
  },
});

export const serviceOperations = operationsOf({
  kind: 'service',
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

export const distributionOperations = operationsOf({
  kind: 'distribution',
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

export const routeOperations = operationsOf({
  kind: 'route',
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
