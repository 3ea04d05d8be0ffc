import type { Kind, Ref, RefTo, Resource } from '../core/model.ts';
import type { Page, PageRequest } from '../deps.ts';
import { AppError } from './app-error.ts';
import type { Context } from './context.ts';
import { show, showPage } from './show.ts';
import type { Views } from './views.ts';
import { type World, worldOf } from './world.ts';

/** Throws `not-found`. */
export async function getResource<K extends Kind>(ctx: Context, ref: RefTo<K>): Promise<Views[K]> {
  return await viewOf(ctx, await load(ctx, ref), worldOf(ctx.deps.store, ref.fleet));
}

/** By name. Throws `not-found` when there is no such fleet. */
export async function listResources<K extends Kind>(
  ctx: Context,
  kind: K,
  fleet: string,
  request: PageRequest,
): Promise<Page<Views[K]>> {
  const { store } = ctx.deps;
  if (kind !== 'fleet') await requireFleet(ctx, fleet);
  const { items, nextToken } = await store.list(kind, fleet, request);
  return { items: await showPage(ctx.deps, kind, fleet, items), nextToken };
}

export async function viewOf<K extends Kind>(ctx: Context, resource: Resource<K>, world: World): Promise<Views[K]> {
  const [shown] = await show(ctx.deps, resource.kind, [resource], world);
  if (shown === undefined) throw new Error('A resource has one view.');
  return shown;
}

export async function load<K extends Kind>(ctx: Context, ref: RefTo<K>): Promise<Resource<K>> {
  const resource = await ctx.deps.store.get(ref.kind, ref.fleet, ref.name);
  if (resource === undefined) throw notFound(ref);
  return resource;
}

/** Throws `not-found`. */
export async function requireResource(ctx: Context, ref: Ref): Promise<void> {
  await load(ctx, ref);
}

export async function requireFleet(ctx: Context, fleet: string): Promise<void> {
  await requireResource(ctx, { kind: 'fleet', fleet, name: fleet });
}

export function notFound({ kind, fleet, name }: Ref): AppError {
  const place = kind === 'fleet' ? '' : ` in fleet ${fleet}`;
  return new AppError('not-found', `There is no ${kind} ${name}${place}.`);
}
