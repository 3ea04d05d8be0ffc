import type { AuditEvent } from '../../../schemas/audit.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { RollbackInput } from '../../../schemas/revision.ts';
import { keyOf } from '../../core/model/declarations.ts';
import type { Kind, RefTo } from '../../core/model/resource.ts';
import { pagesOf, type Store } from '../../deps.ts';
import { createLimit } from '../../limit.ts';
import { AppError, faultAt, throwFaults } from '../app-error.ts';
import { auditsFor } from '../audits.ts';
import type { Context } from '../context.ts';
import { conflict } from '../issues.ts';
import { requireFleet } from '../load.ts';
import type { Precondition } from '../precondition.ts';
import { requireHistory } from '../read/history.ts';
import { type Applied, type ApplyOptions, applyDesired, type PointedDeclaration } from './fleet.ts';
import { putResource, type Written } from './resource.ts';

/**
 * The most changed resources of a rollback. The revisions of each have to be read, and an invocation of a Worker can
 * make a limited number of reads.
 */
const MAX_CHANGED = 5000;
const EVENTS_PER_PAGE = 200;
const READS_AT_A_TIME = 5;

/**
 * Brings the fleet back to its state at a time: resources changed since are declared as they were, new ones are
 * deleted, deleted ones are created again. Throws `not-found`, `conflicting-declaration` when there was no such fleet
 * then, `limit-exceeded` when too much has changed, and what `applyDesired` throws.
 */
export async function rollBackFleet(ctx: Context, fleet: string, at: string, options: ApplyOptions): Promise<Applied> {
  const { store, clock } = ctx.deps;
  await requireFleet(ctx, fleet);
  if (Date.parse(at) > clock.now()) throwFaults([conflict('#/at', say('InTheFuture'))]);
  const then = await store.revisionAt({ kind: 'fleet', fleet, name: fleet }, at);
  if (then === undefined || then.deleted) throwFaults([conflict('#/at', say('NoFleetThen'))]);
  const changed = await changedSince(store, fleet, at);
  const limit = createLimit(READS_AT_A_TIME);
  const before = await Promise.all([...changed.values()].map((ref) => limit(() => declarationAt(store, ref, at))));
  const reason = say('RolledBackTo', { to: at, reason: ctx.reason }).text;
  const desired = {
    fleet,
    declarations: before.filter((declaration) => declaration !== undefined),
    isRemoved: (resource: { kind: Kind; name: string }) => changed.has(keyOf(resource)),
    faults: [],
  };
  return await applyDesired({ ...ctx, reason }, 'fleet.rollback', desired, options);
}

/** Returns the resources that were written at that time or later, according to the audit events of these writes. */
async function changedSince(store: Store, fleet: string, since: string): Promise<Map<string, RefTo<Kind>>> {
  const changed = new Map<string, RefTo<Kind>>();
  for await (const events of pagesOf(EVENTS_PER_PAGE, (request) =>
    store.audits(fleet, request, auditsFor({ since })),
  )) {
    for (const event of events) {
      const ref = writtenBy(event, fleet);
      if (ref !== undefined) changed.set(keyOf(ref), ref);
    }
    if (changed.size > MAX_CHANGED) {
      throw new AppError('limit-exceeded', say('TooManyChanged', { most: MAX_CHANGED }));
    }
  }
  return changed;
}

/** Returns the resource that an event says was written. Other events concern pushes and operations as a whole. */
function writtenBy({ action, target: { kind, name } }: AuditEvent, fleet: string): RefTo<Kind> | undefined {
  if (kind === 'installation' || kind === 'token' || kind === 'grant' || kind === 'voter' || kind === 'approval')
    return undefined;
  return ['create', 'update', 'delete'].some((verb) => action === `${kind}.${verb}`)
    ? { kind, fleet, name }
    : undefined;
}

/** Returns the declaration at a time, or undefined when there was none of the name. */
async function declarationAt(store: Store, ref: RefTo<Kind>, at: string): Promise<PointedDeclaration | undefined> {
  const revision = await store.revisionAt(ref, at);
  if (revision === undefined || revision.deleted) return undefined;
  const { kind, name } = ref;
  return { kind, name, spec: revision.spec, pointer: `${kind}s/${name}#` };
}

/**
 * Restores the declaration of a revision: as a new revision, or as a new resource when it has been deleted. Throws
 * `not-found` when nothing ever had the name, `unknown-reference` when there is no such revision, and what
 * `putResource` throws, with pointers into the declaration of the revision.
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
    throw faultAt('unknown-reference', '#/revision', say('NoRevision', { ...ref, revision }));
  }
  if (snapshot.deleted) throwFaults([conflict('#/revision', say('IsDeletion'))]);
  const reason = say('RolledBackTo', { to: `revision ${revision}`, reason: ctx.reason }).text;
  return await putResource({ ...ctx, reason }, ref, snapshot.spec, precondition);
}
