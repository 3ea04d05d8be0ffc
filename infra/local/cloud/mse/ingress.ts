import { newId } from './context.ts';
import type { Gateway, MseState, Owner, RouteConfig } from './model.ts';

/** A host and path that the Ingress controller has put on a gateway. */
export interface IngressSeed {
  gatewayUniqueId: string;
  host: string;
  path: string;
  /** The addresses of the Kubernetes service behind it, as `address:port`. */
  addresses: string[];
}

/**
 * Puts a domain, a service and a published route of type Ingress on a gateway. Returns a sentence that tells why when
 * it cannot.
 */
export function seedIngress(state: MseState, seed: unknown): string | undefined {
  if (!isSeed(seed)) return 'gatewayUniqueId, host and path must be texts, addresses a list of texts.';
  const gateway = state.gateways.get(seed.gatewayUniqueId);
  if (!gateway) return `There is no gateway ${seed.gatewayUniqueId}.`;
  const Type: Owner = 'Ingress';
  const GmtCreate = gateway.GmtCreate;
  const domainId = newId(state);
  const domain = {
    Id: domainId,
    Name: seed.host,
    Protocol: 'HTTP' as const,
    MustHttps: false,
    Type,
    Status: 3 as const,
  };
  gateway.domains.set(domainId, domain);
  const serviceId = addService(state, gateway, seed);
  const routeId = newId(state);
  const config: RouteConfig = {
    DomainIds: [domainId],
    Predicates: { PathPredicates: { Path: seed.path, Type: 'PRE' } },
    DestinationType: 'Single',
    Services: [{ ServiceId: serviceId }],
    Fallback: false,
    FallbackServices: [],
  };
  gateway.routes.set(routeId, {
    Id: routeId,
    Name: `ingress-${routeId}`,
    Type,
    Status: 3,
    RouteOrder: 0,
    GmtCreate,
    GmtModified: GmtCreate,
    config,
    policies: {},
    published: config,
  });
  return undefined;
}

function addService(state: MseState, gateway: Gateway, { addresses }: IngressSeed): number {
  const Id = newId(state);
  gateway.services.set(Id, {
    Id,
    Name: `k8s-service-${Id}`,
    SourceType: 'K8s',
    ServiceProtocol: 'HTTP',
    Ips: addresses,
    HealthCheck: {
      Check: false,
      Protocol: 'TCP',
      Interval: 5,
      Timeout: 2,
      HealthyThreshold: 2,
      UnhealthyThreshold: 2,
    },
    TrafficPolicy: {},
    GmtCreate: gateway.GmtCreate,
  });
  return Id;
}

function isSeed(value: unknown): value is IngressSeed {
  if (typeof value !== 'object' || value === null) return false;
  const { gatewayUniqueId, host, path, addresses } = value as Record<string, unknown>;
  return (
    [gatewayUniqueId, host, path].every((text) => typeof text === 'string') &&
    Array.isArray(addresses) &&
    addresses.every((address) => typeof address === 'string')
  );
}
