/** What distributions declare, and the clusters that they come to. Nothing behind `resolve` knows of sites, cities or default tiers. */

import { PLACES, type RouteDistribution, type Split } from '../../../schemas/distribution.ts';
import type { RouteSpec } from '../../../schemas/route.ts';
import type { ServiceExport, ServiceSpec } from '../../../schemas/service.ts';
import type { Member } from '../model/ir.ts';
import type { Resource } from '../model/resource.ts';

/** The distributions that routes use, by name, and the one of routes that have none of their own. */
export interface Distributions {
  distributions: ReadonlyMap<string, Resource<'distribution'>>;
  defaultDistribution?: string | undefined;
}

/** Where neither a route nor its fleet says anything. */
const BUILT_IN: Split = { strategy: 'replicas', clusters: [] };

/** What a route says of its distribution, or its fleet for it: a split, or the name of one. */
export function choiceOf(
  { distribution }: Pick<RouteSpec, 'distribution'>,
  { defaultDistribution }: Pick<Distributions, 'defaultDistribution'>,
): RouteDistribution {
  return distribution ?? (defaultDistribution === undefined ? BUILT_IN : { ref: defaultDistribution });
}

/** The split that a route uses. References are checked when they are written; the built-in one stands in for one that is gone nevertheless. */
export function splitOf(route: Pick<RouteSpec, 'distribution'>, known: Distributions): Split {
  const choice = choiceOf(route, known);
  if (choice.strategy !== undefined) return choice;
  return known.distributions.get(choice.ref)?.spec ?? BUILT_IN;
}

type Place = Split['clusters'][number];

/** What a member of a distribution names, and by what. */
export function placeOf(member: Place): { by: (typeof PLACES)[number]; name: string } {
  const by = PLACES.find((place) => member[place] !== undefined) ?? 'cluster';
  return { by, name: member[by] ?? '' };
}

/** Whether a split names clusters by where they are. */
export function namesPlaces({ clusters }: Pick<Split, 'clusters'>): boolean {
  return clusters.some(({ cluster }) => cluster === undefined);
}

type Clusters = ReadonlyMap<string, Resource<'cluster'>>;

/** Whether a member names the cluster, by itself or by where it is. */
export function isNamedBy(member: Place, cluster: string, clusters: Clusters): boolean {
  const { by, name } = placeOf(member);
  return by === 'cluster' ? cluster === name : clusters.get(cluster)?.spec[by] === name;
}

type Placement = Omit<Member, 'endpoints'>;

/**
 * The clusters that a split comes to for a service: those that are named, whether or not they export it, those at named sites and cities that
 * do, and, where these are only preferred, those that stand behind them.
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
  /** The clusters that it names. */
  among: string[];
}

/**
 * A site or a city is those of its clusters that export the service: what it is to get goes to them as long as there is one. A cluster that
 * several members name, which no write can bring about by itself, counts for the first of them.
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

/** Weights are multiplied by this at most. It keeps them below what `apportion` counts exactly. */
const MAX_SCALE = 1_000_000;

/**
 * Shares the weight of each member in equal parts among its clusters. All weights are multiplied by the least number that makes every part an
 * integer, so that all ratios stay exact; where that number is above a million, parts are rounded to a millionth of a weight.
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

/** Every other exporting cluster, in tiers of their own behind the named ones. */
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
