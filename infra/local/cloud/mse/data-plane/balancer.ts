import { chooseByHash, createRoundRobin } from '../../data-plane/balancing.ts';
import { NotCarriedError } from '../../data-plane/not-carried.ts';
import type { Gateway, Route, RouteConfig, RouteService, Service } from '../model.ts';
import { type Endpoint, endpointsOf, serviceKey } from './endpoints.ts';

/**
 * The panic threshold: a service with a lower share of healthy endpoints uses all of its endpoints. Assumed: Envoy's
 * default. MSE documents no threshold and has no parameter for it.
 */
export const PANIC_THRESHOLD_PERCENT = 50;

export interface Balancer {
  /**
   * Chooses the service of a request by percent, regardless of the health of the services. Only when the chosen service
   * has no available node and the route has a fallback, the fallback is used, whether it is available or not. Returns
   * undefined when the service does not exist.
   */
  service(gateway: Gateway, route: Route, config: RouteConfig): Service | undefined;
  /**
   * Chooses the endpoint of the next attempt, if possible one that was not tried before. Returns undefined when the
   * service has none.
   */
  endpoint(gateway: Gateway, service: Service, key?: string, tried?: ReadonlySet<string>): Endpoint | undefined;
}

/**
 * Creates the selection of services and endpoints, with the memory of round robin between requests. Percentages are
 * kept by turns and not by chance, so they are exact here.
 */
export function createBalancer(
  isUnhealthy: (gateway: Gateway, service: Service, endpoint: Endpoint) => boolean,
  activeRequests: (gateway: Gateway, service: Service, endpoint: Endpoint) => number,
): Balancer {
  const roundRobin = createRoundRobin();

  function service(gateway: Gateway, route: Route, config: RouteConfig): Service | undefined {
    const ring = `route ${gateway.GatewayUniqueId}/${route.Id}`;
    const chosen = choose(gateway, ring, config.Services);
    const hasFallback = config.Fallback && config.FallbackServices.length > 0;
    if (!hasFallback || (chosen && available(gateway, chosen).length > 0)) return chosen;
    return choose(gateway, `fallback of ${ring}`, config.FallbackServices);
  }

  /** Chooses one of the services by percent; a single service has no percent. */
  function choose(gateway: Gateway, ring: string, services: readonly RouteService[]): Service | undefined {
    const choices = services.map(({ ServiceId, Percent = 100 }) => ({ ServiceId, Weight: Percent }));
    const chosen = roundRobin(ring, choices, ({ ServiceId }) => String(ServiceId));
    return chosen && gateway.services.get(chosen.ServiceId);
  }

  /**
   * Returns the endpoints that are not unhealthy. When there are none, the fallback is used, or without one the panic
   * rule applies.
   */
  function available(gateway: Gateway, target: Service): Endpoint[] {
    return endpointsOf(target).filter((candidate) => !isUnhealthy(gateway, target, candidate));
  }

  /**
   * Returns the endpoints to choose from. Assumed as in Envoy: the panic rule also holds when all endpoints are
   * unhealthy, and the requests fail at them.
   */
  function pool(gateway: Gateway, target: Service): Endpoint[] {
    const [all, healthy] = [endpointsOf(target), available(gateway, target)];
    return healthy.length * 100 < all.length * PANIC_THRESHOLD_PERCENT ? all : healthy;
  }

  function endpoint(gateway: Gateway, target: Service, key?: string, tried?: ReadonlySet<string>) {
    const candidates = pool(gateway, target);
    const untried = candidates.filter(({ address }) => !tried?.has(address));
    const choices = untried.length > 0 ? untried : candidates;
    const ring = `service ${serviceKey(gateway, target.Id)}`;
    switch (target.TrafficPolicy.LoadBalancerSettings?.LoadbalancerType) {
      case 'RANDOM':
        return choices[Math.floor(Math.random() * choices.length)];
      case 'LEAST_CONN': {
        const least = Math.min(...choices.map((choice) => activeRequests(gateway, target, choice)));
        const idlest = choices.filter((choice) => activeRequests(gateway, target, choice) === least);
        return roundRobin(ring, idlest, ({ address }) => address);
      }
      case 'CONSISTENT_HASH':
        if (key !== undefined) return chooseByHash(key, choices, ({ address }) => address);
    }
    return roundRobin(ring, choices, ({ address }) => address);
  }

  return { service, endpoint };
}

/** Throws a `NotCarriedError` for settings of a service that this data plane cannot serve. */
export function ensureCarried(service: Service): void {
  const { ServiceProtocol, TrafficPolicy } = service;
  if (ServiceProtocol !== 'HTTP' && ServiceProtocol !== 'HTTPS') {
    throw new NotCarriedError(`services of protocol ${ServiceProtocol}`);
  }
  if (TrafficPolicy.LoadBalancerSettings?.WarmupDuration) throw new NotCarriedError('warm-up');
}
