import * as z from 'zod';
import { compareText } from '../../../core/model/text.ts';
import { chunks, awaitAll } from '../../shared.ts';
import { ListedAction } from '../actions.ts';
import { type AlbSession, list, read } from '../calls.ts';
import { GroupSpec, RuleSpec, type Server } from '../compile/canonical.ts';
import { OWNER_TAG, tagValue } from '../compile/marks.ts';

/** Reads of a load balancer. Their answers have the form in which ALB returns them (OpenAPI 2020-06-16). */

const MAX_IDS = 20;
const MAX_NAMES = 10;

const Tags = z.array(z.object({ Key: z.string(), Value: z.string().default('') })).default([]);

const LoadBalancer = z.object({
  VpcId: z.string(),
  DNSName: z.string().optional(),
  LoadBalancerEdition: z.string().default('Standard'),
});
export type LoadBalancer = z.infer<typeof LoadBalancer>;

export const Group = GroupSpec.omit({ Servers: true, Tagged: true }).extend({
  ServerGroupId: z.string(),
  ServerGroupStatus: z.string().optional(),
  CreateTime: z.string().default(''),
  ServerCount: z.int().optional(),
  RelatedLoadBalancerIds: z.array(z.string()).default([]),
  Tags,
});
export type Group = z.infer<typeof Group>;

const GroupPage = z
  .object({ ServerGroups: z.array(Group).default([]), NextToken: z.string().optional() })
  .transform((page) => ({ items: page.ServerGroups, nextToken: page.NextToken }));

const ListedServer = z.object({
  ServerId: z.string(),
  Port: z.int(),
  Weight: z.int(),
  RemoteIpEnabled: z.boolean().default(false),
  Status: z.string().optional(),
});

const ServerPage = z
  .object({ Servers: z.array(ListedServer).default([]), NextToken: z.string().optional() })
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

const Listener = z.object({
  ListenerId: z.string(),
  ListenerPort: z.int(),
  ListenerProtocol: z.string(),
  ListenerStatus: z.string(),
});
export type Listener = z.infer<typeof Listener>;

const ListenerPage = z
  .object({ Listeners: z.array(Listener).default([]), NextToken: z.string().optional() })
  .transform((page) => ({ items: page.Listeners, nextToken: page.NextToken }));

export function readLoadBalancer(session: AlbSession): Promise<LoadBalancer> {
  return read(session, 'GetLoadBalancerAttribute', { LoadBalancerId: session.target.loadBalancerId }, LoadBalancer);
}

/** Lists the server groups that carry our owner tag, including those that no rule refers to. */
export async function listOwnGroups(session: AlbSession): Promise<Group[]> {
  const Tag = [{ Key: OWNER_TAG, Value: tagValue(session.owner) }];
  return (await list(session, 'ListServerGroups', { Tag }, GroupPage)).filter(isStaying);
}

export async function listGroupsById(session: AlbSession, ids: readonly string[]): Promise<Group[]> {
  const calls = chunks(ids, MAX_IDS).map((ServerGroupIds) =>
    list(session, 'ListServerGroups', { ServerGroupIds }, GroupPage),
  );
  return (await awaitAll(calls)).flat().filter(isStaying);
}

export async function listGroupsByName(session: AlbSession, names: readonly string[], VpcId: string): Promise<Group[]> {
  const calls = chunks(names, MAX_NAMES).map((ServerGroupNames) =>
    list(session, 'ListServerGroups', { ServerGroupNames, VpcId }, GroupPage),
  );
  return (await awaitAll(calls)).flat().filter(isStaying);
}

function isStaying({ ServerGroupStatus }: Group): boolean {
  return ServerGroupStatus !== 'Deleting';
}

/**
 * Compares groups by preference: a group that is in use comes first, then the oldest. Of two groups with the same key
 * the first is kept.
 */
export function preferGroup(a: Group, b: Group): number {
  const used = (group: Group) => Math.min(group.RelatedLoadBalancerIds.length, 1);
  return used(b) - used(a) || compareText(a.CreateTime, b.CreateTime) || compareText(a.ServerGroupId, b.ServerGroupId);
}

export async function listServers(session: AlbSession, ServerGroupId: string): Promise<Server[]> {
  const servers = await list(session, 'ListServerGroupServers', { ServerGroupId }, ServerPage);
  return servers
    .filter((server) => server.Status !== 'Removing')
    .map(({ ServerId, Port, Weight, RemoteIpEnabled }) => ({ ServerId, Port, Weight, RemoteIpEnabled }));
}

/**
 * Lists all rules of the load balancer. Our rules may stand on listeners that the gateway has given up since, and every
 * rule counts towards the quota.
 */
export function listRules(session: AlbSession): Promise<ListedRule[]> {
  return list(session, 'ListRules', { LoadBalancerIds: [session.target.loadBalancerId] }, RulePage);
}

/** Lists the listeners of a load balancer, sorted by port. */
export async function listListeners(session: AlbSession, loadBalancerId: string): Promise<Listener[]> {
  const listeners = await list(session, 'ListListeners', { LoadBalancerIds: [loadBalancerId] }, ListenerPage);
  return listeners.sort((a, b) => a.ListenerPort - b.ListenerPort);
}
