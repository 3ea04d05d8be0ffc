import { issueAt, say } from '../../../../schemas/messages/index.ts';
import type { Issue } from '../../../../schemas/problem.ts';
import { DRY_RUN_PASSED } from '../../../cloud-codes.ts';
import type { Change, Json } from '../../../core/gateway/provider-object.ts';
import { digest } from '../../../core/model/digest.ts';
import { CloudError, type CloudErrorClass } from '../../../deps.ts';
import { awaitAll } from '../../shared.ts';
import { groupsOf } from '../actions.ts';
import { type AlbSession, write } from '../calls.ts';
import { type GroupChange, isGroupChange, isRuleChange } from '../compile/canonical.ts';
import type { AlbObserved } from '../observe/facts.ts';
import type { WriteAction } from '../permissions.ts';
import { groupSteps, parametersFor } from './group-steps.ts';
import { targetsOf } from './rule-groups.ts';
import { isDelete, type RuleStep, ruleLanes, ruleParameters } from './rule-steps.ts';

/**
 * The most dry runs. They suffice to find what the cloud would refuse, without spending the call rate of a whole
 * publication on it.
 */
const MAX_CALLS = 50;

/** The classes of errors that leave open whether the cloud would take a write. */
const CANNOT_SAY: readonly CloudErrorClass[] = ['throttled', 'unavailable', 'busy', 'credentials'];

interface Rehearsal {
  action: WriteAction;
  /** The keys of the objects concerned. */
  objects: string[];
  parameters: Record<string, Json | undefined>;
}

/**
 * Asks by DryRun whether ALB would take the changes. Writes that refer to something that an earlier write creates, or
 * that need something that an earlier one removes, are left out. At most 50 of the others are tried.
 */
export async function rehearse(
  changes: readonly Change[],
  observed: AlbObserved,
  session: AlbSession,
): Promise<Issue[]> {
  const groupIds = new Map([...targetsOf(observed)].map(([key, { id }]) => [key, id]));
  const lanes = ruleLanes(changes.filter(isRuleChange), observed);
  const rehearsals = [
    ...changes.filter(isGroupChange).flatMap((change) => groupRehearsals(change, session)),
    ...lanes.flatMap((lane) => ruleRehearsals(lane, groupIds, session)),
  ];
  return (await awaitAll(rehearsals.slice(0, MAX_CALLS).map((one) => ask(one, session)))).flat();
}

/** Returns the dry runs of a server group. Tags are left out, because TagResources offers none. */
function groupRehearsals(change: GroupChange, { owner }: AlbSession): Rehearsal[] {
  const { verb, key, before } = change;
  if (verb === 'delete') return [];
  const steps = groupSteps(change, owner).filter(({ action }) => action !== 'TagResources');
  if (verb === 'create') return steps.slice(0, 1).map((step) => ({ ...step, objects: [key] }));
  const removal = steps.findIndex(({ action }) => action === 'RemoveServersFromServerGroup');
  return steps.slice(0, removal === -1 ? steps.length : removal + 1).map((step) => ({
    action: step.action,
    objects: [key],
    parameters: parametersFor(step, before?.remoteId ?? ''),
  }));
}

function ruleRehearsals(
  lane: readonly RuleStep[],
  groupIds: ReadonlyMap<string, string>,
  { owner }: AlbSession,
): Rehearsal[] {
  const end = lane.findIndex(isDelete);
  return lane.slice(0, end === -1 ? lane.length : end).flatMap((step) => {
    const known = withGroups(step, groupIds);
    if (known.rules.length === 0) return [];
    const parameters = ruleParameters(known, owner, (key) => groupIds.get(key) ?? '');
    return [{ action: known.action, objects: known.rules.map(({ key }) => key), parameters }];
  });
}

/** Keeps only the rules whose server groups exist. */
function withGroups(step: RuleStep, groupIds: ReadonlyMap<string, string>): RuleStep {
  const isKnown = (spec: Parameters<typeof groupsOf>[0]) => groupsOf(spec).every((key) => groupIds.has(key));
  if (step.action === 'CreateRules') {
    return { ...step, rules: step.rules.filter(({ spec }) => isKnown(spec.RuleActions)) };
  }
  if (step.action === 'UpdateRulesAttribute') {
    return { ...step, rules: step.rules.filter(({ to }) => isKnown(to.RuleActions)) };
  }
  return step;
}

/** Makes a dry run. ALB reports success by an error, too. */
async function ask({ action, objects, parameters }: Rehearsal, session: AlbSession): Promise<Issue[]> {
  const token = session.writeToken(['rehearse', action, digest(parameters), String(session.clock.now())]);
  try {
    await write(session, action, { ...parameters, DryRun: true }, token);
  } catch (error) {
    if (!(error instanceof CloudError) || CANNOT_SAY.includes(error.errorClass)) throw error;
    if (error.code !== DRY_RUN_PASSED) return [refused(error, objects)];
  }
  return [];
}

function refused({ code, message }: CloudError, objects: readonly string[]): Issue {
  const told = say('CloudWouldRefuse', { objects: objects.join(', '), code, message });
  return issueAt(objects[0] ?? '', 'cloud-refuses', told);
}
