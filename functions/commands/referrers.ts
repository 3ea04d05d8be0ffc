import type { Issue } from '../../schemas/problem.ts';
import type { Kind, Ref, Resource } from '../core/model.ts';
import type { Store } from '../deps.ts';
import type { Reference } from './kinds.ts';
import { kinds, referencesOf } from './kinds.ts';
import type { World } from './world.ts';

/** A fleet can have thousands that refer to one resource; so many are named. */
export const SHOWN_REFERRERS = 100;

/** Places that name the resource, up to 100. Everything in a fleet names the fleet. */
async function findReferrers(store: Store, target: Ref, world: World): Promise<Issue[]> {
  if ((await store.referenceCount(target)) === 0) return [];
  const found: Issue[] = [];
  for await (const resources of candidates(target, world)) {
    found.push(...resources.flatMap((item) => placesIn(item, target).map((pointer) => referrer(item, pointer))));
    if (found.length >= SHOWN_REFERRERS) break;
  }
  return found.slice(0, SHOWN_REFERRERS);
}

/** Routes are found by what they name, but for clusters: those are looked for everywhere, since they are seldom deleted. */
async function* candidates({ kind, name }: Ref, world: World): AsyncGenerator<Resource[]> {
  if (kind === 'gateway' || kind === 'service') yield await world.routesUnder({ kind, name }, SHOWN_REFERRERS);
  else for (const referring of kinds[kind].referredBy) yield* world.pages(referring);
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
  const referrers = await findReferrers(store, resource, world);
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
  const [sync, rows] = await Promise.all([store.sync(fleet, name), store.outbox({ fleet, gateway: name }, 1)]);
  const isBehind = losesRoutes || rows.length > 0;
  return sync?.verifiedAt !== undefined && isBehind ? [UNFINISHED] : [];
}

const UNFINISHED: Issue = {
  pointer: '#/policy',
  code: 'still-referenced',
  detail:
    'changes are still being pushed to the gateway: delete it when it is verified, or when its policy is observe-only',
};
