import type { Observed, Shadow } from '../../provider.ts';
import { ROUTE, type RouteObject, SERVICE, type ServiceObject } from '../compile/canonical.ts';

/** The facts about a gateway that `compile` and the checks need besides our own objects. */
export interface Facts {
  /** The ids of the domains, by name. */
  domains: Record<string, number>;
  /** The names of objects that carry our mark but are not of the kind that we create. */
  impostors: string[];
  /** True when the Ingress controller of a cluster owns the gateway. */
  ofIngressController: boolean;
  /** The statuses of our routes, by key. */
  routeStatus: Record<string, number>;
  /** Our routes that routes of others keep requests from. */
  shadows: Shadow[];
}

/** The facts about a gateway that was never observed. */
const NO_FACTS: Facts = { domains: {}, impostors: [], ofIngressController: false, routeStatus: {}, shadows: [] };

/** Returns the facts of a gateway that `observe` made. Throws when another provider made them. */
export function factsOf(facts: Observed['facts']): Facts {
  if (facts === undefined) return NO_FACTS;
  if (isFacts(facts)) return facts;
  throw new Error('The facts are not those of an MSE gateway.');
}

function isFacts(facts: unknown): facts is Facts {
  return typeof facts === 'object' && facts !== null && 'routeStatus' in facts;
}

/** Observed objects, sorted by kind. */
export interface SortedObjects {
  facts: Facts;
  /** Our services, by key. */
  services: ReadonlyMap<string, ServiceObject>;
  routes: readonly RouteObject[];
  /** The routes that send requests to each service, by the key of the service. */
  routesTo: ReadonlyMap<string, readonly RouteObject[]>;
}

/** Caches the sorted view of each observation, because it is needed once per pool. */
const views = new WeakMap<Observed, SortedObjects>();

export function sortedObjects(observed: Observed): SortedObjects {
  const known = views.get(observed);
  if (known) return known;
  const view = viewOf(observed);
  views.set(observed, view);
  return view;
}

function viewOf({ objects, facts }: Observed): SortedObjects {
  const services = objects.filter((object): object is ServiceObject => object.kind === SERVICE);
  const routes = objects.filter((object): object is RouteObject => object.kind === ROUTE);
  const routesTo = new Map<string, RouteObject[]>();
  for (const route of routes) {
    for (const { Service } of route.spec.Services) {
      const others = routesTo.get(Service);
      if (others) others.push(route);
      else routesTo.set(Service, [route]);
    }
  }
  return { facts: factsOf(facts), services: new Map(services.map((one) => [one.key, one])), routes, routesTo };
}
