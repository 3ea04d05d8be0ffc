import type { Condition } from '../../schemas/common.ts';
import type { DryRun } from '../../schemas/plan.ts';
import { sentenceOf } from '../../schemas/reasons.ts';
import type { Route } from '../../schemas/route.ts';
import type { Kind } from '../core/model.ts';
import type { Context } from './context.ts';
import { withChanges } from './overlay.ts';
import { planWrite } from './plan-write.ts';
import { show } from './show.ts';
import { affectedGateways, type Change } from './transaction.ts';
import type { Views } from './views.ts';
import { type World, worldOf } from './world.ts';

/** What a change that has been found valid would lead to. */
export async function previewChange<K extends Kind>(ctx: Context, change: Change<K>, world: World): Promise<DryRun> {
  const { fleet } = change.resource;
  const store = withChanges(ctx.deps.store, [change]);
  return { plans: await planWrite(ctx.deps, store, fleet, await affectedGateways(change, world)) };
}

/** The resource as it would be shown, with what would follow. */
export async function previewView<K extends Kind>(ctx: Context, change: Change<K>, world: World): Promise<Views[K]> {
  const { resource } = change;
  const store = withChanges(ctx.deps.store, [change]);
  const dryRun = await previewChange(ctx, change, world);
  const [shown] = await show({ ...ctx.deps, store }, resource.kind, [resource], worldOf(store, resource.fleet));
  if (shown === undefined) throw new Error('A resource has one view.');
  return { ...notPushed(shown), dryRun };
}

/** Nothing has been pushed of what is only about to be declared. */
function notPushed<V extends { conditions: Condition[] }>(shown: V): V {
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
