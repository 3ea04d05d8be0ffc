import type { Json } from '../../../core/gateway/provider-object.ts';
import { equal } from '../../../core/model/digest.ts';
import { chunks } from '../../shared.ts';
import type { GroupChange, GroupSpec, Server } from '../compile/canonical.ts';
import { tagsFor } from '../compile/marks.ts';
import type { WriteAction } from '../permissions.ts';

/** The most servers in one call (ALB OpenAPI 2020-06-16). */
const MAX_SERVERS = 200;
const MAX_WEIGHTS = 40;

/**
 * One write to a server group. The id of the group is added later (see `parametersFor`), unless the write creates the
 * group.
 */
export interface GroupStep {
  action: WriteAction;
  parameters: Record<string, Json | undefined>;
}

/** Returns the parameters of a step for the group of this id. */
export function parametersFor({ action, parameters }: GroupStep, id: string): GroupStep['parameters'] {
  if (action === 'TagResources') return { ResourceType: 'servergroup', ResourceId: [id], ...parameters };
  return { ServerGroupId: id, ...parameters };
}

/** Returns the writes that a change of a server group takes, in order. */
export function groupSteps({ verb, key, before, after }: GroupChange, owner: string): GroupStep[] {
  if (after === undefined) return verb === 'delete' ? [{ action: 'DeleteServerGroup', parameters: {} }] : [];
  if (before === undefined) return [creation(key, after.spec, owner), ...serverCalls([], after.spec.Servers)];
  return [
    ...attributeCalls(before.spec, after.spec),
    ...serverCalls(before.spec.Servers, after.spec.Servers),
    ...tagCalls(key, before.spec, owner),
  ];
}

/** Returns the creation of a group without servers, which are added once the group exists. */
export function creation(key: string, { Servers: _, Tagged: __, ...attributes }: GroupSpec, owner: string): GroupStep {
  return { action: 'CreateServerGroup', parameters: { ...attributes, Tag: tagsFor(key, owner) } };
}

export type Attributes = Pick<GroupSpec, 'ServerGroupName' | 'Scheduler' | 'HealthCheckConfig' | 'StickySessionConfig'>;

/** Returns the update of the attributes that can change. Type, VPC and protocol of a group are fixed for its life. */
export function attributeCalls(current: Attributes, desired: Attributes): GroupStep[] {
  const [now, wanted] = [attributesOf(current), attributesOf(desired)];
  return equal(now, wanted) ? [] : [{ action: 'UpdateServerGroupAttribute', parameters: wanted }];
}

function attributesOf({ ServerGroupName, Scheduler, HealthCheckConfig, StickySessionConfig }: Attributes) {
  return { ServerGroupName, Scheduler, HealthCheckConfig, StickySessionConfig };
}

/**
 * Returns the write that restores lost marks. It comes after the other writes of a group, so that no traffic waits for
 * it.
 */
export function tagCalls(key: string, { Tagged }: Pick<GroupSpec, 'Tagged'>, owner: string): GroupStep[] {
  return Tagged ? [] : [{ action: 'TagResources', parameters: { Tag: tagsFor(key, owner) } }];
}

/**
 * Returns the writes to the servers of a group: additions first, then weights, then removals, so that the group never
 * lacks a server that takes traffic. The weights of up to 40 servers go in one call; where there are more, raises go
 * before cuts.
 */
export function serverCalls(current: readonly Server[], desired: readonly Server[]): GroupStep[] {
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
 * Returns the steps from one list of servers to another. In `weigh` raises come before cuts; servers that leave go to 0
 * first, because a removal may cut off requests, unless nobody else is there to take them. `replace` holds servers to
 * remove and add again, because RemoteIpEnabled can be set only when a server is added.
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

/**
 * Returns the closest possible list of servers when the cloud accepts no new ones. Present servers get their desired
 * weights, so that traffic leaves what has failed. Servers that should leave stay if a new server was to take traffic.
 * Everything stays as it is if nobody would be left to take traffic.
 */
export function withoutNewcomers(there: readonly Server[], desired: readonly Server[]): Server[] {
  const now = new Map(there.map((server) => [identity(server), server]));
  const wanted = new Set(desired.map(identity));
  const lacksServing = desired.some((server) => server.Weight > 0 && !now.has(identity(server)));
  const staying = desired.flatMap((server) => {
    const current = now.get(identity(server));
    return current ? [{ ...current, Weight: server.Weight }] : [];
  });
  const leaving = there.filter((server) => !wanted.has(identity(server)));
  const left = lacksServing ? [...staying, ...leaving] : staying;
  return left.some((server) => server.Weight > 0) ? left : [...there];
}

/** Returns the identity of a server, which does not depend on its weight. */
export function identity(server: Server): string {
  return `${server.ServerId}:${server.Port}`;
}
