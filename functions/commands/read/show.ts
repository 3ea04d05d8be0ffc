import type { Issue } from '../../../schemas/problem.ts';
import { type Silence, silentVoters } from '../../core/health/silence.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import { byName } from '../../core/routing/resolve.ts';
import type { Assessment, Clock, Deps, Secrets } from '../../deps.ts';
import { readHeard } from '../../engine/probe/roll-call.ts';
import { referencesOf } from '../kinds.ts';
import { lintFleet } from '../validate/policy.ts';
import { secretWarnings } from '../validate/secrets.ts';
import { type World, worldOf } from '../world.ts';
import { loadEvidence } from './evidence.ts';
import { type Views, views } from './views.ts';

type Sources = Pick<Deps, 'store' | 'clock' | 'secrets'>;

/** Returns resources of one kind and fleet as the API shows them. What the views need is read once for all of them. */
export async function show<K extends Kind>(
  { store, clock, secrets }: Sources,
  kind: K,
  resources: readonly Resource<K>[],
  world: World,
): Promise<Views[K][]> {
  if (resources.length === 0) return [];
  const routed = resources.flatMap(referencesOf<K>).filter((reference) => reference.kind === 'gateway');
  const [evidence, named, gateways, warnings, silent, assessment] = await Promise.all([
    loadEvidence(store, world, kind, resources),
    world.named(resources.filter((resource) => isRoute(resource))),
    world.find(
      'gateway',
      routed.map((reference) => reference.name),
    ),
    warningsOf(resources, world, secrets),
    silentOf(resources, world, clock),
    assessmentOf(resources, world),
  ]);
  return resources.map((resource) =>
    views[kind](resource, {
      ...{ evidence, named, gateways: byName(gateways), warnings, silent, assessment },
      nowMs: clock.now(),
    }),
  );
}

/** Returns a page of resources. Fleets share no data, so each is read separately. */
export async function showPage<K extends Kind>(
  sources: Sources,
  kind: K,
  fleet: string,
  resources: readonly Resource<K>[],
): Promise<Views[K][]> {
  if (kind !== 'fleet') return await show(sources, kind, resources, worldOf(sources.store, fleet));
  const shown = await Promise.all(
    resources.map((item) => show(sources, kind, [item], worldOf(sources.store, item.name))),
  );
  return shown.flat();
}

/** Returns the warnings about the policy of a fleet, and about what stands in the declarations of all of it. */
async function warningsOf([resource]: readonly Resource[], world: World, secrets: Secrets): Promise<Issue[]> {
  if (!resource || !isFleet(resource)) return [];
  const [{ warnings }, found] = await Promise.all([
    lintFleet(resource, world),
    secretWarnings(resource, world, secrets),
  ]);
  return [...warnings, ...found];
}

/** Returns the voters of a fleet that have fallen silent. */
async function silentOf(
  [resource]: readonly Resource[],
  { store, clusters, fleet }: World,
  clock: Clock,
): Promise<Silence[]> {
  if (!resource || !isFleet(resource)) return [];
  const [all, heard] = await Promise.all([clusters(), readHeard(store, fleet)]);
  return silentVoters(resource, all, heard, clock.now());
}

/** Returns the last assessment of the losses that a fleet could survive. */
async function assessmentOf([resource]: readonly Resource[], { store, fleet }: World): Promise<Assessment | undefined> {
  if (!resource || !isFleet(resource)) return undefined;
  return (await store.document(fleet, 'readiness', fleet))?.body;
}

function isRoute(resource: Resource): resource is Resource<'route'> {
  return resource.kind === 'route';
}

function isFleet(resource: Resource): resource is Resource<'fleet'> {
  return resource.kind === 'fleet';
}
