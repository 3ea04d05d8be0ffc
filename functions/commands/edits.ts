import { equal } from '../core/digest.ts';
import { backendsOf } from '../core/lookup.ts';
import type { Kind, Resource } from '../core/model.ts';
import { byName, type Named } from '../core/resolve.ts';
import type { Store } from '../deps.ts';
import { withChanges } from './overlay.ts';
import type { Change } from './transaction.ts';
import { type World, worldOf } from './world.ts';

/** What a write changes of where requests go. */
export interface Edit {
  /** Routes as they were and as they would be. */
  routes: readonly { before?: Resource<'route'> | undefined; after?: Resource<'route'> | undefined }[];
  /** Routes that stay as they are, while a service that they use changes. */
  standing: readonly Resource<'route'>[];
  /** The services that the routes name, as they were and as they would be. */
  named: { before: Named; after: Named };
}

/** Undefined when it moves nothing: only routes, and the exports of services, say where requests go. */
export async function editOf<K extends Kind>(store: Store, change: Change<K>, world: World): Promise<Edit | undefined> {
  if (isRouteChange(change)) return movesRoute(change) ? await routeEdit(change, world) : undefined;
  if (isServiceChange(change)) return movesService(change) ? await serviceEdit(store, change, world) : undefined;
  return undefined;
}

function isRouteChange(change: Change<Kind>): change is Change<'route'> {
  return change.resource.kind === 'route';
}

function isServiceChange(change: Change<Kind>): change is Change<'service'> {
  return change.resource.kind === 'service';
}

function movesRoute({ verb, resource, before }: Change<'route'>): boolean {
  const destinations = ({ spec: { distribution, rules } }: Resource<'route'>) => ({ distribution, rules });
  return verb !== 'update' || before === undefined || !equal(destinations(resource), destinations(before));
}

/** A service that comes or goes has no routes. */
function movesService({ verb, resource, before }: Change<'service'>): boolean {
  return verb === 'update' && !equal(resource.spec.exports, before?.spec.exports);
}

async function routeEdit({ verb, resource, before }: Change<'route'>, world: World): Promise<Edit> {
  const after = verb === 'delete' ? undefined : resource;
  const named = await world.named(servicesOf([before, after]));
  return { routes: [{ before, after }], standing: [], named: { before: named, after: named } };
}

async function serviceEdit(store: Store, change: Change<'service'>, world: World): Promise<Edit> {
  const { name, fleet } = change.resource;
  const standing = await world.routesUnder({ kind: 'service', name });
  const services = servicesOf(standing);
  const wouldBe = worldOf(withChanges(store, [change]), fleet);
  const named = { before: await world.named(services), after: await wouldBe.named(services) };
  return { routes: [], standing, named };
}

/** Names of what the routes use. */
function servicesOf(routes: readonly (Resource<'route'> | undefined)[]): string[] {
  return routes.flatMap((route) => (route ? backendsOf(route.spec).map(({ ref }) => ref.service) : []));
}

/** What changes of a whole fleet move, all together. */
export function fleetEdit(
  changes: readonly Change<Kind>[],
  current: readonly Resource[],
  after: readonly Resource[],
): Edit | undefined {
  const routes = changes.filter(isRouteChange).filter(movesRoute);
  const services = new Set(
    changes
      .filter(isServiceChange)
      .filter(movesService)
      .map(({ resource }) => resource.name),
  );
  if (routes.length === 0 && services.size === 0) return undefined;
  const changed = new Set(changes.filter(isRouteChange).map(({ resource }) => resource.name));
  const uses = (route: Resource<'route'>) => backendsOf(route.spec).some(({ ref }) => services.has(ref.service));
  return {
    routes: routes.map(({ verb, resource, before }) => ({ before, after: verb === 'delete' ? undefined : resource })),
    standing: after.filter(isRoute).filter((route) => !changed.has(route.name) && uses(route)),
    named: { before: namedIn(current), after: namedIn(after) },
  };
}

function isRoute(resource: Resource): resource is Resource<'route'> {
  return resource.kind === 'route';
}

function namedIn(resources: readonly Resource[]): Named {
  const of = <K extends 'service' | 'cluster'>(kind: K) =>
    byName(resources.filter((item): item is Resource<K> => item.kind === kind));
  return { services: of('service'), clusters: of('cluster') };
}
