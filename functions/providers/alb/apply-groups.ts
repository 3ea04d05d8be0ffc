import { digest, equal } from '../../core/digest.ts';
import type { Change, ProviderObject } from '../../core/provider-object.ts';
import { CloudError } from '../../deps.ts';
import { chunks, settle } from '../shared.ts';
import { type AlbSession, write } from './calls.ts';
import { GroupSpec, KEY_TAG, OWNER_TAG, type Server, tagValue } from './canonical.ts';
import { change, type Jobs } from './jobs.ts';
import { type Group, listGroups, listServers, preferGroup, tagOf } from './observe.ts';

/** Most servers in one call (ALB OpenAPI 2020-06-16). */
const MAX_SERVERS = 200;
const MAX_WEIGHTS = 40;

interface Work {
  session: AlbSession;
  jobs: Jobs;
}

/** Server groups are independent of each other, and are written side by side. */
export async function applyGroups(changes: readonly Change[], session: AlbSession, jobs: Jobs): Promise<void> {
  const work = { session, jobs };
  const existing = changes.some((change) => change.verb === 'create') ? await listGroups(session) : [];
  await settle(changes.map((change) => applyGroup(change, existing, work)));
}

async function applyGroup(change: Change, existing: readonly Group[], work: Work): Promise<void> {
  const { verb, key, before, after } = change;
  if (verb === 'delete' && before?.remoteId !== undefined) return deleteGroup(before.remoteId, work);
  if (after === undefined) return;
  const spec = GroupSpec.parse(after.spec);
  if (verb === 'create') return createGroup(key, spec, existing, work);
  if (before?.remoteId !== undefined) return updateGroup(before.remoteId, before, spec, work);
}

/** A group that a run before this one has created is completed instead. */
async function createGroup(key: string, spec: GroupSpec, existing: readonly Group[], work: Work): Promise<void> {
  const found = [...existing].sort(preferGroup).find((group) => tagOf(group, KEY_TAG) === tagValue(key));
  const id = found?.ServerGroupId ?? (await createEmptyGroup(key, spec, work));
  if (found) await updateAttributes(id, found, spec, work);
  await updateServers(id, await listServers(work.session, id), spec.Servers, work);
}

async function createEmptyGroup(key: string, spec: GroupSpec, { session, jobs }: Work): Promise<string> {
  const { Servers: _, ...attributes } = spec;
  const Tag = [
    { Key: OWNER_TAG, Value: tagValue(session.owner) },
    { Key: KEY_TAG, Value: tagValue(key) },
  ];
  const parameters = { ...attributes, Tag };
  // A token stands for one set of parameters; an intent that has changed since must not meet its old self.
  const token = session.createToken(`${key} ${digest(parameters)}`);
  const answer = await write(session, 'CreateServerGroup', parameters, token);
  await jobs.done(answer);
  return String(answer['ServerGroupId']);
}

async function updateGroup(id: string, before: ProviderObject, after: GroupSpec, work: Work): Promise<void> {
  const current = GroupSpec.parse(before.spec);
  await updateAttributes(id, current, after, work);
  // Weights can be written twice; before servers are added or removed, what is there now must be known.
  const sameServers = equal(current.Servers.map(identity), after.Servers.map(identity));
  const servers = sameServers ? current.Servers : await listServers(work.session, id);
  await updateServers(id, servers, after.Servers, work);
}

type Attributes = Pick<GroupSpec, 'ServerGroupName' | 'Scheduler' | 'HealthCheckConfig' | 'StickySessionConfig'>;

/** What an update can change; type, VPC and protocol of a group are fixed for life. */
async function updateAttributes(id: string, current: Attributes, desired: Attributes, work: Work): Promise<void> {
  const pick = ({ ServerGroupName, Scheduler, HealthCheckConfig, StickySessionConfig }: Attributes) => ({
    ServerGroupName,
    Scheduler,
    HealthCheckConfig,
    StickySessionConfig,
  });
  if (equal(pick(current), pick(desired))) return;
  await change('UpdateServerGroupAttribute', { ServerGroupId: id, ...pick(desired) }, work);
}

/**
 * Newcomers first, then weights, then removals; so the group never lacks a server that takes traffic. All weights of up to 40 servers
 * go in one call; where there are more, raises go before cuts.
 */
async function updateServers(
  id: string,
  current: readonly Server[],
  desired: readonly Server[],
  work: Work,
): Promise<void> {
  const steps = serverSteps(current, desired);
  for (const Servers of chunks(steps.add, MAX_SERVERS))
    await changeServers('AddServersToServerGroup', id, Servers, work);
  for (const Servers of chunks(steps.weigh, MAX_WEIGHTS)) {
    const weights = Servers.map(({ RemoteIpEnabled: _, ...server }) => server);
    await changeServers('UpdateServerGroupServersAttribute', id, weights, work);
  }
  for (const Servers of chunks(steps.remove, MAX_SERVERS)) {
    const leaving = Servers.map(({ ServerId, Port }) => ({ ServerId, Port }));
    await changeServers('RemoveServersFromServerGroup', id, leaving, work);
  }
  for (const Servers of chunks(steps.replace, MAX_SERVERS)) {
    await changeServers('AddServersToServerGroup', id, Servers, work);
  }
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

function identity(server: Server): string {
  return `${server.ServerId}:${server.Port}`;
}

async function changeServers(action: string, id: string, servers: Partial<Server>[], work: Work): Promise<void> {
  const Servers = servers.map((server) => ({ ServerType: 'Ip', ...server }));
  await change(action, { ServerGroupId: id, Servers }, work);
}

async function deleteGroup(ServerGroupId: string, work: Work): Promise<void> {
  try {
    await change('DeleteServerGroup', { ServerGroupId }, work);
  } catch (error) {
    if (!(error instanceof CloudError && error.errorClass === 'gone')) throw error;
  }
}
