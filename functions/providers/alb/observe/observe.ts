import { compareText } from '../../../core/model/text.ts';
import type { KnownObjects, Scope } from '../../provider.ts';
import { chunks, awaitAll, shownForeign } from '../../shared.ts';
import { fromListed, groupsOf } from '../actions.ts';
import type { AlbSession } from '../calls.ts';
import {
  type GroupObject,
  groupObject,
  type HealthCheckConfig,
  type RuleObject,
  ruleObject,
} from '../compile/canonical.ts';
import { KEY_TAG, OWNER_TAG, tagOf, tagValue, uniqueKeys } from '../compile/marks.ts';
import type { AlbObserved, Facts, OtherRule } from './facts.ts';
import { type FoundGroup, findGroups } from './find-groups.ts';
import {
  type ListedRule,
  type Listener,
  type LoadBalancer,
  listListeners,
  listOwnGroups,
  listRules,
  listServers,
  readLoadBalancer,
} from './lists.ts';
import { foreignObject } from './shadows.ts';

const READS_AT_A_TIME = 20;

/**
 * Reads the present state of the load balancer. Our rules are those that carry our owner tag, and our server groups
 * those that `findGroups` finds. Other rules are part of the facts, with the priorities and conditions that matter to
 * ours. Scope `pools` reads no rules and no listeners.
 */
export async function observe(session: AlbSession, scope: Scope, known: KnownObjects): Promise<AlbObserved> {
  const isFull = scope === 'full';
  const [loadBalancer, tagged, rules, listeners] = await awaitAll([
    readLoadBalancer(session),
    listOwnGroups(session),
    isFull ? listRules(session) : [],
    isFull ? listListeners(session, session.target.loadBalancerId) : [],
  ] as const);
  const { owned, others } = separate(rules, tagValue(session.owner));
  const pointedTo = owned.flatMap(groupIdsOf);
  const found = await findGroups(session, { tagged, pointedTo, known, vpcId: loadBalancer.VpcId });
  const facts = factsFrom(session, loadBalancer, listeners, others);
  const keys = new Map(found.map(({ key, group }) => [group.ServerGroupId, key]));
  return {
    objects: [...(await readGroups(session, found)), ...toRuleObjects(owned, keys)],
    foreign: shownForeign(facts.otherRules.filter((rule) => rule.isForeign).map(foreignObject)),
    address: loadBalancer.DNSName,
    facts,
  };
}

function factsFrom(
  { target, owner }: AlbSession,
  loadBalancer: LoadBalancer,
  listeners: readonly Listener[],
  others: readonly ListedRule[],
): Facts {
  return {
    provider: 'alb',
    vpcId: loadBalancer.VpcId,
    edition: loadBalancer.LoadBalancerEdition,
    listenerCount: target.listenerIds.length,
    listeners: listeners
      .filter(({ ListenerId }) => target.listenerIds.includes(ListenerId))
      .map(({ ListenerId, ListenerPort, ListenerProtocol }) => ({
        id: ListenerId,
        port: ListenerPort,
        protocol: ListenerProtocol,
      })),
    otherRules: others.map((rule) => otherRule(rule, tagValue(owner))),
  };
}

function otherRule(rule: ListedRule, owner: string): OtherRule {
  return {
    id: rule.RuleId,
    name: rule.RuleName,
    listenerId: rule.ListenerId,
    priority: rule.Priority,
    conditions: rule.RuleConditions,
    isForeign: tagOf(rule, OWNER_TAG) !== owner,
  };
}

/**
 * Separates our rules from all others. A rule that is being deleted is not ours any more, but its priority is still
 * taken.
 */
export function separate(rules: readonly ListedRule[], owner: string): { owned: ListedRule[]; others: ListedRule[] } {
  const isOwned = (rule: ListedRule) => tagOf(rule, OWNER_TAG) === owner && rule.RuleStatus !== 'Deleting';
  return { owned: rules.filter(isOwned), others: rules.filter((rule) => !isOwned(rule)) };
}

function groupIdsOf({ RuleActions }: ListedRule): string[] {
  return groupsOf(fromListed(RuleActions, (id) => id));
}

/**
 * Reads server groups, with one call for each. All together may take longer than a lease lasts, so the lease is renewed
 * in between.
 */
async function readGroups(session: AlbSession, groups: readonly FoundGroup[]): Promise<GroupObject[]> {
  const objects: GroupObject[] = [];
  for (const some of chunks(groups, READS_AT_A_TIME)) {
    await session.ensureLease();
    objects.push(...(await awaitAll(some.map((found) => toGroupObject(session, found)))));
  }
  return objects;
}

async function toGroupObject(session: AlbSession, { group, key }: FoundGroup): Promise<GroupObject> {
  const { ServerGroupName, ServerGroupType, VpcId, Protocol, Scheduler, HealthCheckConfig, StickySessionConfig } =
    group;
  const spec = {
    ServerGroupName,
    ServerGroupType,
    VpcId,
    Protocol: Protocol.toUpperCase() === 'GRPC' ? 'gRPC' : Protocol,
    Scheduler,
    HealthCheckConfig: canonicalCheck(HealthCheckConfig),
    StickySessionConfig,
    Servers: await listServers(session, group.ServerGroupId),
    Tagged: tagOf(group, OWNER_TAG) === tagValue(session.owner) && tagOf(group, KEY_TAG) === tagValue(key),
  };
  return groupObject(key, spec, group.ServerGroupId);
}

/**
 * Returns the health check without the HTTP fields if it is a TCP check, which has no use for them even if the cloud
 * fills them in.
 */
function canonicalCheck(check: HealthCheckConfig): HealthCheckConfig {
  const { HealthCheckPath, HealthCheckMethod, HealthCheckHttpVersion, HealthCheckCodes, ...common } = check;
  if (common.HealthCheckProtocol === 'TCP') return common;
  const codes = HealthCheckCodes === undefined ? undefined : [...HealthCheckCodes].sort();
  return { ...common, HealthCheckPath, HealthCheckMethod, HealthCheckHttpVersion, HealthCheckCodes: codes };
}

function toRuleObjects(rules: readonly ListedRule[], groupKeys: ReadonlyMap<string, string>): RuleObject[] {
  const keyOf = (id: string) => groupKeys.get(id) ?? `id:${id}`;
  const sorted = [...rules].sort((a, b) => a.Priority - b.Priority || compareText(a.RuleId, b.RuleId));
  const keys = uniqueKeys(sorted.map((rule) => ({ id: rule.RuleId, key: tagOf(rule, KEY_TAG) })));
  return sorted.map((rule) => {
    const { RuleId, ListenerId, RuleName, Priority, RuleConditions } = rule;
    const RuleActions = fromListed(rule.RuleActions, keyOf);
    const spec = { ListenerId, RuleName, Priority, RuleConditions, RuleActions };
    return ruleObject(keys.get(RuleId) ?? RuleId, spec, RuleId);
  });
}
