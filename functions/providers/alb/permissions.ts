import type { Permissions } from '../provider.ts';

/**
 * The actions of ALB (OpenAPI 2020-06-16) that the provider calls; calls of other actions do not compile. The RAM
 * policies are generated from this table.
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
   * The resources that writes need. Rules need the first two, and weights of servers the third as well, according to
   * "Server Load Balancer: RAM authorization" and the pages of UpdateRulesAttribute, AddServersToServerGroup and
   * UpdateServerGroupServersAttribute.
   */
  writtenResources: ['acs:alb:*:*:loadbalancer/*', 'acs:alb:*:*:servergroup/*', 'acs:alb:*:*:ecs/*'],
} as const satisfies Permissions;

type Uses = (typeof permissions)['routing' | 'provisioning'];

export type ReadAction = Uses['reads'][number];
export type WriteAction = Uses['writes'][number];
