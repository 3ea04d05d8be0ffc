import { isIP } from 'node:net';
import { alreadyExists, illegal, missing, notFound } from '../../errors.ts';
import { type Action, action, type Context, serverGroupById, serversOf } from '../context.ts';
import type { Effect } from '../jobs.ts';
import type { Server, ServerGroup, ServerStatus } from '../model.ts';
import { among, equals, hasTags, type PageInput, page, type TagFilter } from '../page.ts';
import { checkServerCount } from '../references.ts';
import { isRemoteAddress } from '../values.ts';
import { checkAvailable } from './server-groups.ts';

interface ServerKey {
  ServerId?: string;
  ServerIp?: string;
  ServerType?: Server['ServerType'];
  Port?: number;
}

interface ServerInput extends ServerKey {
  Weight?: number;
  Description?: string;
  RemoteIpEnabled?: boolean;
}

const addServersToServerGroup = action((context, input: { ServerGroupId: string; Servers: ServerInput[] }) => {
  const group = serverGroupById(context, input.ServerGroupId);
  checkAvailable(group);
  const added = newServers(group, input.Servers, 'Servers', group.Servers);
  checkServerCount(context, group.ServerGroupId, group.Servers.length + added.length);
  return () => ({ JobId: startJob(context, group, additions(context, group, added)) });
});

/** Checks and returns the servers to add, which must not repeat those in `present`. */
function newServers(
  group: ServerGroup,
  inputs: readonly ServerInput[],
  path: string,
  present: readonly Server[],
): Server[] {
  const added: Server[] = [];
  for (const [index, input] of inputs.entries()) {
    const at = `${path}.${index + 1}`;
    const server = newServer(group, input, at);
    const { ServerId, ServerIp, Port } = server;
    if ([...present, ...added].some((one) => isServer(one, { ServerId, ServerIp, Port }))) {
      throw alreadyExists('BackendServer', `Server ${ServerId}:${Port} in ${group.ServerGroupId}`);
    }
    added.push(server);
  }
  return added;
}

function newServer(group: ServerGroup, input: ServerInput, at: string): Server {
  const ServerType = input.ServerType ?? (group.ServerGroupType === 'Ip' ? 'Ip' : 'Ecs');
  const { ServerId, Port, Weight = 100, Description = '', RemoteIpEnabled = false } = input;
  checkKey(group, input, at);
  if (ServerId === undefined) throw missing(`${at}.ServerId`);
  if (Port === undefined) throw missing(`${at}.Port`);
  const ServerIp = input.ServerIp ?? (ServerType === 'Ip' ? ServerId : '');
  if (ServerType === 'Ip' && isIP(ServerId) === 0) throw illegal(`${at}.ServerId`, 'an IP address is expected');
  if (ServerType === 'Ip' && ServerIp !== ServerId) throw illegal(`${at}.ServerIp`, 'it differs from ServerId');
  if (ServerIp !== '' && isIP(ServerIp) === 0) throw illegal(`${at}.ServerIp`, 'an IP address is expected');
  if (RemoteIpEnabled) checkRemote(group, ServerIp, at);
  return { ServerId, ServerIp, ServerType, Port, Weight, Description, RemoteIpEnabled, Status: 'Adding' };
}

function checkRemote(group: ServerGroup, address: string, at: string): void {
  if (group.ServerGroupType !== 'Ip') throw illegal(`${at}.RemoteIpEnabled`, 'only groups of type Ip have it');
  if (!isRemoteAddress(address)) {
    throw illegal(`${at}.RemoteIpEnabled`, 'the address is not in 10/8, 100.64/10, 172.16/12 or 192.168/16');
  }
  if (!group.CrossZoneEnabled) throw illegal(`${at}.RemoteIpEnabled`, 'it needs CrossZoneEnabled');
}

/**
 * Checks the key of a server. Groups of type Ip hold servers of type Ip; groups of type Instance hold Ecs, Eni and Eci.
 */
function checkKey(group: ServerGroup, { ServerId, ServerType, Port }: ServerKey, at: string): void {
  if (ServerId === undefined) throw missing(`${at}.ServerId`);
  if (Port === undefined) throw missing(`${at}.Port`);
  const accepted = group.ServerGroupType === 'Ip' ? ['Ip'] : ['Ecs', 'Eni', 'Eci'];
  if (ServerType !== undefined && !accepted.includes(ServerType)) {
    throw illegal(`${at}.ServerType`, `a group of type ${group.ServerGroupType} takes ${accepted.join(', ')}`);
  }
}

function isServer(server: Server, { ServerId, ServerIp, Port }: ServerKey): boolean {
  return server.ServerId === ServerId && server.Port === Port && equals(server.ServerIp, ServerIp);
}

/** Returns the servers that the keys name, in the order of the keys. */
function findServers(group: ServerGroup, keys: readonly ServerKey[], path: string): Server[] {
  const found = keys.map((key, index) => {
    checkKey(group, key, `${path}.${index + 1}`);
    const server = group.Servers.find((one) => isServer(one, key));
    if (!server) throw notFound('BackendServer', `${key.ServerId}:${key.Port} of ${group.ServerGroupId}`);
    return server;
  });
  if (new Set(found).size < found.length) throw illegal(path, 'a server is given twice');
  return found;
}

function startJob(context: Context, group: ServerGroup, effects: readonly Effect[]): string {
  group.ServerGroupStatus = 'Configuring';
  return context.jobs.start({
    apiName: context.action,
    operateType: 'Update',
    resourceType: 'servergroup',
    resourceIds: [group.ServerGroupId],
    effects,
    release: () => {
      group.ServerGroupStatus = 'Available';
    },
    partial: context.partial,
  });
}

function additions({ pending }: Context, group: ServerGroup, added: readonly Server[]): Effect[] {
  const id = group.ServerGroupId;
  pending.servers.set(id, [...added]);
  const leavePending = (server: Server) => {
    const others = pending.servers.get(id)?.filter((one) => one !== server) ?? [];
    if (others.length > 0) pending.servers.set(id, others);
    else pending.servers.delete(id);
  };
  return added.map((server) => ({
    apply: () => {
      leavePending(server);
      server.Status = 'Available';
      group.Servers = [...group.Servers, server];
    },
    revert: () => leavePending(server),
  }));
}

function removals(group: ServerGroup, removed: readonly Server[], status: ServerStatus): Effect[] {
  return removed.map((server) => {
    server.Status = status;
    return {
      apply: () => {
        group.Servers = group.Servers.filter((one) => one !== server);
      },
      revert: () => {
        server.Status = 'Available';
      },
    };
  });
}

const removeServersFromServerGroup = action((context, input: { ServerGroupId: string; Servers: ServerKey[] }) => {
  const group = serverGroupById(context, input.ServerGroupId);
  checkAvailable(group);
  const removed = findServers(group, input.Servers, 'Servers');
  return () => ({ JobId: startJob(context, group, removals(group, removed, 'Removing')) });
});

interface ReplaceInput {
  ServerGroupId: string;
  AddedServers: ServerInput[];
  RemovedServers: ServerKey[];
}

const replaceServersInServerGroup = action((context, input: ReplaceInput) => {
  const group = serverGroupById(context, input.ServerGroupId);
  checkAvailable(group);
  const removed = findServers(group, input.RemovedServers, 'RemovedServers');
  const kept = group.Servers.filter((server) => !removed.includes(server));
  const added = newServers(group, input.AddedServers, 'AddedServers', kept);
  checkServerCount(context, group.ServerGroupId, kept.length + added.length);
  return () => {
    const effects = [...additions(context, group, added), ...removals(group, removed, 'Replacing')];
    return { JobId: startJob(context, group, effects) };
  };
});

const updateServerGroupServersAttribute = action(
  (context, input: { ServerGroupId: string; Servers: ServerInput[] }) => {
    const group = serverGroupById(context, input.ServerGroupId);
    checkAvailable(group);
    const servers = findServers(group, input.Servers, 'Servers');
    const effects = servers.map((server, index): Effect => {
      const { Weight = 100, Description = server.Description } = input.Servers[index] ?? {};
      return {
        apply: () => void Object.assign(server, { Weight, Description, Status: 'Available' }),
        revert: () => {
          server.Status = 'Available';
        },
      };
    });
    return () => {
      for (const server of servers) server.Status = 'Configuring';
      return { JobId: startJob(context, group, effects) };
    };
  },
);

interface ListInput extends PageInput, TagFilter {
  ServerGroupId?: string;
  ServerIds?: string[];
}

const listServerGroupServers = action((context, input: ListInput) => {
  if (input.ServerGroupId !== undefined) serverGroupById(context, input.ServerGroupId);
  const groups = [...context.state.serverGroups.values()].filter(
    (group) => equals(group.ServerGroupId, input.ServerGroupId) && hasTags(group.Tags, input),
  );
  const wanted = groups.flatMap(({ ServerGroupId }) =>
    serversOf(context, ServerGroupId)
      .filter(({ ServerId }) => among(ServerId, input.ServerIds))
      .map((server) => ({ ...server, ServerGroupId })),
  );
  const { items, ...rest } = page(wanted, input);
  return () => ({ Servers: items, ...rest });
});

export const serverActions: Record<string, Action> = {
  AddServersToServerGroup: addServersToServerGroup,
  RemoveServersFromServerGroup: removeServersFromServerGroup,
  ReplaceServersInServerGroup: replaceServersInServerGroup,
  UpdateServerGroupServersAttribute: updateServerGroupServersAttribute,
  ListServerGroupServers: listServerGroupServers,
};
