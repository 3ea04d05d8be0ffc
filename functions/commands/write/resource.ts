import type { DryRun } from '../../../schemas/plan.ts';
import { pushOperation } from '../../core/model/audit.ts';
import { equal } from '../../core/model/digest.ts';
import type { Kind, Ref, RefTo, Resource, Specs } from '../../core/model/resource.ts';
import type { Commit, OperationRecord, StoredDocument } from '../../deps.ts';
import { commitOf } from '../../engine/schedule/manifest-writes.ts';
import { throwFaults } from '../app-error.ts';
import type { Clearance } from '../approvals/require.ts';
import { type Change, type ChangeSet, changeSetOf, declarationOf, deletionOf } from '../change-set.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
import { fleetReader } from '../fleet-reader.ts';
import { followAll } from '../follow.ts';
import { noSuch } from '../issues.ts';
import { referencesOf } from '../kinds.ts';
import { load, notFound, requireFleet } from '../load.ts';
import { checkPrecondition, type Precondition } from '../precondition.ts';
import { viewOf } from '../read/resources.ts';
import type { Views } from '../read/views.ts';
import { untilWritten } from '../until-written.ts';
import { clearChanges } from './approval.ts';
import { checkChanges } from './check.ts';
import { previewChange, previewView } from './dry-run.ts';

/** The result of a write. */
export interface Written<K extends Kind> {
  created: boolean;
  /** The resource as it is now; in a dry run as it would be, with the effects. */
  view: Views[K];
  /** The id of the operation that makes the gateways follow. Absent when none has to. */
  operation?: string | undefined;
}

/**
 * Creates or replaces a resource. An unchanged declaration is not written again. Throws `precondition-failed`,
 * `precondition-required`, `not-found` for the fleet, and the faults of the declaration.
 */
export async function putResource<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  spec: Specs[K],
  precondition: Precondition,
): Promise<Written<K>> {
  const specOf = async (before: Resource<K> | undefined) => {
    checkPrecondition(precondition, before?.revision);
    return spec;
  };
  return await writeResource(ctx, ref, specOf, { precondition });
}

/**
 * Replaces a declaration with a patched one; `patch` may throw its faults. It is patched again after concurrent writes
 * that the precondition allows. Throws `not-found` and what `putResource` throws.
 */
export async function patchResource<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  patch: (spec: Specs[K]) => Specs[K],
  precondition: Precondition,
): Promise<Written<K>> {
  const edit = async ({ revision, spec }: Resource<K>) => {
    checkPrecondition(precondition, revision);
    return patch(spec);
  };
  return await editResource(ctx, ref, edit, { precondition });
}

/** Returns documents that are written in the same transaction as a change of a resource. */
type Beside<K extends Kind> = (resource: Resource<K>, operation: string | undefined) => StoredDocument[];

interface WriteOptions<K extends Kind> {
  beside?: Beside<K>;
  precondition?: Precondition;
}

/**
 * Replaces a declaration with an edited one, and edits it again after concurrent writes. Throws `not-found`, and the
 * faults of the declaration.
 */
export async function editResource<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  edit: (before: Resource<K>) => Promise<Specs[K]>,
  options: WriteOptions<K> = {},
): Promise<Written<K>> {
  const specOf = async (before: Resource<K> | undefined) => {
    if (before === undefined) throw notFound(ref);
    return await edit(before);
  };
  return await writeResource(ctx, ref, specOf, options);
}

async function writeResource<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  specOf: (before: Resource<K> | undefined) => Promise<Specs[K]>,
  { beside, precondition = {} }: WriteOptions<K>,
): Promise<Written<K>> {
  const attempt = async () => {
    const now = fleetReader(ctx.deps.store, ref.fleet);
    const before = await now.store.get(ref.kind, ref.fleet, ref.name);
    const spec = await specOf(before);
    if (before && equal(before.spec, spec)) return await unchanged(ctx, before);
    if (before === undefined && ref.kind !== 'fleet') await requireFleet(ctx, ref.fleet);
    const isCounted = before !== undefined && ref.kind !== 'fleet';
    const referenceCount = isCounted ? await ctx.deps.store.referenceCount(ref) : undefined;
    const change = declarationOf(ctx.deps, ref, spec, before, referenceCount);
    const set = await changeSetOf(now, [change]);
    const checkedAgainst = await checkChanges(ctx, set, {
      allowEmpty: true,
      target: change.resource,
      pointer: MOVED_BY[ref.kind],
    });
    const created = before === undefined;
    const cleared = await clearChanges(ctx, set, { prunes: false });
    if (ctx.isDry) return { created, view: await previewView(ctx, set, change.resource, cleared.need) };
    const written = await commitChange(cleared, set, change, checkedAgainst, beside);
    return written && { created, view: await viewOf(ctx, written.resource, set.then), operation: written.operation };
  };
  return await untilWritten(attempt, { precondition });
}

/** The part of a body that moves requests, which violations of safety rules point to. */
const MOVED_BY: { [K in Kind]?: string } = {
  route: '#/distribution',
  service: '#/exports',
  distribution: '#/clusters',
};

async function unchanged<K extends Kind>(ctx: Context, resource: Resource<K>): Promise<Written<K>> {
  const view = await viewOf(ctx, resource, fleetReader(ctx.deps.store, resource.fleet));
  return { created: false, view: ctx.isDry ? { ...view, dryRun: { plans: [] } } : view };
}

/** The result of a deletion: the id of the operation that makes the gateways follow, or, in a dry run, the effects. */
export interface Deleted {
  operation?: string | undefined;
  dryRun?: DryRun;
}

/**
 * Deletes a resource. `destroy` deletes the instance of a gateway first, once nothing keeps the gateway from being deleted.
 * Throws `not-found`, `still-referenced` with the referrers, `precondition-required`, `precondition-failed`, and what
 * `clearChanges` and `destroy` throw.
 */
export async function deleteResource(
  ctx: Context,
  ref: Ref,
  precondition: Precondition,
  destroy?: (ctx: Context) => Promise<void>,
): Promise<Deleted> {
  const attempt = async () => {
    const resource = await load(ctx, ref);
    checkPrecondition(precondition, resource.revision);
    // The count is read first: a referrer that the search misses will have raised it by the time of the commit.
    const change = deletionOf(resource, await ctx.deps.store.referenceCount(ref));
    const set = await changeSetOf(fleetReader(ctx.deps.store, ref.fleet), [change]);
    const checkedAgainst = await checkChanges(ctx, set, { allowEmpty: true, target: resource });
    const cleared = await clearChanges(ctx, set, { prunes: false, deletesInstance: destroy !== undefined });
    if (ctx.isDry) return { dryRun: await previewChange(ctx, set, cleared.need) };
    await destroy?.(cleared.ctx);
    const written = await commitChange(cleared, set, change, checkedAgainst);
    return written && { operation: written.operation };
  };
  return await untilWritten(attempt, { precondition });
}

/**
 * Writes the change with its audit event, its approval and a row for every gateway that has to follow, in one transaction. Then the
 * gateways follow in the background; the sweep completes what remains. Resolves with undefined when another write came
 * first.
 */
async function commitChange<K extends Kind>(
  { ctx, documents: approvals }: Clearance,
  { fleet, steps: [step] }: ChangeSet,
  change: Change<K>,
  checkedAgainst: Commit['checkedAgainst'],
  beside?: Beside<K>,
): Promise<{ resource: Resource<K>; operation: string | undefined } | undefined> {
  if (step === undefined) throw new Error('A change has a step.');
  const at = timestamp(ctx.deps.clock.now());
  const operation = step.gateways.length > 0 ? operationOf(ctx, change, step.gateways, at) : undefined;
  const commit = commitOf(step, change.before, authorOf(ctx), { at, ulid: ctx.deps.ids.ulid() }, operation?.id);
  const { createdAt, updatedAt } = commit.resource;
  const resource = { ...change.resource, createdAt, updatedAt };
  const documents = [...approvals, ...(beside?.(resource, operation?.id) ?? [])];
  const outcome = await ctx.deps.store.commit({ ...commit, operation, checkedAgainst, documents });
  if (outcome.result === 'missing-reference') refuseMissing(change.resource, outcome.missing);
  if (outcome.result !== 'ok') return undefined;
  ctx.waitUntil(followAll(ctx, fleet, step.gateways));
  return { resource, operation: operation?.id };
}

function operationOf(ctx: Context, { verb, resource }: Change, gateways: string[], at: string): OperationRecord {
  const { kind, fleet, name } = resource;
  const pushed = { fleet, action: `${kind}.${verb}`, target: { kind, name }, gateways };
  return pushOperation(authorOf(ctx), { at, ulid: ctx.deps.ids.ulid() }, pushed);
}

/** Throws for references that existed when they were checked and no longer do. */
function refuseMissing(resource: Resource, missing: readonly Ref[]): void {
  const gone = missing.find((ref) => ref.kind === 'fleet');
  if (gone) throw notFound(gone);
  const places = referencesOf(resource).filter((place) =>
    missing.some((ref) => ref.kind === place.kind && ref.name === place.name),
  );
  throwFaults(places.map((place) => noSuch(place.pointer, place.kind, place.name)));
}
