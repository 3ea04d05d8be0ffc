import type { Pool, PoolObject, Share } from '../../core/ir.ts';
import type { Observed } from '../provider.ts';
import type { RouteObject } from './canonical.ts';
import { type Facts, seen } from './facts.ts';
import { realOf } from './slots.ts';
import { isOnline, PUBLISHED } from './status.ts';

/**
 * How much of a matched pool each cluster has: what routes give to its services, by the addresses that these have. Undefined when a service is
 * not there, or when a route gives the services other percentages: then the routes of the pool differ, and nothing is true of it as a whole.
 * Where routes were not read, they are taken to be as they were.
 */
export function points(pool: Pool, observed: Observed): Share[] | undefined {
  const { services, routesTo, facts } = seen(observed);
  const objects = pool.objects ?? [];
  const slots = objects.flatMap(({ key, percent = 0 }) => {
    const service = services.get(key);
    return service === undefined ? [] : [{ percent, addresses: service.spec.Ips }];
  });
  if (slots.length === 0 || slots.length < objects.length) return undefined;
  const routes = new Set(objects.flatMap(({ key }) => routesTo.get(key) ?? []));
  return [...routes].every((route) => agrees(route, objects, facts)) ? realOf(pool, slots) : undefined;
}

/** Nobody can read what is in force of a route that was edited since it was published; one that is offline gives nothing to anybody. */
function agrees({ key, spec }: RouteObject, objects: readonly PoolObject[], { routeStatus }: Facts): boolean {
  const status = routeStatus[key];
  if (status === undefined || !isOnline(status)) return true;
  if (status !== PUBLISHED) return false;
  const given = new Map(spec.Services.map(({ Service, Percent }) => [Service, Percent]));
  const pairs = objects.map((object) => ({ percent: object.percent ?? 0, given: given.get(object.key) ?? 0 }));
  return pairs.length === spec.Services.length
    ? pairs.every((pair) => pair.given === pair.percent)
    : isProportional(pairs);
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
