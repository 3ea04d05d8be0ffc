import type { Change } from '../../../core/gateway/provider-object.ts';
import { equal } from '../../../core/model/digest.ts';
import { DOMAIN, type DomainObject, ROUTE, type RouteObject, SERVICE, type ServiceObject } from './canonical.ts';

/**
 * A change of one of our objects. The kind determines the type of the spec, because only `compile` and `observe` make
 * objects.
 */
interface ChangeOf<T extends DomainObject | ServiceObject | RouteObject> extends Omit<Change, 'before' | 'after'> {
  kind: T['kind'];
  before?: T | undefined;
  after?: T | undefined;
}

export type DomainChange = ChangeOf<DomainObject>;
export type ServiceChange = ChangeOf<ServiceObject>;
export type RouteChange = ChangeOf<RouteObject>;

export function isDomainChange(change: Change): change is DomainChange {
  return change.kind === DOMAIN;
}

export function isServiceChange(change: Change): change is ServiceChange {
  return change.kind === SERVICE;
}

export function isRouteChange(change: Change): change is RouteChange {
  return change.kind === ROUTE;
}

/**
 * Tells whether a change does nothing but move traffic between the clusters of a pool, by other addresses of a service
 * or other percentages of a route.
 */
export function movesPoints(change: Change): boolean {
  if (isServiceChange(change)) return onlyAddressesDiffer(change);
  return isRouteChange(change) && onlyPercentagesDiffer(change);
}

function onlyAddressesDiffer({ before, after }: ServiceChange): boolean {
  if (before === undefined || after === undefined) return false;
  return equal({ ...before.spec, Ips: [] }, { ...after.spec, Ips: [] });
}

function onlyPercentagesDiffer({ before, after }: RouteChange): boolean {
  if (before === undefined || after === undefined) return false;
  const withoutPercentages = ({ spec }: RouteObject) => ({
    ...spec,
    Services: spec.Services.map(({ Service }) => Service),
  });
  return equal(withoutPercentages(before), withoutPercentages(after));
}
