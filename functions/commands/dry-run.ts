import type { DryRun } from '../../schemas/plan.ts';
import type { Kind, Resource } from '../core/model.ts';
import type { Context } from './context.ts';
import { planWrite } from './plan-write.ts';
import { show } from './show.ts';
import type { Views } from './views.ts';
import { type ChangeSet, followersOf } from './write/change-set.ts';

/** What changes that have been found valid would lead to. Throws `unavailable` when a gateway cannot be looked at. */
export async function previewChange(ctx: Context, set: ChangeSet): Promise<DryRun> {
  return { plans: await planWrite(ctx.deps, set.then.store, set.fleet, followersOf(set)) };
}

/** A resource of the changes as it would be shown, with what would follow. */
export async function previewView<K extends Kind>(
  ctx: Context,
  set: ChangeSet,
  resource: Resource<K>,
): Promise<Views[K]> {
  const dryRun = await previewChange(ctx, set);
  const [shown] = await show({ ...ctx.deps, store: set.then.store }, resource.kind, [resource], set.then);
  if (shown === undefined) throw new Error('A resource has one view.');
  return { ...shown, dryRun };
}
