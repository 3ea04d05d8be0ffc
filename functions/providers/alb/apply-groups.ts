import { digest, equal } from '../../core/digest.ts';
import type { Change } from '../../core/provider-object.ts';
import { CloudError } from '../../deps.ts';
import { settle } from '../shared.ts';
import { type AlbSession, write } from './calls.ts';
import { GroupSpec, KEY_TAG, tagValue } from './canonical.ts';
import { completion, creation, type GroupStep, identity } from './group-steps.ts';
import { change, type Jobs } from './jobs.ts';
import { type Group, listGroups, listServers, preferGroup, tagOf } from './observe.ts';

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
  if (before?.remoteId !== undefined) return updateGroup(before.remoteId, GroupSpec.parse(before.spec), spec, work);
}

/** A group that a run before this one has created is completed instead. */
async function createGroup(key: string, spec: GroupSpec, existing: readonly Group[], work: Work): Promise<void> {
  const found = [...existing].sort(preferGroup).find((group) => tagOf(group, KEY_TAG) === tagValue(key));
  const id = found?.ServerGroupId ?? (await createEmptyGroup(creation(key, spec, work.session.owner), key, work));
  const Servers = await listServers(work.session, id);
  await take(completion({ ...(found ?? spec), Servers }, spec), id, work);
}

async function createEmptyGroup({ action, parameters }: GroupStep, key: string, work: Work): Promise<string> {
  const { session, jobs } = work;
  // A token stands for one set of parameters; an intent that has changed since must not meet its old self.
  const token = session.createToken(`${key} ${digest(parameters)}`);
  const answer = await write(session, action, parameters, token);
  await jobs.done(answer);
  return String(answer['ServerGroupId']);
}

async function updateGroup(id: string, current: GroupSpec, desired: GroupSpec, work: Work): Promise<void> {
  // Weights can be written twice; before servers are added or removed, what is there now must be known.
  const sameServers = equal(current.Servers.map(identity), desired.Servers.map(identity));
  const Servers = sameServers ? current.Servers : await listServers(work.session, id);
  await take(completion({ ...current, Servers }, desired), id, work);
}

async function take(steps: readonly GroupStep[], ServerGroupId: string, work: Work): Promise<void> {
  for (const { action, parameters } of steps) await change(action, { ServerGroupId, ...parameters }, work);
}

async function deleteGroup(ServerGroupId: string, work: Work): Promise<void> {
  try {
    await change('DeleteServerGroup', { ServerGroupId }, work);
  } catch (error) {
    if (!(error instanceof CloudError && error.errorClass === 'gone')) throw error;
  }
}
