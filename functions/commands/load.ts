import { say } from '../../schemas/messages/index.ts';
import type { Kind, Ref, RefTo, Resource } from '../core/model/resource.ts';
import { AppError, throwFaults } from './app-error.ts';
import type { Context } from './context.ts';
import { noSuch } from './issues.ts';

export async function load<K extends Kind>(ctx: Context, ref: RefTo<K>): Promise<Resource<K>> {
  const resource = await ctx.deps.store.get(ref.kind, ref.fleet, ref.name);
  if (resource === undefined) throw notFound(ref);
  return resource;
}

/** Throws `not-found` when the resource does not exist. */
export async function requireResource(ctx: Context, ref: Ref): Promise<void> {
  await load(ctx, ref);
}

export async function requireFleet(ctx: Context, fleet: string): Promise<void> {
  await requireResource(ctx, { kind: 'fleet', fleet, name: fleet });
}

export function notFound({ kind, fleet, name }: Ref): AppError {
  return missing(kind, name, kind === 'fleet' ? undefined : fleet);
}

/** Returns the problem that there is nothing of the name; `kind` says of what. */
export function missing(kind: string, name: string, fleet?: string): AppError {
  return new AppError('not-found', say('NoSuch', { kind, name, fleet }));
}

/** Throws `unknown-reference` when a service is given that the fleet does not have. */
export async function requireService({ deps }: Context, fleet: string, service: string | undefined): Promise<void> {
  if (service === undefined || (await deps.store.get('service', fleet, service))) return;
  throwFaults([noSuch('#/service', 'service', service)]);
}
