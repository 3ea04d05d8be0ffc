import type { RollbackInput } from '../../../schemas/revision.ts';
import type { Kind, RefTo } from '../../core/model/resource.ts';
import { AppError, refuse } from '../app-error.ts';
import type { Context } from '../context.ts';
import { conflict, unknownReference } from '../issues.ts';
import type { Precondition } from '../precondition.ts';
import { requireHistory } from '../read/history.ts';
import { putResource, type Written } from './resource.ts';

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
