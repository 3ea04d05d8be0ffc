import type { Condition } from '../../../schemas/common.ts';
import type { DryRun } from '../../../schemas/plan.ts';
import { sentenceOf } from '../../../schemas/reasons.ts';
import type { Route } from '../../../schemas/route.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import { type ChangeSet, followersOf } from '../change-set.ts';
import type { Context } from '../context.ts';
import { show } from '../read/show.ts';
import type { Views } from '../read/views.ts';
import { planWrite } from './plan-write.ts';

/** Returns the effects of changes that are known to be valid. */
export async function previewChange(ctx: Context, set: ChangeSet): Promise<DryRun> {
  return { plans: await planWrite(ctx.deps, set.then.store, set.fleet, followersOf(set)) };
}

/** Returns a changed resource as it would be shown, with the effects of the changes. */
export async function previewView<K extends Kind>(
  ctx: Context,
  set: ChangeSet,
  resource: Resource<K>,
): Promise<Views[K]> {
  const dryRun = await previewChange(ctx, set);
  const [shown] = await show({ ...ctx.deps, store: set.then.store }, resource.kind, [resource], set.then);
  if (shown === undefined) throw new Error('A resource has one view.');
  return { ...asDryRun(shown), dryRun };
}

/** Adapts the conditions of a dry run, since nothing has been pushed yet. */
function asDryRun<V extends { conditions: Condition[] }>(shown: V): V {
  const told = (condition: Condition): Condition => {
    const { type, status, lastTransitionTime, observedRevision } = condition;
    if (type !== 'Programmed' && type !== 'Following') return condition;
    const message = sentenceOf('DryRun', {});
    return {
      type,
      status: status === 'Unknown' ? status : 'False',
      reason: 'DryRun',
      message,
      lastTransitionTime,
      observedRevision,
    };
  };
  const conditions = shown.conditions.map(told);
  if (!('parents' in shown)) return { ...shown, conditions };
  const parents = (shown.parents as Route['parents']).map((parent) => ({
    ...parent,
    conditions: parent.conditions.map(told),
  }));
  return { ...shown, conditions, parents };
}
