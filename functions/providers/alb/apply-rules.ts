import { digest } from '../../core/digest.ts';
import type { Change } from '../../core/provider-object.ts';
import { CloudError } from '../../deps.ts';
import type { Observed } from '../provider.ts';
import { settle } from '../shared.ts';
import { groupsOf } from './actions.ts';
import { type AlbSession, write } from './calls.ts';
import { KEY_TAG, RuleSpec, SERVER_GROUP, tagValue } from './canonical.ts';
import { change, type Jobs } from './jobs.ts';
import { listGroups, listRules, preferGroup, separate, tagOf } from './observe.ts';
import { isDelete, type RuleStep, ruleLanes, ruleParameters, takeDeletes } from './rule-steps.ts';

interface Work {
  session: AlbSession;
  jobs: Jobs;
  /** Ids of our server groups by key. */
  groupIds: ReadonlyMap<string, string>;
}

/** What a run before this one has created is not created again. */
export async function applyRules(
  changes: readonly Change[],
  observed: Observed,
  session: AlbSession,
  jobs: Jobs,
): Promise<void> {
  if (changes.length === 0) return;
  const groupIds = await groupIdsFor(changes, observed, session);
  const existing = changes.some((change) => change.verb === 'create') ? await existingKeys(session) : new Set<string>();
  const work = { session, jobs, groupIds };
  const pending = changes.filter((change) => change.verb !== 'create' || !existing.has(tagValue(change.key)));
  await settle(ruleLanes(pending, observed).map((lane) => take(lane, work)));
}

/** Where the cloud allows less than it documents, deletes make room too; without any left the quota is final. */
async function take(lane: readonly RuleStep[], work: Work): Promise<void> {
  let left = [...lane];
  for (let step = left.shift(); step !== undefined; step = left.shift()) {
    try {
      await takeStep(step, work);
    } catch (error) {
      const deletes = left.filter(isDelete);
      if (!isClass(error, 'quota') || step.action !== 'CreateRules' || deletes.length === 0) throw error;
      const room = takeDeletes(deletes, step.rules.length);
      left = [...room.taken, step, ...left.filter((one) => !isDelete(one)), ...room.left];
    }
  }
}

async function takeStep(step: RuleStep, work: Work): Promise<void> {
  const { session, jobs } = work;
  const parameters = ruleParameters(step, session.owner, (key) => groupId(key, work.groupIds));
  if (step.action === 'UpdateRulesAttribute') return change(step.action, parameters, work);
  if (isDelete(step))
    return deleteRules(
      step.rules.map(({ id }) => id),
      work,
    );
  const token = session.createToken(`rules ${digest(parameters)}`);
  await jobs.done(await write(session, step.action, parameters, token));
}

/** Of a call that names a rule which is gone already, the others are deleted. */
async function deleteRules(RuleIds: string[], work: Work): Promise<void> {
  try {
    await change('DeleteRules', { RuleIds }, work);
  } catch (error) {
    if (!isClass(error, 'gone')) throw error;
    const present = new Set((await listRules(work.session)).map((rule) => rule.RuleId));
    const left = RuleIds.filter((id) => present.has(id));
    if (left.length > 0) await change('DeleteRules', { RuleIds: left }, work);
  }
}

function groupId(key: string, groupIds: ReadonlyMap<string, string>): string {
  const id = groupIds.get(key);
  if (id !== undefined) return id;
  const message = `There is no server group ${key} to forward to`;
  throw new CloudError({
    code: 'ResourceNotFound.ServerGroup',
    errorClass: 'gone',
    action: 'ListServerGroups',
    message,
  });
}

/** Groups that have been created since the gateway was observed are looked up. */
async function groupIdsFor(
  changes: readonly Change[],
  observed: Observed,
  session: AlbSession,
): Promise<Map<string, string>> {
  const ids = groupIdsOf(observed);
  const needed = changes.flatMap(({ after }) => (after ? groupsOf(RuleSpec.parse(after.spec).RuleActions) : []));
  if (needed.every((key) => ids.has(key))) return ids;
  for (const group of (await listGroups(session)).sort(preferGroup)) {
    const key = tagOf(group, KEY_TAG);
    if (key !== undefined && !ids.has(key)) ids.set(key, group.ServerGroupId);
  }
  return ids;
}

export function groupIdsOf(observed: Observed): Map<string, string> {
  return new Map(
    observed.objects.flatMap(({ kind, key, remoteId }) =>
      kind === SERVER_GROUP && remoteId !== undefined ? [[key, remoteId] as const] : [],
    ),
  );
}

async function existingKeys(session: AlbSession): Promise<Set<string>> {
  const { owned } = separate(await listRules(session), tagValue(session.owner));
  return new Set(owned.flatMap((rule) => tagOf(rule, KEY_TAG) ?? []));
}

function isClass(error: unknown, errorClass: CloudError['errorClass']): boolean {
  return error instanceof CloudError && error.errorClass === errorClass;
}
