import type { Issue } from '../../schemas/problem.ts';
import type { Kind, Ref, Resource } from '../core/model.ts';
import type { Store } from '../deps.ts';
import type { Reference } from './kinds.ts';
import { kinds, referencesOf } from './kinds.ts';
import type { World } from './world.ts';

/** Every place that names the resource. Everything in a fleet names the fleet. */
export async function findReferrers(target: Ref, world: World): Promise<Issue[]> {
  const found: Issue[] = [];
  for (const kind of kinds[target.kind].referredBy) {
    for (const resource of await world.all(kind)) {
      found.push(...placesIn(resource, target).map((pointer) => referrer(resource, pointer)));
    }
  }
  return found;
}

function placesIn(resource: Resource, target: Ref): string[] {
  if (target.kind === 'fleet') return [''];
  const names = (reference: Reference) => reference.kind === target.kind && reference.name === target.name;
  return referencesOf(resource)
    .filter(names)
    .map((reference) => reference.pointer);
}

/** `pointer` is the place within the resource, or empty for the resource as a whole. */
export function referrer(resource: { kind: Kind; name: string }, pointer = ''): Issue {
  return {
    pointer: `${resource.kind}s/${resource.name}${pointer}`,
    code: 'still-referenced',
    detail: `${resource.kind} ${resource.name} depends on it`,
  };
}

/** What keeps a resource from being deleted. */
export async function deletionBlockers(store: Store, resource: Resource, world: World): Promise<Issue[]> {
  const referrers = await findReferrers(resource, world);
  if (referrers.length > 0 || !isGateway(resource)) return referrers;
  return await unfinished(store, resource);
}

export function isGateway(resource: Resource): resource is Resource<'gateway'> {
  return resource.kind === 'gateway';
}

/**
 * A gateway that is forgotten before it has followed the last deletion would keep what was deleted. `losesRoutes`: there are deletions that
 * it is only about to be told of.
 */
export async function unfinished(
  store: Store,
  { fleet, name, spec }: Resource<'gateway'>,
  losesRoutes = false,
): Promise<Issue[]> {
  if (spec.policy === 'observe-only') return [];
  const [sync, rows] = await Promise.all([store.sync(fleet, name), store.outbox({ fleet, gateway: name })]);
  const isBehind = losesRoutes || rows.length > 0;
  return sync?.verifiedAt !== undefined && isBehind ? [UNFINISHED] : [];
}

const UNFINISHED: Issue = {
  pointer: '#/policy',
  code: 'still-referenced',
  detail:
    'changes are still being pushed to the gateway: delete it when it is verified, or when its policy is observe-only',
};
