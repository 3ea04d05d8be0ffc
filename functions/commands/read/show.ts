import type { Issue } from '../../../schemas/problem.ts';
import { type Silence, silentVoters } from '../../core/health/silence.ts';
import type { Kind, Resource } from '../../core/model/resource.ts';
import { byName } from '../../core/routing/resolve.ts';
import type { Assessment, Clock, Deps } from '../../deps.ts';
import { readHeard } from '../../engine/probe/heard-voters.ts';
import { referencesOf } from '../kinds.ts';
import { lintFleet } from '../validate/policy.ts';
import { type FleetReader, fleetReader } from '../fleet-reader.ts';
import { loadFacts } from './resource-facts.ts';
import { type Views, views } from './views.ts';

type Sources = Pick<Deps, 'store' | 'clock'>;

/** Returns resources of one kind and fleet as the API shows them. What the views need is read once for all of them. */
export async function show<K extends Kind>(
  { store, clock }: Sources,
  kind: K,
  resources: readonly Resource<K>[],
  reader: FleetReader,
): Promise<Views[K][]> {
  if (resources.length === 0) return [];
  const routed = resources.flatMap(referencesOf<K>).filter((reference) => reference.kind === 'gateway');
  const [facts, named, gateways, warnings, silent, assessment] = await Promise.all([
    loadFacts(store, reader, kind, resources),
    reader.named(resources.filter((resource) => isRoute(resource))),
    reader.find(
      'gateway',
      routed.map((reference) => reference.name),
    ),
    warningsOf(resources, reader),
    silentOf(resources, reader, clock),
    assessmentOf(resources, reader),
  ]);
  return resources.map((resource) =>
    views[kind](resource, {
      ...{ facts, named, gateways: byName(gateways), warnings, silent, assessment },
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
  if (kind !== 'fleet') return await show(sources, kind, resources, fleetReader(sources.store, fleet));
  const shown = await Promise.all(
    resources.map((item) => show(sources, kind, [item], fleetReader(sources.store, item.name))),
  );
  return shown.flat();
}

/** Returns the warnings about the policy of a fleet. */
async function warningsOf([resource]: readonly Resource[], reader: FleetReader): Promise<Issue[]> {
  return resource && isFleet(resource) ? (await lintFleet(resource, reader)).warnings : [];
}

/** Returns the voters of a fleet that have fallen silent. */
async function silentOf(
  [resource]: readonly Resource[],
  { store, clusters, fleet }: FleetReader,
  clock: Clock,
): Promise<Silence[]> {
  if (!resource || !isFleet(resource)) return [];
  const [all, heard] = await Promise.all([clusters(), readHeard(store, fleet)]);
  return silentVoters(resource, all, heard, clock.now());
}

/** Returns the last assessment of the losses that a fleet could survive. */
async function assessmentOf([resource]: readonly Resource[], { store, fleet }: FleetReader): Promise<Assessment | undefined> {
  if (!resource || !isFleet(resource)) return undefined;
  return (await store.document(fleet, 'readiness', fleet))?.body;
}

function isRoute(resource: Resource): resource is Resource<'route'> {
  return resource.kind === 'route';
}

function isFleet(resource: Resource): resource is Resource<'fleet'> {
  return resource.kind === 'fleet';
}
