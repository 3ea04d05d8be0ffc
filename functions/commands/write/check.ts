import type { Issue } from '../../../schemas/problem.ts';
import { canonicalJson } from '../../core/model/digest.ts';
import type { Kind, Ref } from '../../core/model/resource.ts';
import type { Commit, Deps, Settings, Step } from '../../deps.ts';
import { refuse } from '../app-error.ts';
import { type Change, type ChangeSet, isOf, placed } from '../change-set.ts';
import type { Context } from '../context.ts';
import { auditingRefusals } from '../refusals.ts';
import { validateCluster, validateService } from '../validate/addresses.ts';
import { unservedBackends } from '../validate/backends.ts';
import { displacedSplits, validateDistribution } from '../validate/distribution.ts';
import { validateGateway } from '../validate/gateway.ts';
import { validatePolicy } from '../validate/policy.ts';
import { validateRoute } from '../validate/route.ts';
import type { World } from '../world.ts';
import { newFindings } from './findings.ts';
import { danglingReferences, unfinishedPush, unknownReferences } from './references.ts';
import { checkEdit, violations } from './safety.ts';

export interface CheckOptions {
  /** These faults have been found already and are told with the rest. */
  faults?: readonly Issue[];
  /** Gateways may be left without routes. */
  allowEmpty: boolean;
  /** The log tells a refusal by the safety rules of this resource. */
  target: Ref;
  /** The place in the request that the safety rules refuse; absent where they tell their own places. */
  pointer?: string | undefined;
}

/**
 * Throws with everything that speaks against the changes, of the first kind that there is: what is declared, then what gateways would find,
 * then the safety rules. Resolves with what the safety rules were held against, if requests move.
 */
export async function checkChanges(
  ctx: Context,
  set: ChangeSet,
  { faults = [], allowEmpty, target, pointer }: CheckOptions,
): Promise<Commit['checkedAgainst']> {
  const found = await faultsOf(ctx.deps, set);
  refuse([...faults, ...found, ...(allowEmpty ? [] : await emptiedGateways(set))]);
  refuse(await newFindings(ctx.deps.store, set), 'unsupported-feature');
  const checked = await checkEdit(ctx.deps, set);
  const issues = violations(checked?.results ?? [], set.fleet);
  const told = issues.map((issue) => (pointer === undefined ? issue : { ...issue, pointer }));
  await auditingRefusals(ctx, target, `${target.kind}.refused`, async () => refuse(told));
  return checked?.checkedAgainst;
}

/** Finds everything that speaks against the changes and against the fleet as it would be, but for what its gateways would find. */
export async function faultsOf(deps: Deps, set: ChangeSet): Promise<Issue[]> {
  const issues: Issue[] = [];
  for (const [index, change] of set.changes.entries()) {
    const found = [...limitExceeded(set.steps[index]), ...(await changeFaults(deps, change, set))];
    issues.push(...found.map((issue) => placed(set, change.resource, issue)));
  }
  return [
    ...issues,
    ...(await danglingReferences(set)),
    ...(await displacedSplits(set)),
    ...(await unservedBackends(set)),
  ];
}

async function changeFaults(deps: Deps, change: Change, set: ChangeSet): Promise<Issue[]> {
  if (change.verb === 'delete') return await unfinishedPush(deps.store, change, set);
  const unknown = await unknownReferences(change, set.then, deps.settings);
  return unknown.length > 0 ? unknown : await validate(change, set.then, deps.settings);
}

type Validators = {
  [K in Kind]: (change: Change<K>, then: World, settings: Settings) => Promise<Issue[]>;
};

const validators: Validators = {
  fleet: validatePolicy,
  cluster: validateCluster,
  gateway: validateGateway,
  service: validateService,
  distribution: validateDistribution,
  route: validateRoute,
};

/** Finds what speaks against a declaration whose references are known to exist, given what else would be declared. */
function validate<K extends Kind>(change: Change<K>, then: World, settings: Settings): Promise<Issue[]> {
  return validators[change.resource.kind as K](change, then, settings);
}

/** Finds the gateways that have routes now and would have none. */
async function emptiedGateways({ changes, then }: ChangeSet): Promise<Issue[]> {
  const left = new Set(changes.filter(isOf('route')).flatMap(({ before }) => before?.spec.gateways ?? []));
  const found: Issue[] = [];
  for (const name of [...left].sort()) {
    if ((await then.routesUnder({ kind: 'gateway', name }, 1)).length > 0) continue;
    const detail = `gateway ${name} has routes and would have none: say allowEmpty=true if that is meant`;
    found.push({ pointer: `gateways/${name}`, code: 'would-empty-gateway', detail });
  }
  return found;
}

/** A transaction of the store holds this many items; the resource, its revision, the audit event, the operation, what was derived from it and what it was checked against take eight. */
const MAX_ITEMS = 92;

/** The store keeps no larger declaration; in bytes of JSON. */
const MAX_SPEC_BYTES = 380_000;

/** Finds what is more than one write to the store can hold. */
function limitExceeded(step: Step | undefined): Issue[] {
  if (step === undefined) return [];
  // For each gateway a row, and the operation that waits for it.
  const room = MAX_ITEMS - 2 * step.gateways.length;
  const parts = step.references.length + step.movedTerms;
  if (parts > room) {
    return [
      exceeded(
        `one write can change ${room} references and host names and this one changes ${parts}: declare them in several steps`,
      ),
    ];
  }
  const bytes = new TextEncoder().encode(canonicalJson(step.resource.spec)).length;
  return bytes > MAX_SPEC_BYTES
    ? [exceeded(`a declaration holds at most ${MAX_SPEC_BYTES} bytes and this one has ${bytes}`)]
    : [];
}

function exceeded(detail: string): Issue {
  return { pointer: '#', code: 'limit-exceeded', detail };
}
