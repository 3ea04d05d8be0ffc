import type { Pool, PoolObject, Share } from '../../../core/model/ir.ts';
import type { Observed } from '../../provider.ts';
import type { RouteObject } from '../compile/canonical.ts';
import { realOf } from '../compile/slots.ts';
import { type Facts, seen } from './facts.ts';
import { isOnline, PUBLISHED } from './status.ts';

/**
 * How much of a matched pool each cluster has: what routes give to its services, by the addresses that these have. Undefined when a service is
 * not there, or when the routes of the pool give its services different percentages: then nothing is true of it as a whole. Where routes were
 * not read, they are taken to be as they were.
 */
export function points(pool: Pool, observed: Observed): Share[] | undefined {
  const { services, routesTo, facts } = seen(observed);
  const objects = pool.objects ?? [];
  const routes = [...new Set(objects.flatMap(({ key }) => routesTo.get(key) ?? []))].filter((route) =>
    isLive(route, facts),
  );
  const given = givenTo(objects, routes);
  const slots = objects.flatMap((object, index) => {
    const service = services.get(object.key);
    return service === undefined ? [] : [{ percent: given[index] ?? 0, addresses: service.spec.Ips }];
  });
  if (slots.length === 0 || slots.length < objects.length) return undefined;
  return routes.every((route) => agrees(route, objects, given, facts)) ? realOf(pool, slots) : undefined;
}

/** A route that is offline gives nothing to anybody. */
function isLive({ key }: RouteObject, { routeStatus }: Facts): boolean {
  const status = routeStatus[key];
  return status !== undefined && isOnline(status);
}

/** What each object of a pool is given by the first route that leads to this pool alone; as it was known where there is none. */
function givenTo(objects: readonly PoolObject[], routes: readonly RouteObject[]): number[] {
  const keys = new Set(objects.map(({ key }) => key));
  const own = routes.find(
    ({ spec }) => spec.Services.length > 0 && spec.Services.every(({ Service }) => keys.has(Service)),
  );
  const percentOf = (key: string) => own?.spec.Services.find(({ Service }) => Service === key)?.Percent ?? 0;
  return objects.map(({ key, percent = 0 }) => (own ? percentOf(key) : percent));
}

/** Nobody can read what is in force of a route that was edited since it was published. */
function agrees(
  { key, spec }: RouteObject,
  objects: readonly PoolObject[],
  given: readonly number[],
  { routeStatus }: Facts,
): boolean {
  if (routeStatus[key] !== PUBLISHED) return false;
  const named = new Map(spec.Services.map(({ Service, Percent }) => [Service, Percent]));
  const pairs = objects.map((object, index) => ({ percent: given[index] ?? 0, given: named.get(object.key) ?? 0 }));
  const isOwn = [...named.keys()].every((name) => objects.some((object) => object.key === name));
  return isOwn ? pairs.every((pair) => pair.given === pair.percent) : isProportional(pairs);
}

/**
 * Of a route with services of other pools too, whether there is a weight of this pool by which its percentages may have been rounded: each is
 * less than 1 away from its part of the weight, but for the 1 that even the smallest part gets.
 */
function isProportional(pairs: readonly { percent: number; given: number }[]): boolean {
  if (pairs.some(({ percent, given }) => percent === 0 || given === 0)) return false;
  const least = Math.max(...pairs.map(({ percent, given }) => (given - 1) / percent));
  const most = Math.min(...pairs.map(({ percent, given }) => (given + 1) / percent));
  return least < most;
}
