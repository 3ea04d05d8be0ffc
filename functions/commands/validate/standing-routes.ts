import { equal } from '../../core/model/digest.ts';
import type { Resource } from '../../core/model/resource.ts';
import { byName } from '../../core/routing/resolve.ts';
import { DEFAULT_DISTRIBUTION, exportingClustersOf, type Term } from '../../core/routing/terms.ts';
import { type Change, type ChangeSet, isOf } from '../change-set.ts';

type Route = Resource<'route'>;

/**
 * Finds the unchanged routes whose distribution changes, whose clusters move, or which use one of the services. Routes
 * in `others` are left out, because the caller handles them.
 */
export async function standingRoutes(
  set: ChangeSet,
  services: readonly string[],
  others: readonly Change<'route'>[],
): Promise<Route[]> {
  const moved = new Set([...services, ...(await servicesOfMovedClusters(set))]);
  const terms = [...moved].map((name): Term => ({ kind: 'service', name }));
  const under = await Promise.all(
    [...terms, ...(await changedDistributions(set))].map((term) => set.then.routesUnder(term)),
  );
  const names = new Set(others.map(({ resource }) => resource.name));
  return [...byName(under.flat()).values()].filter(({ name }) => !names.has(name));
}

async function changedDistributions({ changes, fleet, now, then }: ChangeSet): Promise<Term[]> {
  const named = changes
    .filter(isOf('distribution'))
    .filter(({ resource, before }) => !equal(splitIn(resource), before && splitIn(before)))
    .map(({ resource }) => resource.name);
  if (named.length === 0 && !changes.some(isOf('fleet'))) return [];
  const [was, is] = await Promise.all([now, then].map(({ store }) => store.get('fleet', fleet, fleet)));
  const defaults = [was, is].map((owner) => owner?.spec.defaultDistribution);
  const isDefault = defaults[0] !== defaults[1] || named.some((name) => defaults.includes(name));
  return [...named, ...(isDefault ? [DEFAULT_DISTRIBUTION] : [])].map((name) => ({ kind: 'distribution', name }));
}

function splitIn({ spec: { strategy, clusters, pin } }: Resource<'distribution'>) {
  return { strategy, clusters, ...(pin && { pin }) };
}

/**
 * Returns the names of the services that are exported by a cluster with a new site, city or tier, because distributions
 * select clusters by these.
 */
async function servicesOfMovedClusters({ changes, then }: ChangeSet): Promise<string[]> {
  const moved = new Set(
    changes
      .filter(isOf('cluster'))
      .filter(isElsewhere)
      .map(({ resource }) => resource.name),
  );
  const found: string[] = [];
  if (moved.size === 0) return found;
  for await (const services of then.pages('service')) {
    const exported = services.filter(({ spec }) => exportingClustersOf(spec).some((cluster) => moved.has(cluster)));
    found.push(...exported.map(({ name }) => name));
  }
  return found;
}

function isElsewhere({ verb, resource: { spec }, before }: Change<'cluster'>): boolean {
  return verb === 'update' && (['site', 'city', 'tier'] as const).some((field) => spec[field] !== before?.spec[field]);
}
