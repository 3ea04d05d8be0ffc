import type { Pool, PoolObject, Share } from '../../../core/model/ir.ts';
import type { Observed } from '../../provider.ts';
import type { RouteObject } from '../compile/canonical.ts';
import { realOf } from '../compile/slots.ts';
import { type Facts, sortedObjects } from './facts.ts';
import { isOnline, PUBLISHED } from './status.ts';

/**
 * Returns the share of a matched pool that each cluster has, by what routes give to its services and by the addresses
 * of these. The result is undefined when a service is missing, or when the routes of the pool give its services
 * different percentages, because no statement holds for the pool as a whole then. Where routes were not read, their
 * percentages are assumed to be unchanged.
 */
export function points(pool: Pool, observed: Observed): Share[] | undefined {
  const { services, routesTo, facts } = sortedObjects(observed);
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

/** Tells whether a route is online. A route that is offline gives nothing to any service. */
function isLive({ key }: RouteObject, { routeStatus }: Facts): boolean {
  const status = routeStatus[key];
  return status !== undefined && isOnline(status);
}

/**
 * Returns what each object of a pool gets from the first route that leads to this pool alone, or the last known
 * percentages if there is no such route.
 */
function givenTo(objects: readonly PoolObject[], routes: readonly RouteObject[]): number[] {
  const keys = new Set(objects.map(({ key }) => key));
  const own = routes.find(
    ({ spec }) => spec.Services.length > 0 && spec.Services.every(({ Service }) => keys.has(Service)),
  );
  const percentOf = (key: string) => own?.spec.Services.find(({ Service }) => Service === key)?.Percent ?? 0;
  return objects.map(({ key, percent = 0 }) => (own ? percentOf(key) : percent));
}

/**
 * Tells whether a route gives the objects of a pool these percentages. It is false for a route that was edited after it
 * was published, because what is in force then cannot be read.
 */
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
 * Tells whether the percentages of a route that has services of other pools too may be rounded from some weight of this
 * pool. Each percentage is less than 1 away from its part of the weight, except for the 1 that even the smallest part
 * gets.
 */
function isProportional(pairs: readonly { percent: number; given: number }[]): boolean {
  if (pairs.some(({ percent, given }) => percent === 0 || given === 0)) return false;
  const least = Math.max(...pairs.map(({ percent, given }) => (given - 1) / percent));
  const most = Math.min(...pairs.map(({ percent, given }) => (given + 1) / percent));
  return least < most;
}
