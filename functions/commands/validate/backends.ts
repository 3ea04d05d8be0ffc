import { issueAt, say } from '../../../schemas/messages/index.ts';
import type { Issue } from '../../../schemas/problem.ts';
import type { BackendRef, RouteSpec } from '../../../schemas/route.ts';
import { equal } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type Named, poolOf } from '../../core/routing/resolve.ts';
import { backendsOf } from '../../core/routing/terms.ts';
import { type Change, type ChangeSet, isOf, withWholePointer } from '../change-set.ts';
import { conflict, referrer, SHOWN_PLACES } from '../issues.ts';
import { standingRoutes } from './standing-routes.ts';

type Route = Resource<'route'>;

/**
 * Finds the backends of routes that would have no cluster to serve them. A backend that is served now must not be left
 * without a cluster; a new backend that no cluster serves contradicts the other declarations.
 */
export async function unservedBackends(set: ChangeSet): Promise<Issue[]> {
  const { changes, now, then } = set;
  const routes = changes.filter(isOf('route')).filter(({ verb }) => verb !== 'delete');
  const stranded = await ingressUsers(set);
  const services = [...narrowedServices(set), ...stranded.map(({ service }) => service.name)];
  const standing = await standingRoutes(set, services, routes);
  const all = [...routes.map(({ resource }) => resource), ...standing];
  const after = await then.named(all);
  const before = await now.named([...routes.flatMap((change) => change.before ?? []), ...standing]);
  return [
    ...stranded.map(({ service, pointer }) => referrer(service, pointer)),
    ...routes.flatMap((change) =>
      ofChanged(change, before, after).map((issue) => withWholePointer(set, change.resource, issue)),
    ),
    ...standing.flatMap((route) => ofStanding(route, before, after)).slice(0, SHOWN_PLACES),
  ];
}

/** Returns the names of the services that may serve less than before. */
function narrowedServices({ changes }: ChangeSet): string[] {
  return changes
    .filter(isOf('service'))
    .filter(({ verb, resource: { spec }, before }) => {
      if (verb !== 'update' || before === undefined) return false;
      const losesPort = before.spec.ports.some(({ port }) => !spec.ports.some((item) => item.port === port));
      return losesPort || !equal(spec.exports, before.spec.exports);
    })
    .map(({ resource }) => resource.name);
}

/** Finds the unchanged exports that use the ingress of a cluster that loses it. */
async function ingressUsers({ changes, then }: ChangeSet) {
  const bare = new Set(
    changes
      .filter(isOf('cluster'))
      .filter(({ verb, resource, before }) => verb === 'update' && before?.spec.ingress && !resource.spec.ingress)
      .map(({ resource }) => resource.name),
  );
  const found: { service: Resource<'service'>; pointer: string }[] = [];
  if (bare.size === 0) return found;
  const changed = new Set(changes.filter(isOf('service')).map(({ resource }) => resource.name));
  for await (const services of then.pages('service')) {
    for (const service of services.filter(({ name }) => !changed.has(name))) {
      for (const [index, { cluster, backend }] of service.spec.exports.entries()) {
        const isUser = backend.type === 'ingress' && bare.has(cluster);
        if (isUser) found.push({ service, pointer: `#/exports/${index}/backend` });
      }
    }
    if (found.length >= SHOWN_PLACES) break;
  }
  return found.slice(0, SHOWN_PLACES);
}

function ofChanged({ resource: { spec }, before }: Change<'route'>, was: Named, named: Named): Issue[] {
  return backendsOf(spec)
    .filter(({ ref }) => hasPort(ref, named) && !isServed(spec, ref, named))
    .map(({ ref, pointer }) => {
      if (before && wasServed(before.spec, ref, was)) return leftAlone(pointer, ref);
      const exports = named.services.get(ref.service)?.spec.exports ?? [];
      return exports.length > 0
        ? conflict('#/distribution', say('NoExporterWeighs', ref))
        : conflict(`${pointer}/service`, say('NoExporter', ref));
    });
}

function ofStanding(route: Route, was: Named, named: Named): Issue[] {
  const { spec, name } = route;
  return backendsOf(spec)
    .filter(({ ref }) => wasServed(spec, ref, was) && !isServed(spec, ref, named))
    .flatMap(({ ref, pointer }) => {
      if (!named.services.has(ref.service)) return [];
      return hasPort(ref, named) ? leftAlone(`routes/${name}${pointer}`, ref) : referrer(route, pointer);
    });
}

function leftAlone(pointer: string, ref: BackendRef): Issue {
  return issueAt(pointer, 'backend-without-cluster', say('LeftAlone', ref));
}

function hasPort({ service, port }: BackendRef, { services }: Named): boolean {
  return services.get(service)?.spec.ports.some((item) => item.port === port) ?? false;
}

function isServed(spec: RouteSpec, ref: BackendRef, named: Named): boolean {
  if (!hasPort(ref, named)) return false;
  return ref.weight === 0 || poolOf({ spec }, ref, named).members.some(({ weight }) => weight > 0);
}

/** Tells whether the route had the backend, at any place, and a cluster served it. */
function wasServed(spec: RouteSpec, { service, port }: BackendRef, was: Named): boolean {
  return backendsOf(spec).some(
    ({ ref }) => ref.service === service && ref.port === port && ref.weight > 0 && isServed(spec, ref, was),
  );
}
