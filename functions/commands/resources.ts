import type { DryRun } from '../../schemas/plan.ts';
import { equal } from '../core/digest.ts';
import type { Kind, Ref, RefTo, Resource, Specs } from '../core/model.ts';
import type { Page, PageRequest } from '../deps.ts';
import { AppError, refuse } from './app-error.ts';
import { type Context, timestamp } from './context.ts';
import { previewChange, previewView } from './dry-run.ts';
import { editOf } from './edits.ts';
import { kinds } from './kinds.ts';
import { checkPrecondition, type Precondition } from './precondition.ts';
import { type Proposal, unknownReference } from './proposal.ts';
import { unknownReferences } from './references.ts';
import { deletionBlockers } from './referrers.ts';
import { auditingRefusals } from './refusals.ts';
import { checkEdit, violations } from './safety.ts';
import { show, showPage } from './show.ts';
import { type Change, commitChange } from './transaction.ts';
import { validate } from './validate.ts';
import type { Views } from './views.ts';
import { type World, worldOf } from './world.ts';

/** Writers that keep getting in between are given way this many times. */
const MAX_ATTEMPTS = 5;

/** Throws `not-found`. */
export async function getResource<K extends Kind>(ctx: Context, ref: RefTo<K>): Promise<Views[K]> {
  return await view(ctx, await load(ctx, ref), worldOf(ctx.deps.store, ref.fleet));
}

/** By name. Throws `not-found` when there is no such fleet. */
export async function listResources<K extends Kind>(
  ctx: Context,
  kind: K,
  fleet: string,
  request: PageRequest,
): Promise<Page<Views[K]>> {
  const { store } = ctx.deps;
  if (kind !== 'fleet') await requireFleet(ctx, fleet);
  const { items, nextToken } = await store.list(kind, fleet, request);
  return { items: await showPage(ctx.deps, kind, fleet, items), nextToken };
}

/**
 * Creates or replaces. What is declared already is not written again. Throws `precondition-failed`, `precondition-required`,
 * `not-found` for the fleet, and what speaks against the declaration.
 */
export async function putResource<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  spec: Specs[K],
  precondition: Precondition,
): Promise<Written<K>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const before = await ctx.deps.store.get(ref.kind, ref.fleet, ref.name);
    checkPrecondition(precondition, before?.revision);
    const world = worldOf(ctx.deps.store, ref.fleet);
    if (before && equal(before.spec, spec)) return await unchanged(ctx, before, world);
    const written = await write(ctx, ref, { kind: ref.kind, name: ref.name, spec, before }, world);
    if (written) return written;
  }
  throw new AppError('write-conflict', 'Others keep writing here.');
}

/** What became of a write. */
export interface Written<K extends Kind> {
  created: boolean;
  /** As it is now; in a dry run, as it would be, with what would follow. */
  view: Views[K];
  /** Id of the operation that makes the gateways follow; absent when none has to. */
  operation?: string | undefined;
}

async function unchanged<K extends Kind>(ctx: Context, resource: Resource<K>, world: World): Promise<Written<K>> {
  const shown = await view(ctx, resource, world);
  return { created: false, view: ctx.isDry ? { ...shown, dryRun: { plans: [] } } : shown };
}

/** Undefined when another write came first. */
async function write<K extends Kind>(
  ctx: Context,
  { fleet }: Ref,
  proposal: Proposal<K>,
  world: World,
): Promise<Written<K> | undefined> {
  const { kind, name, spec, before } = proposal;
  const { settings, ids, clock } = ctx.deps;
  if (kind !== 'fleet' && before === undefined) await requireFleet(ctx, fleet);
  const referenceCount =
    before && kind !== 'fleet' ? await ctx.deps.store.referenceCount({ kind, fleet, name }) : undefined;
  refuse(await unknownReferences(proposal, world, settings));
  refuse(await validate(proposal, world, settings));
  const now = timestamp(clock.now());
  const resource: Resource<K> = {
    kind,
    fleet,
    name,
    uid: before?.uid ?? `${kinds[kind].uidPrefix}_${ids.ulid()}`,
    revision: (before?.revision ?? 0) + 1,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    spec,
  };
  const verb = before ? 'update' : 'create';
  const change = await checkedChange(ctx, { verb, resource, before, referenceCount }, world);
  if (ctx.isDry) return { created: before === undefined, view: await previewView(ctx, change, world) };
  const outcome = await commitChange(ctx, change, world);
  if (outcome.result === 'missing-reference') refuseMissing(proposal, outcome.missing);
  if (outcome.result !== 'ok') return undefined;
  return { created: before === undefined, view: await view(ctx, resource, world), operation: outcome.operation?.id };
}

/** What was there when it was looked up, and is not any more. */
function refuseMissing<K extends Kind>({ kind, spec }: Proposal<K>, missing: readonly Ref[]): void {
  const gone = missing.find((ref) => ref.kind === 'fleet');
  if (gone) throw notFound(gone);
  const places = kinds[kind]
    .references(spec)
    .filter((place) => missing.some((ref) => ref.kind === place.kind && ref.name === place.name));
  refuse(places.map((place) => unknownReference(place.pointer, `there is no ${place.kind} ${place.name}`)));
}

/** What became of a deletion: the id of the operation that makes the gateways follow, or in a dry run what would follow. */
export interface Deleted {
  operation?: string | undefined;
  dryRun?: DryRun;
}

/** Throws `not-found`, `still-referenced` with the referrers, `precondition-required`, `precondition-failed`. */
export async function deleteResource<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  precondition: Precondition,
): Promise<Deleted> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const resource = await load(ctx, ref);
    checkPrecondition(precondition, resource.revision);
    // The count is read first: a referrer that the search misses has raised it by the time of the commit.
    const referenceCount = await ctx.deps.store.referenceCount(ref);
    const world = worldOf(ctx.deps.store, ref.fleet);
    refuse(await deletionBlockers(ctx.deps.store, resource, world));
    const change = await checkedChange(ctx, { verb: 'delete', resource, before: resource, referenceCount }, world);
    if (ctx.isDry) return { dryRun: await previewChange(ctx, change, world) };
    const outcome = await commitChange(ctx, change, world);
    if (outcome.result === 'ok') return { operation: outcome.operation?.id };
  }
  throw new AppError('write-conflict', 'Others keep writing here.');
}

/** What moves requests in a body. */
const MOVED_BY: { [K in Kind]?: string } = { route: '#/distribution', service: '#/exports' };

/** The change with what the safety rules were held against. Throws `rule-violated`, which the log of the fleet then shows. */
async function checkedChange<K extends Kind>(ctx: Context, change: Change<K>, world: World): Promise<Change<K>> {
  const { kind, fleet } = change.resource;
  const edit = await editOf(ctx.deps.store, change, world);
  if (edit === undefined) return change;
  const declared = await load(ctx, { kind: 'fleet', fleet, name: fleet });
  const { results, checkedAgainst } = await checkEdit(ctx.deps, declared, edit);
  const pointer = change.verb === 'delete' ? undefined : MOVED_BY[kind];
  const issues = violations(results, fleet).map((issue) => (pointer === undefined ? issue : { ...issue, pointer }));
  await auditingRefusals(ctx, change.resource, `${kind}.refused`, async () => refuse(issues));
  return { ...change, checkedAgainst };
}

async function view<K extends Kind>(ctx: Context, resource: Resource<K>, world: World): Promise<Views[K]> {
  const [shown] = await show(ctx.deps, resource.kind, [resource], world);
  if (shown === undefined) throw new Error('A resource has one view.');
  return shown;
}

export async function load<K extends Kind>(ctx: Context, ref: RefTo<K>): Promise<Resource<K>> {
  const resource = await ctx.deps.store.get(ref.kind, ref.fleet, ref.name);
  if (resource === undefined) throw notFound(ref);
  return resource;
}

/** Throws `not-found`. */
export async function requireResource(ctx: Context, ref: Ref): Promise<void> {
  await load(ctx, ref);
}

export async function requireFleet(ctx: Context, fleet: string): Promise<void> {
  await requireResource(ctx, { kind: 'fleet', fleet, name: fleet });
}

function notFound({ kind, fleet, name }: Ref): AppError {
  const place = kind === 'fleet' ? '' : ` in fleet ${fleet}`;
  return new AppError('not-found', `There is no ${kind} ${name}${place}.`);
}
