/** Groups of clusters that can be lost together: a single cluster, all clusters of a site, all clusters of a city. */

import { compareText } from '../model/text.ts';
import type { BackendMember, Limit } from './types.ts';

export interface Loss {
  type: 'cluster' | 'site' | 'city';
  name: string;
  clusters: ReadonlySet<string>;
}

interface Placed {
  name: string;
  site: string;
  city?: string | undefined;
}

/**
 * Returns every distinct loss: single clusters, sites with more than one cluster, then cities with more than one site.
 * Each type is sorted by name.
 */
export function lossesOf(clusters: readonly Placed[]): Loss[] {
  const single = clusters.map(({ name }): Loss => ({ type: 'cluster', name, clusters: new Set([name]) }));
  const sites = groupsOf('site', clusters, ({ site }) => site).filter((loss) => loss.clusters.size > 1);
  const siteOf = new Map(clusters.map(({ name, site }) => [name, site]));
  const cities = groupsOf('city', clusters, ({ city }) => city).filter(({ clusters: own }) => {
    return new Set([...own].map((name) => siteOf.get(name))).size > 1;
  });
  return [single, sites, cities].flatMap((losses) => losses.sort((a, b) => compareText(a.name, b.name)));
}

function groupsOf(
  type: Loss['type'],
  clusters: readonly Placed[],
  groupOf: (cluster: Placed) => string | undefined,
): Loss[] {
  const groups = Map.groupBy(clusters, groupOf);
  return [...groups].flatMap(([name, members]) => {
    return name === undefined ? [] : [{ type, name, clusters: new Set(members.map((member) => member.name)) }];
  });
}

/** Returns the name of a loss for display. */
export function nameOfLoss({ type, name }: Pick<Loss, 'type' | 'name'>): string {
  return type === 'cluster' ? name : `the ${type} ${name}`;
}

const DOWN: readonly Limit[] = [{ reason: 'down', sinceMs: 0 }];

/** Returns the members of a backend as they are when the clusters are lost: members at lost clusters are down. */
export function withoutLost<M extends BackendMember>(members: readonly M[], lost: ReadonlySet<string>): M[] {
  return members.map((member) => (lost.has(member.cluster) ? { ...member, limits: DOWN } : member));
}
