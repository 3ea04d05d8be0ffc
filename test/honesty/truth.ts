import type { Route } from '../../schemas/route.ts';
import { type Answer, ask, type World } from './world.ts';

/** The percentages of each cluster in the requests of a service, by service. */
export type Served = Map<string, Map<string, number>>;

/** The part of a route that these tests declare. */
type Declared = Pick<Route, 'hostnames' | 'rules'>;

/** Percentages are whole at the gateways, and the smallest part is lifted to 1. */
const ROUNDING = 1.01;

/** Requests that the route shall take: one for each kind of path that it matches. */
function samplesOf({ hostnames, rules }: Declared): { host: string; path: string }[] {
  const [host = ''] = hostnames;
  const { type, value } = rules[0]?.matches?.[0]?.path ?? { type: 'Prefix', value: '/' };
  const deeper = value === '/' ? '/x' : `${value}/x`;
  return (type === 'Exact' ? [value] : [value, deeper]).map((path) => ({ host, path }));
}

export function answersOf(world: World, place: string, route: Declared): (Answer | undefined)[] {
  return samplesOf(route).map(({ host, path }) => ask(world, place, host, path));
}

/** Tells whether the requests of the route meet rules of ours that lead to its services, and to no others. */
export function isThere(world: World, place: string, route: Declared): boolean {
  const services = new Set(refsOf(route).map(({ service }) => service));
  return answersOf(world, place, route).every((answer) => {
    if (answer === undefined || answer.isForeign) return false;
    const parts = partsByService(answer);
    return parts.size === services.size && [...services].every((service) => parts.has(service));
  });
}

/** Tells whether the services of the route get their parts of its requests. */
export function isShared(world: World, place: string, route: Declared): boolean {
  const refs = refsOf(route);
  const total = refs.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return answersOf(world, place, route).every((answer) => {
    const parts = answer && partsByService(answer);
    return refs.every(
      ({ service, weight = 1 }) => Math.abs(totalOf(parts?.get(service)) * 100 - (weight * 100) / total) <= ROUNDING,
    );
  });
}

function refsOf({ rules }: Declared) {
  return rules[0]?.backendRefs ?? [];
}

/** Tells whether any rule of ours takes requests of the route. */
export function isTaken(world: World, place: string, route: Declared): boolean {
  return answersOf(world, place, route).some((answer) => answer !== undefined && !answer.isForeign);
}

/**
 * Returns where all requests of the route go; undefined when they are not ours, or when they do not all go the same
 * way.
 */
export function servedBy(world: World, place: string, route: Declared): Served | undefined {
  const found: Served[] = [];
  for (const answer of answersOf(world, place, route)) {
    if (answer === undefined || answer.isForeign) return undefined;
    found.push(percentages(partsByService(answer)));
  }
  const [first, ...others] = found;
  return others.every((one) => textOf(one) === textOf(first)) ? first : undefined;
}

/**
 * Tells whether clusters have these points of the service. A 0 must be exact, because people may switch off a cluster
 * that has 0.
 */
export function hasPoints(
  served: Served | undefined,
  service: string,
  points: readonly { cluster: string; percent: number }[],
): boolean {
  const got = served?.get(service);
  if (got === undefined) return points.every(({ percent }) => percent === 0);
  const isRight = ({ cluster, percent }: (typeof points)[number]) => {
    const real = got.get(cluster) ?? 0;
    return (real === 0) === (percent === 0) && Math.abs(real - percent) <= ROUNDING;
  };
  const known = new Set(points.map(({ cluster }) => cluster));
  return points.every(isRight) && [...got.keys()].every((cluster) => known.has(cluster) || cluster === 'nobody');
}

export function clusterPercent(served: Served | undefined, cluster: string): number {
  return Math.max(0, ...[...(served?.values() ?? [])].map((clusters) => clusters.get(cluster) ?? 0));
}

export function textOf(served: Served | undefined): string {
  if (served === undefined) return 'nothing of ours';
  const entries = [...served].map(([service, clusters]) => [
    service,
    Object.fromEntries([...clusters].map(([cluster, percent]) => [cluster, Math.round(percent * 10) / 10])),
  ]);
  return JSON.stringify(Object.fromEntries(entries.sort()));
}

function partsByService({ parts }: Answer): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const [owner, part] of [...parts].sort()) {
    const [service = '', cluster = 'nobody'] = owner.split('/');
    found.set(service, (found.get(service) ?? new Map()).set(cluster, part));
  }
  return found;
}

function percentages(parts: Map<string, Map<string, number>>): Served {
  return new Map(
    [...parts].map(([service, clusters]) => {
      const total = totalOf(clusters);
      return [service, new Map([...clusters].map(([cluster, part]) => [cluster, (part * 100) / total]))];
    }),
  );
}

function totalOf(clusters: ReadonlyMap<string, number> | undefined): number {
  return [...(clusters?.values() ?? [])].reduce((sum, part) => sum + part, 0);
}
