import { digest, equal } from '../../core/digest.ts';
import type { Change } from '../../core/provider-object.ts';
import { CloudError } from '../../deps.ts';
import type { Observed } from '../provider.ts';
import { chunks, settle } from '../shared.ts';
import { groupsOf, toParameters } from './actions.ts';
import { type AlbSession, write } from './calls.ts';
import { KEY_TAG, OWNER_TAG, RuleSpec, SERVER_GROUP, tagValue } from './canonical.ts';
import { change, type Jobs } from './jobs.ts';
import { listGroups, listRules, preferGroup, separate, tagOf } from './observe.ts';
import { moveOrder } from './priorities.ts';

/** Most rules in one call (ALB OpenAPI 2020-06-16). */
const MAX_RULES = 10;
const MAX_DELETES = 100;

interface Work {
  session: AlbSession;
  jobs: Jobs;
  /** Ids of our server groups by key. */
  groupIds: ReadonlyMap<string, string>;
}

interface Rule {
  key: string;
  spec: RuleSpec;
}

/** Before and after of an update. */
interface Update {
  id: string;
  from: RuleSpec;
  to: RuleSpec;
}

/** A listener takes one write at a time; listeners are independent of each other. */
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
  const listeners = Map.groupBy(pending, listenerOf);
  await settle([...listeners].map(([listenerId, own]) => applyListener(listenerId, own, work)));
}

/**
 * Updates, then creates, then deletes: what a request matches now it matches until something else takes it. Moves come in an order that
 * inverts no two rules (see priorities.ts).
 */
async function applyListener(listenerId: string, changes: readonly Change[], work: Work): Promise<void> {
  for (const updates of chunks(updatesOf(changes), MAX_RULES)) await updateRules(updates, work);
  const creates = changes.flatMap((change) =>
    change.verb === 'create' && change.after ? [{ key: change.key, spec: RuleSpec.parse(change.after.spec) }] : [],
  );
  const deletes = changes.flatMap((change) =>
    change.verb === 'delete' && change.before?.remoteId !== undefined ? [change.before.remoteId] : [],
  );
  const left = await createRules(listenerId, creates, deletes, work);
  for (const ids of chunks(left, MAX_DELETES)) await deleteRules(ids, work);
}

function updatesOf(changes: readonly Change[]): Update[] {
  const updates = changes.flatMap(({ verb, before, after }) =>
    verb === 'update' && before?.remoteId !== undefined && after
      ? [{ id: before.remoteId, from: RuleSpec.parse(before.spec), to: RuleSpec.parse(after.spec) }]
      : [],
  );
  const moves = updates.filter(({ from, to }) => from.Priority !== to.Priority);
  const others = updates.filter(({ from, to }) => from.Priority === to.Priority);
  const distance = ({ from, to }: Update) => ({ from: from.Priority, to: to.Priority });
  return [...moves.sort((a, b) => moveOrder(distance(a), distance(b))), ...others];
}

/** Sends only what differs; a list that differs replaces the whole list. */
async function updateRules(updates: readonly Update[], work: Work): Promise<void> {
  const Rules = updates.map(({ id, from, to }) => ({
    RuleId: id,
    RuleName: from.RuleName === to.RuleName ? undefined : to.RuleName,
    Priority: from.Priority === to.Priority ? undefined : to.Priority,
    RuleConditions: equal(from.RuleConditions, to.RuleConditions) ? undefined : to.RuleConditions,
    RuleActions: equal(from.RuleActions, to.RuleActions) ? undefined : actionsOf(to, work),
  }));
  await change('UpdateRulesAttribute', { Rules }, work);
}

/**
 * Creates the rules. When the rule quota is full, as many of `deletes` as there are rules to create go before them; without any left
 * the quota is final. Returns the deletes that are left.
 */
async function createRules(
  listenerId: string,
  creates: readonly Rule[],
  deletes: readonly string[],
  work: Work,
): Promise<string[]> {
  let left = [...deletes];
  for (const rules of chunks(creates, MAX_RULES)) {
    try {
      await createChunk(listenerId, rules, work);
    } catch (error) {
      if (!isClass(error, 'quota') || left.length === 0) throw error;
      await deleteRules(left.slice(0, rules.length), work);
      left = left.slice(rules.length);
      await createChunk(listenerId, rules, work);
    }
  }
  return left;
}

async function createChunk(ListenerId: string, rules: readonly Rule[], work: Work): Promise<void> {
  const { session, jobs } = work;
  const Rules = rules.map(({ key, spec }) => ({
    RuleName: spec.RuleName,
    Priority: spec.Priority,
    RuleConditions: spec.RuleConditions,
    RuleActions: actionsOf(spec, work),
    Tag: [
      { Key: OWNER_TAG, Value: tagValue(session.owner) },
      { Key: KEY_TAG, Value: tagValue(key) },
    ],
  }));
  const parameters = { ListenerId, Rules };
  const token = session.createToken(`rules ${digest(parameters)}`);
  await jobs.done(await write(session, 'CreateRules', parameters, token));
}

/** Of a call that names a rule which is gone already, the others are deleted. */
async function deleteRules(RuleIds: readonly string[], work: Work): Promise<void> {
  try {
    await change('DeleteRules', { RuleIds: [...RuleIds] }, work);
  } catch (error) {
    if (!isClass(error, 'gone')) throw error;
    const present = new Set((await listRules(work.session)).map((rule) => rule.RuleId));
    const left = RuleIds.filter((id) => present.has(id));
    if (left.length > 0) await change('DeleteRules', { RuleIds: left }, work);
  }
}

function actionsOf({ RuleActions }: RuleSpec, { groupIds }: Work) {
  return toParameters(RuleActions, (key) => groupId(key, groupIds));
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
  const ids = new Map<string, string>();
  for (const { kind, key, remoteId } of observed.objects) {
    if (kind === SERVER_GROUP && remoteId !== undefined) ids.set(key, remoteId);
  }
  const needed = changes.flatMap(({ after }) => (after ? groupsOf(RuleSpec.parse(after.spec).RuleActions) : []));
  if (needed.every((key) => ids.has(key))) return ids;
  for (const group of (await listGroups(session)).sort(preferGroup)) {
    const key = tagOf(group, KEY_TAG);
    if (key !== undefined && !ids.has(key)) ids.set(key, group.ServerGroupId);
  }
  return ids;
}

async function existingKeys(session: AlbSession): Promise<Set<string>> {
  const { owned } = separate(await listRules(session), tagValue(session.owner));
  return new Set(owned.flatMap((rule) => tagOf(rule, KEY_TAG) ?? []));
}

function listenerOf({ before, after }: Change): string {
  return RuleSpec.parse((after ?? before)?.spec).ListenerId;
}

function isClass(error: unknown, errorClass: CloudError['errorClass']): boolean {
  return error instanceof CloudError && error.errorClass === errorClass;
}
