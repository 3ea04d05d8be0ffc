/** The references of listeners and rules to server groups, and the quotas of them. */

import { type Context, groupsOfRule, rulesOf, serversOf } from './context.ts';
import type { Listener, Rule } from './model.ts';
import { byEdition, withinQuota } from './quotas.ts';

/** A listener or a rule, with the groups that it refers to. */
interface Referrer {
  id: string;
  loadBalancerId: string;
  serverGroupIds: string[];
}

function referrerOfListener(listener: Listener): Referrer {
  return {
    id: listener.ListenerId,
    loadBalancerId: listener.LoadBalancerId,
    serverGroupIds: [listener.DefaultServerGroupId],
  };
}

function referrerOfRule(rule: Rule): Referrer {
  return { id: rule.RuleId, loadBalancerId: rule.LoadBalancerId, serverGroupIds: groupsOfRule(rule) };
}

function referrers(context: Context): Referrer[] {
  return [...[...context.state.listeners.values()].map(referrerOfListener), ...rulesOf(context).map(referrerOfRule)];
}

/** Returns the ids of the listeners and rules that refer to a group. */
export function referencesTo(context: Context, serverGroupId: string): string[] {
  return referrers(context)
    .filter(({ serverGroupIds }) => serverGroupIds.includes(serverGroupId))
    .map(({ id }) => id);
}

/** Returns the ids of the load balancers that use a group. */
export function loadBalancersOf(context: Context, serverGroupId: string): string[] {
  const using = referrers(context).filter(({ serverGroupIds }) => serverGroupIds.includes(serverGroupId));
  return [...new Set(using.map(({ loadBalancerId }) => loadBalancerId))];
}

/** Checks the quotas of what new or changed listeners and rules would refer to. They replace those with the same id. */
export function checkReferences(
  context: Context,
  changed: { listeners?: readonly Listener[]; rules?: readonly Rule[] },
): void {
  const added = [...(changed.listeners ?? []).map(referrerOfListener), ...(changed.rules ?? []).map(referrerOfRule)];
  const replaced = new Set(added.map(({ id }) => id));
  const after = [...referrers(context).filter(({ id }) => !replaced.has(id)), ...added];
  for (const id of new Set(added.flatMap(({ serverGroupIds }) => serverGroupIds))) {
    const count = after.filter(({ serverGroupIds }) => serverGroupIds.includes(id)).length;
    withinQuota('ServerGroupAttachedNum', id, count, context.quotas.referencesPerServerGroup);
  }
  checkServers(context, new Set(added.map(({ loadBalancerId }) => loadBalancerId)), after, new Map());
}

/** Checks the quotas for a group that would come to hold `count` servers. */
export function checkServerCount(context: Context, serverGroupId: string, count: number): void {
  withinQuota('ServerGroupServersNum', serverGroupId, count, context.quotas.serversPerServerGroup);
  const loadBalancers = new Set(loadBalancersOf(context, serverGroupId));
  checkServers(context, loadBalancers, referrers(context), new Map([[serverGroupId, count]]));
}

function checkServers(
  context: Context,
  loadBalancerIds: ReadonlySet<string>,
  all: readonly Referrer[],
  counts: Map<string, number>,
): void {
  const countOf = (id: string) => {
    const count = counts.get(id) ?? serversOf(context, id).length;
    counts.set(id, count);
    return count;
  };
  for (const id of loadBalancerIds) {
    const used = all.filter(({ loadBalancerId }) => loadBalancerId === id).flatMap((one) => one.serverGroupIds);
    const usage = used.reduce((sum, serverGroupId) => sum + countOf(serverGroupId), 0);
    const limit = byEdition(context.quotas, context.state.loadBalancers.get(id), 'serversPerLoadBalancer');
    withinQuota('LoadBalancerServersNum', id, usage, limit);
  }
}
