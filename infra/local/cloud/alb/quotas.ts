import { ApiError } from '../errors.ts';
import type { LoadBalancer } from './model.ts';

/**
 * The quotas of an account, as on the quota page of ALB. The fields whose names end in `Basic` hold for the Basic
 * edition.
 */
export interface Quotas {
  loadBalancers: number;
  listenersPerLoadBalancer: number;
  rulesPerLoadBalancer: number;
  rulesPerLoadBalancerBasic: number;
  /** The servers of a load balancer, counted again for every listener and rule that refers to them. */
  serversPerLoadBalancer: number;
  serversPerLoadBalancerBasic: number;
  serverGroups: number;
  serversPerServerGroup: number;
  /** The number of listeners and rules that refer to the same group. */
  referencesPerServerGroup: number;
  matchValuesPerRule: number;
  matchValuesPerRuleBasic: number;
}

export const DEFAULT_QUOTAS: Quotas = {
  loadBalancers: 60,
  listenersPerLoadBalancer: 50,
  rulesPerLoadBalancer: 100,
  rulesPerLoadBalancerBasic: 40,
  serversPerLoadBalancer: 1000,
  serversPerLoadBalancerBasic: 200,
  serverGroups: 3000,
  serversPerServerGroup: 1000,
  referencesPerServerGroup: 50,
  matchValuesPerRule: 10,
  matchValuesPerRuleBasic: 5,
};

/** Throws QuotaExceeded.* when `usage` is above `limit`. */
export function withinQuota(quota: string, resource: string, usage: number, limit: number): void {
  if (usage <= limit) return;
  throw new ApiError(
    `QuotaExceeded.${quota}`,
    `The quota of ${quota} is exceeded for resource ${resource}, usage ${usage}/${limit}.`,
  );
}

/** Returns the figure of a quota that is lower in the Basic edition. */
export function byEdition(
  quotas: Quotas,
  loadBalancer: LoadBalancer | undefined,
  quota: 'rulesPerLoadBalancer' | 'serversPerLoadBalancer' | 'matchValuesPerRule',
): number {
  return loadBalancer?.LoadBalancerEdition === 'Basic' ? quotas[`${quota}Basic`] : quotas[quota];
}
