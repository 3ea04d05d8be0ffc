/** Resolves the name of a cluster, a site or a city to clusters. */

import type { Place } from '../../../schemas/place.ts';
import type { ClusterFacts } from '../model/fleet-facts.ts';

type Located = Pick<ClusterFacts, 'name' | 'site' | 'city'>;

/** Returns the clusters that the place has now. */
export function clustersAt<T extends Located>(clusters: readonly T[], { cluster, site, city }: Place): T[] {
  return clusters.filter((facts) => {
    if (cluster !== undefined) return facts.name === cluster;
    return site !== undefined ? facts.site === site : facts.city === city;
  });
}

/** Returns the field that names the place, and a sentence that says that the place has no cluster. */
export function emptyPlace({ cluster, site, city }: Place): { field: keyof Place; detail: string } {
  if (cluster !== undefined) return { field: 'cluster', detail: `there is no cluster ${cluster}` };
  return site !== undefined
    ? { field: 'site', detail: `no cluster is at site ${site}` }
    : { field: 'city', detail: `no cluster is in city ${city}` };
}

/** Returns a copy of the place without any other fields. */
export function placeOf({ cluster, site, city }: Place): Place {
  return {
    ...(cluster !== undefined && { cluster }),
    ...(site !== undefined && { site }),
    ...(city !== undefined && { city }),
  };
}
