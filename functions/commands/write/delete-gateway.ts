import { say } from '../../../schemas/messages/index.ts';
import { auditEvent } from '../../core/model/audit.ts';
import type { Resource } from '../../core/model/resource.ts';
import { destroyInstance } from '../../engine/reconcile/instance.ts';
import { AppError, throwFaults } from '../app-error.ts';
import { authorOf, type Context, timestamp } from '../context.ts';
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
  return await deleteResource(ctx, ref, precondition, (cleared) => destroy(cleared, resource));
}

function adopted({ spec }: Resource<'gateway'>) {
  return spec.target ? [conflict('query/deleteInstance', say('Adopted'))] : [];
}

/**
 * Deletes the instance. Who asked for it, and who approved it, is in the audit log before anything is gone, because the process may
 * end before the gateway is deleted. The approval is used up with the gateway, so that the deletion can be completed.
 */
async function destroy(ctx: Context, resource: Resource<'gateway'>): Promise<void> {
  const { kind, name, revision } = resource;
  const stamp = { at: timestamp(ctx.deps.clock.now()), ulid: ctx.deps.ids.ulid() };
  const target = { kind, fleet: resource.fleet, name };
  const told = { action: 'gateway.delete-instance', target, before: revision, after: revision };
  const event = auditEvent(authorOf(ctx), stamp, told);
  await ctx.deps.store.appendAudit(resource.fleet, event);
  const outcome = await destroyInstance(ctx.deps, resource).catch((error: unknown) => {
    const { fleet, name: gateway } = resource;
    ctx.deps.log.error('gateway.destroy-failed', { fleet, gateway, requestId: ctx.requestId }, error);
    return false;
  });
  if (!outcome) throw new AppError('unavailable', say('NotDestroyed'));
}
