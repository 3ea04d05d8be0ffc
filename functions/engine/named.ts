import type { Resource } from '../core/model/resource.ts';
import { choiceOf } from '../core/routing/distribution.ts';
import { byName, type Named } from '../core/routing/resolve.ts';
import { backendsOf, exportingClustersOf } from '../core/routing/terms.ts';
import type { Store } from '../deps.ts';

/**
 * Reads only the services, clusters and distributions that the routes name, because the rest of the fleet may be large.
 */
export async function readNamed(
  store: Pick<Store, 'get' | 'find'>,
  fleet: string,
  routes: readonly Pick<Resource<'route'>, 'spec'>[],
): Promise<Named> {
  const [{ services, clusters }, distributions] = await Promise.all([
    readServices(store, fleet, routes),
    readDistributions(store, fleet, routes),
  ]);
  return { services, clusters, ...distributions };
}

async function readServices(
  store: Pick<Store, 'find'>,
  fleet: string,
  routes: readonly Pick<Resource<'route'>, 'spec'>[],
) {
  const names = routes.flatMap(({ spec }) => backendsOf(spec).map(({ ref }) => ref.service));
  const services = await store.find('service', fleet, names);
  const exporting = services.flatMap(({ spec }) => exportingClustersOf(spec));
  return { services: byName(services), clusters: byName(await store.find('cluster', fleet, exporting)) };
}

/**
 * Reads the distributions that the routes name. The fleet is read only when a route relies on its default distribution.
 */
async function readDistributions(
  store: Pick<Store, 'get' | 'find'>,
  fleet: string,
  routes: readonly Pick<Resource<'route'>, 'spec'>[],
) {
  const isLeft = routes.some(({ spec }) => spec.distribution === undefined);
  const defaultDistribution = isLeft ? (await store.get('fleet', fleet, fleet))?.spec.defaultDistribution : undefined;
  const names = routes.flatMap(({ spec }) => {
    const choice = choiceOf(spec, { defaultDistribution });
    return choice.strategy === undefined ? [choice.ref] : [];
  });
  return { distributions: byName(await store.find('distribution', fleet, names)), defaultDistribution };
}
