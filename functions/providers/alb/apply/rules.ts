import type { Refusal } from '../../../core/gateway/provider-object.ts';
import { digest } from '../../../core/model/digest.ts';
import { CloudError } from '../../../deps.ts';
import { awaitAll } from '../../shared.ts';
import { type AlbSession, write } from '../calls.ts';
import { RULE, type RuleChange } from '../compile/canonical.ts';
import { KEY_TAG, tagOf, tagValue } from '../compile/marks.ts';
import type { AlbObserved } from '../observe/facts.ts';
import { listRules } from '../observe/lists.ts';
import { separate } from '../observe/observe.ts';
import { change, type Jobs } from './jobs.ts';
import { refusal, refusedOf } from './refusals.ts';
import { dependsOnRefused, missingTarget, readTargets, type Target } from './rule-groups.ts';
import {
  halves,
  isDelete,
  type RuleStep,
  ruleLanes,
  ruleParameters,
  takeDeletes,
  withoutReplaced,
} from './rule-steps.ts';

interface Work {
  session: AlbSession;
  jobs: Jobs;
  targets: ReadonlyMap<string, Target>;
}

/**
 * Applies changes of rules. What an earlier run has created is not created again. Resolves with what is refused;
 * everything else is done.
 */
export async function applyRules(
  changes: readonly RuleChange[],
  observed: AlbObserved,
  session: AlbSession,
  jobs: Jobs,
): Promise<Refusal[]> {
  if (changes.length === 0) return [];
  const targets = await readTargets(changes, observed, session);
  const existing = changes.some((change) => change.verb === 'create') ? await existingKeys(session) : new Set<string>();
  const work = { session, jobs, targets };
  const refused: Refusal[] = [];
  const pending: RuleChange[] = [];
  for (const one of changes) {
    const missing = missingTarget(one, targets);
    if (one.verb === 'create' && existing.has(tagValue(one.key))) continue;
    if (missing === undefined) pending.push(one);
    else refused.push(dependsOnRefused(one, missing));
  }
  const lanes = await awaitAll(ruleLanes(pending, observed).map((lane) => takeLane(lane, refused, work)));
  return [...refused, ...lanes.flat()];
}

/**
 * Takes the steps of a lane. A step that is refused is cut in halves until the rule that the cloud refuses is alone.
 */
async function takeLane(lane: readonly RuleStep[], before: readonly Refusal[], work: Work): Promise<Refusal[]> {
  const refused: Refusal[] = [];
  let left = [...lane];
  for (let step = left.shift(); step !== undefined; step = left.shift()) {
    const current = withoutReplaced(step, new Set([...before, ...refused].map(({ key }) => key)));
    if (current === undefined) continue;
    const error = await refusedOf(() => takeStep(current, work));
    if (error === undefined) continue;
    const reordered = error.errorClass === 'quota' ? makeRoom(current, left) : undefined;
    if (reordered) left = reordered;
    else if (current.rules.length > 1) left = [...halves(await pendingOf(current, work)), ...left];
    else refused.push(...current.rules.map(({ key }) => refusal({ kind: RULE, key }, error)));
  }
  return refused;
}

/**
 * Reorders the steps so that deletes make room, in case the cloud allows less than it documents. The result is
 * undefined when there are no deletes left to make room.
 */
function makeRoom(step: RuleStep, left: readonly RuleStep[]): RuleStep[] | undefined {
  const deletes = left.filter(isDelete);
  if (isDelete(step) || deletes.length === 0) return undefined;
  const room = takeDeletes(deletes, step.rules.length);
  return [...room.taken, step, ...left.filter((one) => !isDelete(one)), ...room.left];
}

/**
 * Returns the part of a step that is still to be done. A creation that was accepted and failed later may have created
 * some of its rules.
 */
async function pendingOf(step: RuleStep, { session }: Work): Promise<RuleStep> {
  if (step.action !== 'CreateRules') return step;
  const existing = await existingKeys(session);
  return { ...step, rules: step.rules.filter(({ key }) => !existing.has(tagValue(key))) };
}

async function takeStep(step: RuleStep, work: Work): Promise<void> {
  const { session, jobs, targets } = work;
  if (isDelete(step)) return deleteRules(step.rules, work);
  const parameters = ruleParameters(step, session.owner, (key) => targetId(key, targets));
  if (step.action === 'UpdateRulesAttribute') return change(step.action, parameters, work);
  const token = session.createToken(`rules ${digest(parameters)}`);
  await jobs.done(await write(session, step.action, parameters, token));
}

/** Deletes rules. When one of them is gone already, the call is refused, and the others are deleted by another call. */
async function deleteRules(rules: readonly { id: string }[], work: Work): Promise<void> {
  const RuleIds = rules.map(({ id }) => id);
  try {
    await change('DeleteRules', { RuleIds }, work);
  } catch (error) {
    if (!(error instanceof CloudError && error.errorClass === 'gone')) throw error;
    const present = new Set((await listRules(work.session)).map((rule) => rule.RuleId));
    const left = RuleIds.filter((id) => present.has(id));
    if (left.length > 0) await change('DeleteRules', { RuleIds: left }, work);
  }
}

/** Returns the id of a server group. Rules whose groups do not exist have been left out before. */
function targetId(key: string, targets: ReadonlyMap<string, Target>): string {
  const id = targets.get(key)?.id;
  if (id !== undefined) return id;
  throw new Error(`There is no server group ${key}, which was asked for before.`);
}

async function existingKeys(session: AlbSession): Promise<Set<string>> {
  const { owned } = separate(await listRules(session), tagValue(session.owner));
  return new Set(owned.flatMap((rule) => tagOf(rule, KEY_TAG) ?? []));
}
