import type { Permissions } from '../provider.ts';

/**
 * The actions of MSE (OpenAPI 2019-05-31) that the provider calls; calls of other actions do not compile. The RAM
 * policies are generated from this table.
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
  /**
   * All resources, because ImportServices can be authorized on nothing less ("Microservices Engine: RAM
   * authorization").
   */
  writtenResources: ['*'],
} as const satisfies Permissions;

type Uses = (typeof permissions)['routing' | 'provisioning'];

export type ReadAction = Uses['reads'][number];
export type WriteAction = Uses['writes'][number];
