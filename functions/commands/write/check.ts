import { issueAt, type Message, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import { canonicalJson } from '../../core/model/digest.ts';
import type { Kind, Ref } from '../../core/model/resource.ts';
import type { Commit, ManifestStep } from '../../deps.ts';
import { authorizeChanges } from '../access/gateways.ts';
import { throwFaults } from '../app-error.ts';
import { type Change, type ChangeSet, isOf, withWholePointer } from '../change-set.ts';
import type { Context } from '../context.ts';
import type { FleetReader } from '../fleet-reader.ts';
import { auditingRefusals } from '../refusals.ts';
import { validateCluster, validateService } from '../validate/addresses.ts';
import { unservedBackends } from '../validate/backends.ts';
import { displacedSplits, validateDistribution } from '../validate/distribution.ts';
import { validateGateway } from '../validate/gateway.ts';
import { validatePolicy } from '../validate/policy.ts';
import { validateRoute } from '../validate/route.ts';
import { secretFaults } from '../validate/secrets.ts';
import { newFindings } from './findings.ts';
import { danglingReferences, unfinishedPush, unknownReferences } from './references.ts';
import { checkEdit, violations } from './safety.ts';

export interface CheckOptions {
  /** The faults that have been found already. They are reported together with the others. */
  faults?: readonly Issue[];
  /** True when gateways may be left without routes. */
  allowEmpty: boolean;
  /** The resource in whose name a refusal by the safety rules is audited. */
  target: Ref;
  /**
   * The place in the request that is reported for violated safety rules. When absent, the places where the fleet
   * declares the rules are reported.
   */
  pointer?: string | undefined;
}

/**
 * Throws all faults of the first kind that has any: faults of the declarations, then findings of gateways, then
 * violations of safety rules. Resolves with the versions that the safety rules were checked against, if requests move.
 */
export async function checkChanges(
  ctx: Context,
  set: ChangeSet,
  { faults = [], allowEmpty, target, pointer }: CheckOptions,
): Promise<Commit['checkedAgainst']> {
  const found = await faultsOf(ctx, set);
  throwFaults([...faults, ...found, ...(allowEmpty ? [] : await emptiedGateways(set))]);
  throwFaults(await newFindings(ctx.deps.store, set), 'unsupported-feature');
  const checked = await checkEdit(ctx.deps, set);
  const issues = violations(checked?.results ?? [], set.fleet);
  const told = issues.map((issue) => (pointer === undefined ? issue : { ...issue, pointer }));
  await auditingRefusals(ctx, target, `${target.kind}.refused`, async () => throwFaults(told));
  return checked?.checkedAgainst;
}

/**
 * Finds all faults of the changes and of the resulting fleet, except for the findings of gateways. Throws `forbidden` when they
 * concern a gateway that the principal may not write to.
 */
export async function faultsOf(ctx: Context, set: ChangeSet): Promise<Issue[]> {
  await authorizeChanges(ctx, set);
  const issues: Issue[] = [];
  for (const [index, change] of set.changes.entries()) {
    const found = [...limitExceeded(set.steps[index]), ...(await changeFaults(ctx, change, set))];
    issues.push(...found.map((issue) => withWholePointer(set, change.resource, issue)));
  }
  return [
    ...issues,
    ...(await danglingReferences(set)),
    ...(await displacedSplits(set)),
    ...(await unservedBackends(set)),
  ];
}

async function changeFaults(ctx: Context, change: Change, set: ChangeSet): Promise<Issue[]> {
  if (change.verb === 'delete') return await unfinishedPush(ctx.deps.store, change, set);
  const unknown = await unknownReferences(change, set.then, ctx.deps.settings);
  if (unknown.length > 0) return unknown;
  return [...(await validate(change, set.then, ctx)), ...(await secretFaults(change, ctx.deps.secrets))];
}

type Validators = {
  [K in Kind]: (change: Change<K>, then: FleetReader, ctx: Context) => Promise<Issue[]>;
};

const validators: Validators = {
  fleet: validatePolicy,
  cluster: validateCluster,
  gateway: validateGateway,
  service: validateService,
  distribution: validateDistribution,
  route: validateRoute,
};

/** Finds the faults of a declaration whose references exist, given the other declarations. */
function validate<K extends Kind>(change: Change<K>, then: FleetReader, ctx: Context): Promise<Issue[]> {
  return validators[change.resource.kind as K](change, then, ctx);
}

/** Finds the gateways that have routes now and would have none. */
async function emptiedGateways({ changes, then }: ChangeSet): Promise<Issue[]> {
  const left = new Set(changes.filter(isOf('route')).flatMap(({ before }) => before?.spec.gateways ?? []));
  const found: Issue[] = [];
  for (const name of [...left].sort()) {
    if ((await then.routesUnder({ kind: 'gateway', name }, 1)).length > 0) continue;
    found.push(issueAt(`gateways/${name}`, 'would-empty-gateway', say('WouldEmptyGateway', { gateway: name })));
  }
  return found;
}

/**
 * The number of items that a transaction of the store has for outbox rows and references. The resource, its revision,
 * the audit event, the operation, the data derived from it and the versions checked against take eight others.
 */
const MAX_ITEMS = 92;

/** The size of the largest declaration that the store keeps, in bytes of JSON. */
const MAX_SPEC_BYTES = 380_000;

/** Finds a step that is larger than a single write to the store can be. */
function limitExceeded(step: ManifestStep | undefined): Issue[] {
  if (step === undefined) return [];
  // A gateway takes two items: its row, and the operation that waits for it.
  const room = MAX_ITEMS - 2 * step.gateways.length;
  const parts = step.references.length + step.movedTerms;
  if (parts > room) return [exceeded(say('TooManyParts', { room, parts }))];
  const bytes = new TextEncoder().encode(canonicalJson(step.resource.spec)).length;
  return bytes > MAX_SPEC_BYTES ? [exceeded(say('TooManyBytes', { most: MAX_SPEC_BYTES, bytes }))] : [];
}

function exceeded(message: Message): Issue {
  return issueAt('#', 'limit-exceeded', message);
}
