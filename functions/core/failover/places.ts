/** Resolves the name of a cluster, a site or a city to clusters. */

import { type Message, say } from '../../../schemas/messages/index.ts';
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

/** Returns the field that names the place, and the sentence that says that the place has no cluster. */
export function emptyPlace({ cluster, site, city = '' }: Place): { field: keyof Place; message: Message } {
  if (cluster !== undefined) return { field: 'cluster', message: say('NoSuch', { kind: 'cluster', name: cluster }) };
  const field = site === undefined ? 'city' : 'site';
  return { field, message: say('NobodyThere', { by: field, name: site ?? city }) };
}

/** Returns a copy of the place without any other fields. */
export function placeOf({ cluster, site, city }: Place): Place {
  return {
    ...(cluster !== undefined && { cluster }),
    ...(site !== undefined && { site }),
    ...(city !== undefined && { city }),
  };
}
