import { EVERY_FLEET, fleetsWith } from '../../core/access/principal.ts';
import type { Kind, RefTo, Resource } from '../../core/model/resource.ts';
import { type Page, type PageRequest, pageOfAll } from '../../deps.ts';
import type { Context } from '../context.ts';
import { type FleetReader, fleetReader } from '../fleet-reader.ts';
import { load, requireFleet } from '../load.ts';
import { type Queries, resourcesFor } from './resource-lists.ts';
import { show, showPage } from './show.ts';
import type { Views } from './views.ts';

/** Returns a resource as the API shows it. Throws `not-found`. */
export async function getResource<K extends Kind>(ctx: Context, ref: RefTo<K>): Promise<Views[K]> {
  return await viewOf(ctx, await load(ctx, ref), fleetReader(ctx.deps.store, ref.fleet));
}

/** Lists the resources of a kind, and of the fleets those that may be read. Throws `not-found` when there is no such fleet. */
export async function listResources<K extends Kind>(
  ctx: Context,
  kind: K,
  fleet: string,
  request: PageRequest,
  query: Queries[K],
): Promise<Page<Views[K]>> {
  const { store } = ctx.deps;
  if (kind !== 'fleet') await requireFleet(ctx, fleet);
  const shown = (resources: readonly Resource<K>[]) => showPage(ctx.deps, kind, fleet, resources);
  const selection = resourcesFor(kind, query, shown);
  const readable = kind === 'fleet' ? fleetsWith(ctx.principal, 'read') : EVERY_FLEET;
  const { items, nextToken } =
    readable === EVERY_FLEET
      ? await store.list(kind, fleet, request, selection)
      : await pageOfAll('fleets', await store.find(kind, fleet, readable), request, selection);
  return { items: await shown(items), nextToken };
}

export async function viewOf<K extends Kind>(
  ctx: Context,
  resource: Resource<K>,
  reader: FleetReader,
): Promise<Views[K]> {
  const [shown] = await show(ctx.deps, resource.kind, [resource], reader);
  if (shown === undefined) throw new Error('A resource has one view.');
  return shown;
}
