import type { Permissions } from '../provider.ts';

/**
 * The actions of MSE (OpenAPI 2019-05-31) that are called here; calls of others do not compile. The RAM policies are written from this
 * table.
 */
export const permissions = {
  routing: {
    reads: [
      'GetGateway',
      'ListGateway',
      'ListGatewaySlb',
      'ListGatewayDomain',
      'ListGatewayService',
      'ListGatewayRoute',
      'GetGatewayRouteDetail',
    ],
    writes: [
      'AddGatewayDomain',
      'ImportServices',
      'UpdateGatewayService',
      'UpdateGatewayServiceCheck',
      'UpdateGatewayServiceTrafficPolicy',
      'DeleteGatewayService',
      'AddGatewayRoute',
      'UpdateGatewayRoute',
      'UpdateGatewayRouteTimeout',
      'UpdateGatewayRouteRetry',
      'UpdateGatewayRouteCORS',
      'UpdateGatewayRouteHeaderOp',
      'UpdateGatewayRouteHTTPRewrite',
      'ApplyGatewayRoute',
      'OfflineGatewayRoute',
      'DeleteGatewayRoute',
    ],
  },
  provisioning: { reads: [], writes: ['AddGateway', 'DeleteGateway'] },
  /** ImportServices is authorized on all resources only ("Microservices Engine: RAM authorization"). */
  writtenResources: ['*'],
} as const satisfies Permissions;

type Uses = (typeof permissions)['routing' | 'provisioning'];

export type ReadAction = Uses['reads'][number];
export type WriteAction = Uses['writes'][number];
