import type { Permissions } from '../provider.ts';

/**
 * The actions of ALB (OpenAPI 2020-06-16) that are called here; calls of others do not compile. The RAM policies are written from this
 * table.
 */
export const permissions = {
  routing: {
    reads: [
      'GetLoadBalancerAttribute',
      'ListListeners',
      'ListRules',
      'ListServerGroups',
      'ListServerGroupServers',
      'ListAsynJobs',
      'GetListenerHealthStatus',
    ],
    writes: [
      'CreateServerGroup',
      'UpdateServerGroupAttribute',
      'DeleteServerGroup',
      'AddServersToServerGroup',
      'RemoveServersFromServerGroup',
      'UpdateServerGroupServersAttribute',
      'CreateRules',
      'UpdateRulesAttribute',
      'DeleteRules',
      'TagResources',
    ],
  },
  provisioning: {
    reads: ['ListLoadBalancers'],
    writes: ['CreateLoadBalancer', 'DeleteLoadBalancer', 'CreateListener', 'DeleteListener'],
  },
  /**
   * Rules need both of the first two, and weights of servers the third as well: "Server Load Balancer: RAM authorization" and the pages of
   * UpdateRulesAttribute, AddServersToServerGroup and UpdateServerGroupServersAttribute.
   */
  writtenResources: ['acs:alb:*:*:loadbalancer/*', 'acs:alb:*:*:servergroup/*', 'acs:alb:*:*:ecs/*'],
} as const satisfies Permissions;

type Uses = (typeof permissions)['routing' | 'provisioning'];

export type ReadAction = Uses['reads'][number];
export type WriteAction = Uses['writes'][number];
