import { say } from '../../../schemas/messages/index.ts';
import type { Resource } from '../../core/model/resource.ts';
import { destroyInstance } from '../../engine/reconcile/instance.ts';
import { AppError, throwFaults } from '../app-error.ts';
import type { Context } from '../context.ts';
import { conflict } from '../issues.ts';
import { load } from '../load.ts';
import type { Precondition } from '../precondition.ts';
import { type Deleted, deleteResource } from './resource.ts';

/**
 * Deletes a gateway and, if asked for, the instance that was created for it. The instance is deleted first: if that
 * fails, the gateway is still declared, and the deletion can be repeated. Throws what `deleteResource` throws,
 * `conflicting-declaration` for an adopted instance, and `unavailable` when the cloud cannot delete it now.
 */
export async function deleteGateway(
  ctx: Context,
  fleet: string,
  name: string,
  precondition: Precondition,
  deleteInstance: boolean,
): Promise<Deleted> {
  const ref = { kind: 'gateway', fleet, name } as const;
  if (!deleteInstance) return await deleteResource(ctx, ref, precondition);
  const resource = await load(ctx, ref);
  throwFaults(adopted(resource));
  return await deleteResource(ctx, ref, precondition, () => destroy(ctx, resource));
}

function adopted({ spec }: Resource<'gateway'>) {
  return spec.target ? [conflict('query/deleteInstance', say('Adopted'))] : [];
}

async function destroy(ctx: Context, resource: Resource<'gateway'>): Promise<void> {
  const outcome = await destroyInstance(ctx.deps, resource).catch((error: unknown) => {
    const { fleet, name: gateway } = resource;
    ctx.deps.log.error('gateway.destroy-failed', { fleet, gateway, requestId: ctx.requestId }, error);
    return false;
  });
  if (!outcome) throw new AppError('unavailable', say('NotDestroyed'));
}
