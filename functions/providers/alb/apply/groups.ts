import type { Refusal } from '../../../core/gateway/provider-object.ts';
import { digest, equal } from '../../../core/model/digest.ts';
import { CloudError } from '../../../deps.ts';
import { awaitAll } from '../../shared.ts';
import { type AlbSession, write } from '../calls.ts';
import type { GroupChange, GroupSpec, Server } from '../compile/canonical.ts';
import { KEY_TAG, tagOf, tagValue } from '../compile/marks.ts';
import { type Group, listOwnGroups, listServers, preferGroup } from '../observe/lists.ts';
import {
  type Attributes,
  attributeCalls,
  creation,
  type GroupStep,
  identity,
  parametersFor,
  serverCalls,
  tagCalls,
  withoutNewcomers,
} from './group-steps.ts';
import { change as call, type Jobs } from './jobs.ts';
import { refusal, refusedOf } from './refusals.ts';

interface Work {
  session: AlbSession;
  jobs: Jobs;
}

/**
 * Writes server groups in parallel, because they are independent of each other. Resolves with what the cloud refuses.
 */
export async function applyGroups(
  changes: readonly GroupChange[],
  session: AlbSession,
  jobs: Jobs,
): Promise<Refusal[]> {
  const work = { session, jobs };
  const existing = changes.some((change) => change.verb === 'create') ? await listOwnGroups(session) : [];
  const errors = await awaitAll(changes.map((change) => applyGroup(change, existing, work)));
  return changes.flatMap((change, index) => {
    const error = errors[index];
    return error ? [refusal(change, error)] : [];
  });
}

async function applyGroup(
  { verb, key, before, after }: GroupChange,
  existing: readonly Group[],
  work: Work,
): Promise<CloudError | undefined> {
  const id = before?.remoteId;
  if (after && before && id !== undefined) return updateGroup({ id, key, after: after.spec }, before.spec, work);
  if (after && verb === 'create') return createGroup(key, after.spec, existing, work);
  if (verb === 'delete' && id !== undefined) return refusedOf(() => deleteGroup(id, work));
  return undefined;
}

/** Creates a group, or completes one that an earlier run has created. */
async function createGroup(
  key: string,
  spec: GroupSpec,
  existing: readonly Group[],
  work: Work,
): Promise<CloudError | undefined> {
  const found = [...existing].sort(preferGroup).find((group) => tagOf(group, KEY_TAG) === tagValue(key));
  let group: (Existing & { current: Current }) | undefined;
  const refused = await refusedOf(async () => {
    const id = found?.ServerGroupId ?? (await createEmptyGroup(creation(key, spec, work.session.owner), key, work));
    const Servers = await listServers(work.session, id);
    group = { id, key, after: spec, current: { ...(found ?? spec), Tagged: true, Servers } };
  });
  return refused ?? (group && complete(group, group.current, work));
}

async function createEmptyGroup({ action, parameters }: GroupStep, key: string, work: Work): Promise<string> {
  const { session, jobs } = work;
  // A token stands for one set of parameters, so it changes with them: the answer to an earlier intent must not be
  // returned for this one.
  const token = session.createToken(`${key} ${digest(parameters)}`);
  const answer = await write(session, action, parameters, token);
  await jobs.done(answer);
  return String(answer['ServerGroupId']);
}

/** An existing group, and the spec that it shall have. */
interface Existing {
  id: string;
  key: string;
  after: GroupSpec;
}

type Current = Attributes & Pick<GroupSpec, 'Servers' | 'Tagged'>;

async function updateGroup(group: Existing, before: GroupSpec, work: Work): Promise<CloudError | undefined> {
  // Weights can be written twice, but before servers are added or removed, the present servers must be known.
  const hasSameServers = equal(before.Servers.map(identity), group.after.Servers.map(identity));
  if (hasSameServers) return complete(group, before, work);
  let current: Current = before;
  const refused = await refusedOf(async () => {
    current = { ...before, Servers: await listServers(work.session, group.id) };
  });
  return refused ?? complete(group, current, work);
}

/**
 * Brings a group to its desired state. A refusal of one aspect does not stop the others. Resolves with the first
 * refusal.
 */
async function complete(group: Existing, current: Current, work: Work): Promise<CloudError | undefined> {
  const { id, key, after } = group;
  const attributes = await refusedOf(() => take(attributeCalls(current, after), id, work));
  const servers = await setServers(group, current.Servers, work);
  const tags = await refusedOf(() => take(tagCalls(key, current, work.session.owner), id, work));
  return attributes ?? servers ?? tags;
}

/**
 * Writes the servers of a group. When the cloud refuses a part, the present servers are read and get their weights
 * without the new ones.
 */
async function setServers(
  { id, after: { Servers } }: Existing,
  current: readonly Server[],
  work: Work,
): Promise<CloudError | undefined> {
  const refused = await refusedOf(() => take(serverCalls(current, Servers), id, work));
  if (refused === undefined) return undefined;
  await refusedOf(async () => {
    const there = await listServers(work.session, id);
    await take(serverCalls(there, withoutNewcomers(there, Servers)), id, work);
  });
  return refused;
}

async function take(steps: readonly GroupStep[], id: string, work: Work): Promise<void> {
  for (const step of steps) await call(step.action, parametersFor(step, id), work);
}

async function deleteGroup(ServerGroupId: string, work: Work): Promise<void> {
  try {
    await call('DeleteServerGroup', { ServerGroupId }, work);
  } catch (error) {
    if (!(error instanceof CloudError && error.errorClass === 'gone')) throw error;
  }
}
