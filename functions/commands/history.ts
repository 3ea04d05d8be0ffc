import type { Revision, RollbackInput } from '../../schemas/revision.ts';
import { changesBetween } from '../core/diff.ts';
import type { Kind, Ref, RefTo } from '../core/model.ts';
import type { Page, PageRequest, Revision as Snapshot } from '../deps.ts';
import { AppError, refuse } from './app-error.ts';
import type { Context } from './context.ts';
import { conflict, unknownReference } from './issues.ts';
import type { Precondition } from './precondition.ts';
import { putResource, type Written } from './write/resource.ts';

/** A revision holds a whole declaration, of up to 380 KB. */
const MAX_PAGE = 20;

/** Of every resource that has had the name, newest first. Throws `not-found` when there was none. */
export async function listRevisions(ctx: Context, ref: Ref, request: PageRequest): Promise<Page<Revision>> {
  const { store } = ctx.deps;
  const { items, nextToken } = await store.revisions(ref, { ...request, limit: Math.min(request.limit, MAX_PAGE) });
  if (items.length === 0) throw neverThere(ref);
  const shown = items.map(async (item, index) => {
    const next = items[index + 1];
    return show(item, next?.uid === item.uid ? next : await previous(ctx, ref, item));
  });
  return { items: await Promise.all(shown), nextToken };
}

/** Of the latest resource of the name, or of the one with the uid. Throws `not-found`. */
export async function getRevision(ctx: Context, ref: Ref, revision: number, uid?: string): Promise<Revision> {
  const snapshot = await ctx.deps.store.revision(ref, revision, uid);
  if (snapshot === undefined)
    throw new AppError('not-found', `There is no revision ${revision} of ${ref.kind} ${ref.name}.`);
  return show(snapshot, await previous(ctx, ref, snapshot));
}

/**
 * Declares again what a revision declared: a new revision, or a new resource when it has been deleted. Throws `not-found` when nothing ever
 * had the name, `unknown-reference` for a revision that there is not, and what `putResource` throws; its faults point into the
 * declaration of the revision.
 */
export async function rollBack<K extends Kind>(
  ctx: Context,
  ref: RefTo<K>,
  { revision, uid }: RollbackInput,
  precondition: Precondition,
): Promise<Written<K>> {
  const snapshot = await ctx.deps.store.revision(ref, revision, uid);
  if (snapshot === undefined) {
    await requireHistory(ctx, ref);
    const fault = unknownReference('#/revision', `there is no revision ${revision}`);
    throw new AppError('unknown-reference', `There is no revision ${revision} of ${ref.kind} ${ref.name}.`, [fault]);
  }
  if (snapshot.deleted) refuse([conflict('#/revision', 'it is the deletion of the resource, which DELETE repeats')]);
  const reason = `rollback to revision ${revision}${ctx.reason === undefined ? '' : `: ${ctx.reason}`}`;
  return await putResource({ ...ctx, reason }, ref, snapshot.spec, precondition);
}

/** Something has had the name, be it deleted or not. Throws `not-found`. */
export async function requireHistory(ctx: Context, ref: Ref): Promise<void> {
  const { items } = await ctx.deps.store.revisions(ref, { limit: 1 });
  if (items.length === 0) throw neverThere(ref);
}

function neverThere({ kind, fleet, name }: Ref): AppError {
  return new AppError('not-found', `There never was a ${kind} ${name}${kind === 'fleet' ? '' : ` in fleet ${fleet}`}.`);
}

async function previous(ctx: Context, ref: Ref, { revision, uid }: Snapshot): Promise<Snapshot | undefined> {
  return revision === 1 ? undefined : await ctx.deps.store.revision(ref, revision - 1, uid);
}

function show(snapshot: Snapshot, before: Snapshot | undefined): Revision {
  const { kind, fleet, name, uid, revision, updatedAt, deleted, spec } = snapshot;
  return {
    kind,
    fleet,
    name,
    uid,
    revision,
    writtenAt: updatedAt,
    deleted,
    spec: { ...spec },
    ...changesBetween(before?.spec ?? {}, deleted ? {} : spec),
  };
}
