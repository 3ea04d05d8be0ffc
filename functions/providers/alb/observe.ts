import * as z from 'zod';
import type { ForeignObject } from '../../../schemas/plan.ts';
import { compareText } from '../../core/precedence.ts';
import type { ProviderObject } from '../../core/provider-object.ts';
import type { Observed, Scope } from '../provider.ts';
import { chunks, settle, shownForeign } from '../shared.ts';
import { fromListed, ListedAction } from './actions.ts';
import { type AlbSession, list, read } from './calls.ts';
import {
  GroupSpec,
  groupObject,
  type HealthCheckConfig,
  KEY_TAG,
  OWNER_TAG,
  RULE,
  RuleSpec,
  ruleObject,
  type Server,
  tagValue,
} from './canonical.ts';
import type { Facts } from './facts.ts';

const READS_AT_A_TIME = 20;

const Tags = z.array(z.object({ Key: z.string(), Value: z.string().default('') })).default([]);

const LoadBalancer = z.object({
  VpcId: z.string(),
  DNSName: z.string().optional(),
  LoadBalancerEdition: z.string().default('Standard'),
});

const Group = GroupSpec.omit({ Servers: true }).extend({
  ServerGroupId: z.string(),
  ServerGroupStatus: z.string().optional(),
  CreateTime: z.string().default(''),
  RelatedLoadBalancerIds: z.array(z.string()).default([]),
  Tags,
});
export type Group = z.infer<typeof Group>;

const GroupPage = z
  .object({ ServerGroups: z.array(Group).default([]), NextToken: z.string().optional() })
  .transform((page) => ({ items: page.ServerGroups, nextToken: page.NextToken }));

const ServerPage = z
  .object({
    Servers: z
      .array(
        z.object({
          ServerId: z.string(),
          Port: z.int(),
          Weight: z.int(),
          RemoteIpEnabled: z.boolean().default(false),
          Status: z.string().optional(),
        }),
      )
      .default([]),
    NextToken: z.string().optional(),
  })
  .transform((page) => ({ items: page.Servers, nextToken: page.NextToken }));

const ListedRule = RuleSpec.pick({ RuleName: true, Priority: true, ListenerId: true, RuleConditions: true }).extend({
  RuleId: z.string(),
  RuleStatus: z.string().optional(),
  RuleActions: z.array(ListedAction).default([]),
  Tags,
});
export type ListedRule = z.infer<typeof ListedRule>;

const RulePage = z
  .object({ Rules: z.array(ListedRule).default([]), NextToken: z.string().optional() })
  .transform((page) => ({ items: page.Rules, nextToken: page.NextToken }));

/**
 * What the load balancer has now. Only objects that carry our owner tag become objects; of other rules only their priorities are
 * told, as facts. Scope `pools` reads no rules.
 */
export async function observe(session: AlbSession, scope: Scope): Promise<Observed> {
  const { loadBalancerId, listenerIds } = session.target;
  const [loadBalancer, groups, rules] = await settle([
    read(session, 'GetLoadBalancerAttribute', { LoadBalancerId: loadBalancerId }, LoadBalancer),
    listGroups(session),
    scope === 'full' ? listRules(session) : [],
  ] as const);
  const groupKeys = keysById(
    groups.sort(preferGroup).map((group) => ({ id: group.ServerGroupId, key: tagOf(group, KEY_TAG) })),
  );
  const owner = tagValue(session.owner);
  const { owned, foreign } = separate(rules, owner);
  const facts: Facts = {
    vpcId: loadBalancer.VpcId,
    edition: loadBalancer.LoadBalancerEdition,
    listenerCount: listenerIds.length,
    foreignPriorities: prioritiesByListener(foreign),
  };
  const objects = [...(await readGroups(session, groups, groupKeys)), ...toRuleObjects(owned, groupKeys)];
  return { objects, foreign: foreignOf(foreign, owner), address: loadBalancer.DNSName, facts };
}

/** One call for each group, which may take longer than a lease lasts. */
async function readGroups(
  session: AlbSession,
  groups: readonly Group[],
  keys: ReadonlyMap<string, string>,
): Promise<ProviderObject[]> {
  const objects: ProviderObject[] = [];
  for (const some of chunks(groups, READS_AT_A_TIME)) {
    await session.ensureLease();
    objects.push(...(await settle(some.map((group) => toGroupObject(session, group, keys)))));
  }
  return objects;
}

/** Our server groups, also those that no rule refers to. */
export async function listGroups(session: AlbSession): Promise<Group[]> {
  const Tag = [{ Key: OWNER_TAG, Value: tagValue(session.owner) }];
  const groups = await list(session, 'ListServerGroups', { Tag }, GroupPage);
  return groups.filter((group) => group.ServerGroupStatus !== 'Deleting');
}

export async function listServers(session: AlbSession, ServerGroupId: string): Promise<Server[]> {
  const servers = await list(session, 'ListServerGroupServers', { ServerGroupId }, ServerPage);
  return servers
    .filter((server) => server.Status !== 'Removing')
    .map(({ ServerId, Port, Weight, RemoteIpEnabled }) => ({ ServerId, Port, Weight, RemoteIpEnabled }));
}

/** All rules of the load balancer: ours may stand on listeners that the gateway has since given up, and every rule counts. */
export function listRules(session: AlbSession): Promise<ListedRule[]> {
  return list(session, 'ListRules', { LoadBalancerIds: [session.target.loadBalancerId] }, RulePage);
}

export function tagOf(item: { Tags: { Key: string; Value: string }[] }, key: string): string | undefined {
  return item.Tags.find((tag) => tag.Key === key)?.Value;
}

/** A rule that is going is not ours any more, but its priority is still taken. */
export function separate(rules: readonly ListedRule[], owner: string): { owned: ListedRule[]; foreign: ListedRule[] } {
  const isOwned = (rule: ListedRule) => tagOf(rule, OWNER_TAG) === owner && rule.RuleStatus !== 'Deleting';
  return { owned: rules.filter(isOwned), foreign: rules.filter((rule) => !isOwned(rule)) };
}

/** The group that is in use first, then the oldest: of two with the same key that one is kept. */
export function preferGroup(a: Group, b: Group): number {
  const used = (group: Group) => Math.min(group.RelatedLoadBalancerIds.length, 1);
  return used(b) - used(a) || compareText(a.CreateTime, b.CreateTime) || compareText(a.ServerGroupId, b.ServerGroupId);
}

/**
 * Keys by id. A key that occurs again, or none at all, gets the id behind it, so that the object is seen and deleted: a create whose
 * answer was lost may have happened twice.
 */
function keysById(items: readonly { id: string; key: string | undefined }[]): Map<string, string> {
  const seen = new Set<string>();
  return new Map(
    items.map(({ id, key = '' }) => {
      const unique = key === '' || seen.has(key) ? `${key}#${id}` : key;
      seen.add(key);
      return [id, unique];
    }),
  );
}

/** One of ours that is going needs no mention. */
function foreignOf(rules: readonly ListedRule[], owner: string): ForeignObject[] {
  const others = rules.filter((rule) => tagOf(rule, OWNER_TAG) !== owner);
  return shownForeign(others.map(({ RuleName, RuleId }) => ({ kind: RULE, name: RuleName, remoteId: RuleId })));
}

function prioritiesByListener(rules: readonly ListedRule[]): Record<string, number[]> {
  const priorities: Record<string, number[]> = {};
  for (const { ListenerId, Priority } of rules) priorities[ListenerId] = [...(priorities[ListenerId] ?? []), Priority];
  return priorities;
}

async function toGroupObject(
  session: AlbSession,
  group: Group,
  keys: ReadonlyMap<string, string>,
): Promise<ProviderObject> {
  const id = group.ServerGroupId;
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
    Servers: await listServers(session, id),
  };
  return groupObject(keys.get(id) ?? id, spec, id);
}

/** A TCP check has no use for the HTTP fields, though the cloud may fill them in. */
function canonicalCheck(check: HealthCheckConfig): HealthCheckConfig {
  const { HealthCheckPath, HealthCheckMethod, HealthCheckHttpVersion, HealthCheckCodes, ...common } = check;
  if (common.HealthCheckProtocol === 'TCP') return common;
  const codes = HealthCheckCodes === undefined ? undefined : [...HealthCheckCodes].sort();
  return { ...common, HealthCheckPath, HealthCheckMethod, HealthCheckHttpVersion, HealthCheckCodes: codes };
}

function toRuleObjects(rules: readonly ListedRule[], groupKeys: ReadonlyMap<string, string>): ProviderObject[] {
  const keyOf = (id: string) => groupKeys.get(id) ?? `id:${id}`;
  const sorted = [...rules].sort((a, b) => a.Priority - b.Priority || compareText(a.RuleId, b.RuleId));
  const keys = keysById(sorted.map((rule) => ({ id: rule.RuleId, key: tagOf(rule, KEY_TAG) })));
  return sorted.map((rule) => {
    const { RuleId, ListenerId, RuleName, Priority, RuleConditions } = rule;
    const RuleActions = fromListed(rule.RuleActions, keyOf);
    const spec = { ListenerId, RuleName, Priority, RuleConditions, RuleActions };
    return ruleObject(keys.get(RuleId) ?? RuleId, spec, RuleId);
  });
}
