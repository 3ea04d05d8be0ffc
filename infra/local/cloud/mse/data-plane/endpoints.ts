import { type Check, createHealthChecker } from '../../data-plane/health-checker.ts';
import type { EndpointHealth, Gateway, HealthCheck, MseState, Service } from '../model.ts';

/** An address of a service. All have the same weight, because the API has no weights of addresses. */
export interface Endpoint {
  /** The address as the service has it, host:port, which identifies the endpoint. */
  address: string;
  host: string;
  port: number;
  Weight: 1;
}

export function endpointsOf(service: Service): Endpoint[] {
  return service.Ips.map((address) => {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    return { address, host, port: Number(address.slice(colon + 1)), Weight: 1 };
  });
}

/** Returns a key that identifies a service among those of all gateways. */
export function serviceKey(gateway: Pick<Gateway, 'GatewayUniqueId'>, serviceId: number): string {
  return `${gateway.GatewayUniqueId}/${serviceId}`;
}

export interface EndpointHealthChecks {
  /** Returns the health of an address, which is `unchecked` until a threshold is reached for the first time. */
  health(gateway: Gateway, service: Service, address: string): EndpointHealth;
  sync(): void;
  close(): void;
}

/** Creates the gateways' own active health checks. They cover all services, whether a route refers to them or not. */
export function createEndpointHealthChecks(state: MseState, openGateways: () => string[]): EndpointHealthChecks {
  const checker = createHealthChecker(() => {
    const checks = new Map<string, Check>();
    for (const gateway of openGateways().flatMap((id) => state.gateways.get(id) ?? [])) {
      for (const service of gateway.services.values()) {
        if (!service.HealthCheck.Check) continue;
        for (const endpoint of endpointsOf(service)) {
          checks.set(keyOf(gateway, service, endpoint.address), checkOf(service.HealthCheck, endpoint));
        }
      }
    }
    return checks;
  });

  function health(gateway: Gateway, service: Service, address: string): EndpointHealth {
    if (!service.HealthCheck.Check) return 'unchecked';
    const { status } = checker.verdict(keyOf(gateway, service, address));
    if (status === 'Initial') return 'unchecked';
    return status === 'Healthy' ? 'healthy' : 'unhealthy';
  }

  return { health, sync: checker.sync, close: checker.close };
}

function keyOf(gateway: Gateway, service: Service, address: string): string {
  return `${serviceKey(gateway, service.Id)}/${address}`;
}

/**
 * Returns the check that a configuration describes (MSE OpenAPI 2019-05-31, UpdateGatewayServiceCheck). Assumed: 2xx is
 * good when no statuses are given.
 */
function checkOf(check: HealthCheck, { address, host, port }: Endpoint): Check {
  const classes = check.ExpectedStatuses?.length ? check.ExpectedStatuses : [200];
  return {
    probe: {
      protocol: check.Protocol,
      host,
      port,
      timeoutMs: check.Timeout * 1000,
      http: {
        method: 'GET',
        path: check.HttpPath || '/',
        host: check.HttpHost || address,
        expects: (status) => classes.includes(Math.floor(status / 100) * 100),
      },
    },
    intervalMs: check.Interval * 1000,
    healthyThreshold: check.HealthyThreshold,
    unhealthyThreshold: check.UnhealthyThreshold,
  };
}
