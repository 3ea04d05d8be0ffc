import { say } from '../../../schemas/messages/index.ts';
import type { Revision } from '../../../schemas/revision.ts';
import { changesBetween } from '../../core/model/diff.ts';
import type { Ref } from '../../core/model/resource.ts';
import type { Page, PageRequest, Revision as Snapshot } from '../../deps.ts';
import { AppError } from '../app-error.ts';
import type { Context } from '../context.ts';

/** The most revisions on a page. A revision contains a whole declaration, of up to 380 KB. */
const MAX_PAGE = 20;

/**
 * Lists the revisions of every resource that has had the name, newest first. Throws `not-found` when there was none.
 */
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

/** Returns a revision of the latest resource of the name, or of the one with the uid. Throws `not-found`. */
export async function getRevision(ctx: Context, ref: Ref, revision: number, uid?: string): Promise<Revision> {
  const snapshot = await ctx.deps.store.revision(ref, revision, uid);
  if (snapshot === undefined) throw new AppError('not-found', say('NoRevision', { ...ref, revision }));
  return show(snapshot, await previous(ctx, ref, snapshot));
}

/** Throws `not-found` unless a resource, deleted or not, has had the name. */
export async function requireHistory(ctx: Context, ref: Ref): Promise<void> {
  const { items } = await ctx.deps.store.revisions(ref, { limit: 1 });
  if (items.length === 0) throw neverThere(ref);
}

function neverThere({ kind, fleet, name }: Ref): AppError {
  return new AppError('not-found', say('NeverWas', { kind, name, fleet: kind === 'fleet' ? undefined : fleet }));
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
