import type { Resource } from '../core/model/resource.ts';
import { choiceOf } from '../core/routing/distribution.ts';
import { byName, type Named } from '../core/routing/resolve.ts';
import { backendsOf, exportingClustersOf } from '../core/routing/terms.ts';
import type { Store } from '../deps.ts';

/** Reads what some routes of a fleet name, however large the rest of it is. */
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

/** The fleet itself is read only for routes that leave their distribution to it. */
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
