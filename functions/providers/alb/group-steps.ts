import { equal } from '../../core/digest.ts';
import type { Change, Json } from '../../core/provider-object.ts';
import { chunks } from '../shared.ts';
import { GroupSpec, KEY_TAG, OWNER_TAG, type Server, tagValue } from './canonical.ts';
import type { WriteAction } from './permissions.ts';

/** Most servers in one call (ALB OpenAPI 2020-06-16). */
const MAX_SERVERS = 200;
const MAX_WEIGHTS = 40;

/** One write to a server group, which is still to be named by its id, unless the write creates it. */
export interface GroupStep {
  action: WriteAction;
  parameters: Record<string, Json | undefined>;
}

/** The writes that a change of a server group takes, in order. */
export function groupSteps({ verb, key, before, after }: Change, owner: string): GroupStep[] {
  if (after === undefined) return verb === 'delete' ? [{ action: 'DeleteServerGroup', parameters: {} }] : [];
  const desired = GroupSpec.parse(after.spec);
  if (verb === 'update') return completion(GroupSpec.parse(before?.spec), desired);
  return [creation(key, desired, owner), ...completion({ ...desired, Servers: [] }, desired)];
}

/** A group without servers: those are added once it is there. */
export function creation(key: string, { Servers: _, ...attributes }: GroupSpec, owner: string): GroupStep {
  const Tag = [
    { Key: OWNER_TAG, Value: tagValue(owner) },
    { Key: KEY_TAG, Value: tagValue(key) },
  ];
  return { action: 'CreateServerGroup', parameters: { ...attributes, Tag } };
}

type Changeable = Pick<
  GroupSpec,
  'ServerGroupName' | 'Scheduler' | 'HealthCheckConfig' | 'StickySessionConfig' | 'Servers'
>;

/** What makes an existing group the desired one. Type, VPC and protocol of a group are fixed for life. */
export function completion(current: Changeable, desired: Changeable): GroupStep[] {
  const attributes = ({ ServerGroupName, Scheduler, HealthCheckConfig, StickySessionConfig }: Changeable) => ({
    ServerGroupName,
    Scheduler,
    HealthCheckConfig,
    StickySessionConfig,
  });
  const isSame = equal(attributes(current), attributes(desired));
  return [
    ...(isSame ? [] : [{ action: 'UpdateServerGroupAttribute' as const, parameters: attributes(desired) }]),
    ...serverCalls(current.Servers, desired.Servers),
  ];
}

/**
 * Newcomers first, then weights, then removals; so the group never lacks a server that takes traffic. All weights of up to 40 servers
 * go in one call; where there are more, raises go before cuts.
 */
function serverCalls(current: readonly Server[], desired: readonly Server[]): GroupStep[] {
  const { add, weigh, remove, replace } = serverSteps(current, desired);
  const weights = weigh.map(({ RemoteIpEnabled: _, ...server }) => server);
  const leaving = remove.map(({ ServerId, Port }) => ({ ServerId, Port }));
  return [
    ...inCalls('AddServersToServerGroup', add, MAX_SERVERS),
    ...inCalls('UpdateServerGroupServersAttribute', weights, MAX_WEIGHTS),
    ...inCalls('RemoveServersFromServerGroup', leaving, MAX_SERVERS),
    ...inCalls('AddServersToServerGroup', replace, MAX_SERVERS),
  ];
}

function inCalls(action: WriteAction, servers: readonly Partial<Server>[], size: number): GroupStep[] {
  return chunks(servers, size).map((some) => ({
    action,
    parameters: { Servers: some.map((server) => ({ ServerType: 'Ip', ...server })) },
  }));
}

/**
 * The steps from one list of servers to the other. `weigh`: raises before cuts; servers that leave go to 0 first, as removal may cut
 * requests, unless nobody else is there to take them. `replace`: whether an address is remote can be said only when it is added, so
 * these are removed and then added.
 */
export function serverSteps(current: readonly Server[], desired: readonly Server[]) {
  const now = new Map(current.map((server) => [identity(server), server]));
  const wanted = new Map(desired.map((server) => [identity(server), server]));
  const stays = (server: Server) =>
    wanted.get(identity(server))?.RemoteIpEnabled === now.get(identity(server))?.RemoteIpEnabled;
  const add = desired.filter((server) => !now.has(identity(server)));
  const replace = desired.filter((server) => now.has(identity(server)) && !stays(server));
  const remove = current.filter((server) => !stays(server));
  const served = desired.some((server) => server.Weight > 0 && !replace.includes(server));
  const raise: Server[] = [];
  const cut: Server[] = [];
  for (const server of current) {
    const target = stays(server) ? (wanted.get(identity(server))?.Weight ?? 0) : 0;
    if (target > server.Weight) raise.push({ ...server, Weight: target });
    else if (target < server.Weight && (stays(server) || served)) cut.push({ ...server, Weight: target });
  }
  return { add, weigh: [...raise, ...cut], remove, replace };
}

/** A server keeps its identity whatever its weight. */
export function identity(server: Server): string {
  return `${server.ServerId}:${server.Port}`;
}
