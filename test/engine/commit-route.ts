import type { Resource } from '../../functions/core/model/resource.ts';
import type { Deps } from '../../functions/deps.ts';
import { RouteInput } from '../../schemas/route.ts';

/** Creates or updates a route in the store, as the API would but for its checks: many are declared quickly. No gateway follows by itself. */
export async function commitRoute(
  { store, clock, ids }: Deps,
  identity: { fleet: string; name: string },
  spec: unknown,
): Promise<void> {
  const target = { kind: 'route' as const, ...identity };
  const at = new Date(clock.now()).toISOString();
  const before = await store.get('route', target.fleet, target.name);
  const revision = (before?.revision ?? 0) + 1;
  const resource: Resource<'route'> = {
    ...target,
    uid: before?.uid ?? ids.ulid(),
    revision,
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
    spec: RouteInput.parse(spec),
  };
  const audit = {
    id: `aud_${ids.ulid()}`,
    at,
    actor: 'test',
    action: 'route.put',
    target,
    requestId: target.name,
    before: revision - 1,
    after: revision,
    changes: [],
    changeCount: 0,
  };
  const { result } = await store.commit({
    resource,
    verb: before ? 'update' : 'create',
    before,
    references: [],
    audit,
    outbox: [],
  });
  if (result !== 'ok') throw new Error(`Route ${target.name} cannot be written: ${result}.`);
}
