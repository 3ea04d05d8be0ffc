/**
 * Turns declared distributions into clusters with weights and tiers. Code that works on the result of `resolve` knows
 * nothing of sites, cities or default tiers.
 */

import { PLACES, type RouteDistribution, type Split } from '../../../schemas/distribution.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import type { ServiceExport, ServiceSpec } from '../../../schemas/service.ts';
import type { Member } from '../model/ir.ts';
import type { Resource } from '../model/resource.ts';

/** The distributions that routes use, by name, and the name of the one used by routes that declare none. */
export interface Distributions {
  distributions: ReadonlyMap<string, Resource<'distribution'>>;
  defaultDistribution?: string | undefined;
}

/** The split used when neither the route nor its fleet declares one. */
const BUILT_IN: Split = { strategy: 'replicas', clusters: [] };

/**
 * Returns the distribution of a route: its own, or else the default of its fleet. It is either a split or a reference
 * to a named one.
 */
export function choiceOf(
  { distribution }: Pick<RouteSpec, 'distribution'>,
  { defaultDistribution }: Pick<Distributions, 'defaultDistribution'>,
): RouteDistribution {
  return distribution ?? (defaultDistribution === undefined ? BUILT_IN : { ref: defaultDistribution });
}

/**
 * Returns the split that a route uses. References are checked when they are written; if the referenced distribution is
 * missing nevertheless, the built-in split is used.
 */
export function splitOf(route: Pick<RouteSpec, 'distribution'>, known: Distributions): Split {
  const choice = choiceOf(route, known);
  if (choice.strategy !== undefined) return choice;
  return known.distributions.get(choice.ref)?.spec ?? BUILT_IN;
}

type Place = Split['clusters'][number];

/** Returns the name that a member of a distribution declares, and whether it names a cluster, a site or a city. */
export function placeOf(member: Place): { by: (typeof PLACES)[number]; name: string } {
  const by = PLACES.find((place) => member[place] !== undefined) ?? 'cluster';
  return { by, name: member[by] ?? '' };
}

/** Tells whether any member of a split names clusters by their location instead of by name. */
export function namesPlaces({ clusters }: Pick<Split, 'clusters'>): boolean {
  return clusters.some(({ cluster }) => cluster === undefined);
}

type Clusters = ReadonlyMap<string, Resource<'cluster'>>;

/** Tells whether a member includes the cluster, by its name or by its location. */
export function isNamedBy(member: Place, cluster: string, clusters: Clusters): boolean {
  const { by, name } = placeOf(member);
  return by === 'cluster' ? cluster === name : clusters.get(cluster)?.spec[by] === name;
}

type Placement = Omit<Member, 'endpoints'>;

/**
 * Returns the clusters that a split includes for a service: clusters that it names, whether or not they export the
 * service; exporting clusters at the sites and cities that it names; and, when the pin is `prefer`, all other exporting
 * clusters as fallbacks behind those.
 */
export function declaredMembers(split: Split, service: ServiceSpec, clusters: Clusters): Placement[] {
  const named = namedMembers(split, service, clusters);
  return split.pin === 'prefer' ? [...named, ...fallbackMembers(named, service, clusters)] : named;
}

function namedMembers(split: Split, service: ServiceSpec, clusters: Clusters): Placement[] {
  const tierOf = (member: Place, cluster: string) => member.tier ?? defaultTier(cluster, clusters);
  if (split.strategy === 'weighted') {
    return shared(named(split.clusters, service, clusters)).map(({ member, cluster, weight }) => {
      return { cluster, weight, tier: tierOf(member, cluster) };
    });
  }
  if (split.clusters.length === 0) {
    return service.exports.map(({ cluster, replicas }) => {
      return { cluster, weight: replicas, tier: defaultTier(cluster, clusters) };
    });
  }
  const weightOf = (cluster: string) => exportOf(service, cluster)?.replicas ?? 0;
  return named(split.clusters, service, clusters).flatMap(({ member, among }) =>
    among.map((cluster) => ({ cluster, weight: weightOf(cluster), tier: tierOf(member, cluster) })),
  );
}

interface Named<M> {
  member: M;
  /** The clusters that the member includes. */
  among: string[];
}

/**
 * Returns the clusters of each member. A site or a city stands for those of its clusters that export the service: they
 * get its whole share as long as there is one. A cluster that several members include counts for the first of them; no
 * single write can declare such a split.
 */
function named<M extends Place>(members: readonly M[], { exports }: ServiceSpec, clusters: Clusters): Named<M>[] {
  const taken = new Set<string>();
  return members.map((member) => {
    const candidates = member.cluster === undefined ? exports.map(({ cluster }) => cluster) : [member.cluster];
    const among = candidates.filter((cluster) => !taken.has(cluster) && isNamedBy(member, cluster, clusters));
    for (const cluster of among) taken.add(cluster);
    return { member, among };
  });
}

/**
 * The largest factor by which weights are multiplied. It keeps them below the limit up to which `apportion` is exact.
 */
const MAX_SCALE = 1_000_000;

/**
 * Shares the weight of each member in equal parts among its clusters. All weights are multiplied by the smallest number
 * that makes every part an integer, so that all ratios stay exact. When that number is above `MAX_SCALE`, parts are
 * rounded to a millionth of a weight.
 */
function shared<M extends { weight: number }>(members: readonly Named<M>[]) {
  const scale = members
    .filter(({ among }) => among.length > 0)
    .map(({ member, among }) => among.length / greatestDivisor(among.length, member.weight))
    .reduce((all, parts) => Math.min(MAX_SCALE, (all * parts) / greatestDivisor(all, parts)), 1);
  return members.flatMap(({ member, among }) =>
    among.map((cluster) => ({ member, cluster, weight: Math.round((member.weight * scale) / among.length) })),
  );
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Returns every other exporting cluster, in tiers behind those of the named clusters. */
function fallbackMembers(named: readonly Placement[], service: ServiceSpec, clusters: Clusters): Placement[] {
  const first = Math.max(...named.map((member) => member.tier), 0) + 1;
  return service.exports
    .filter((item) => !named.some((member) => member.cluster === item.cluster))
    .map(({ cluster, replicas }) => ({ cluster, weight: replicas, tier: first + defaultTier(cluster, clusters) }));
}

function defaultTier(cluster: string, clusters: Clusters): number {
  return clusters.get(cluster)?.spec.tier ?? 0;
}

export function exportOf(service: ServiceSpec, cluster: string): ServiceExport | undefined {
  return service.exports.find((item) => item.cluster === cluster);
}
