import { createMseDataPlane } from '../../../../infra/local/cloud/mse/data-plane/index.ts';
import type {
  Domain,
  Gateway,
  HealthCheck,
  MseState,
  Predicates,
  Route,
  RouteConfig,
  RoutePolicies,
  Service,
} from '../../../../infra/local/cloud/mse/model.ts';
import { type Address, clientOf } from '../../data-plane/fixtures.ts';

/** Settings of fast checks of /healthz. The interval is below what the API allows. */
export function healthCheck(overrides: Partial<HealthCheck> = {}): HealthCheck {
  return {
    Check: true,
    Protocol: 'HTTP',
    Interval: 0.05,
    Timeout: 1,
    HealthyThreshold: 2,
    UnhealthyThreshold: 2,
    HttpPath: '/healthz',
    ...overrides,
  };
}

/** A service without health checks, unless `overrides` sets them. */
export function service(Id: number, addresses: readonly Address[], overrides: Partial<Service> = {}): Service {
  return {
    Id,
    Name: `service-${Id}`,
    SourceType: 'VIP',
    ServiceProtocol: 'HTTP',
    Ips: addresses.map(ipOf),
    HealthCheck: healthCheck({ Check: false }),
    TrafficPolicy: {},
    GmtCreate: '2026-01-01T00:00:00Z',
    ...overrides,
  };
}

export function ipOf({ host, port }: Address): string {
  return `${host}:${port}`;
}

export const path = (
  Type: 'PRE' | 'EQUAL' | 'ERGULAR',
  Path: string,
  IgnoreCase = false,
): Pick<Predicates, 'PathPredicates'> => ({ PathPredicates: { Type, Path, IgnoreCase } });

/** A route of domain 1 (any host) that sends every path to service 1. */
export function config(overrides: Partial<RouteConfig> = {}): RouteConfig {
  return {
    DomainIds: [1],
    Predicates: path('PRE', '/'),
    DestinationType: 'Single',
    Services: [{ ServiceId: 1 }],
    Fallback: false,
    FallbackServices: [],
    ...overrides,
  };
}

/** Destinations by percent. */
export function multiple(percents: Record<number, number>): Partial<RouteConfig> {
  const services = Object.entries(percents).map(([id, Percent]) => ({ ServiceId: Number(id), Percent }));
  return { DestinationType: 'Multiple', Services: services };
}

/** A destination that answers with this text. */
export function mock(Body: string): Partial<RouteConfig> {
  return { DestinationType: 'Mock', Services: [], DirectResponse: { Code: 200, Body } };
}

/** A published route. */
export function route(Id: number, published: Partial<RouteConfig> = {}, overrides: Partial<Route> = {}): Route {
  return {
    Id,
    Name: `route-${Id}`,
    Type: 'Op',
    Status: 3,
    RouteOrder: 0,
    GmtCreate: '2026-01-01T00:00:00Z',
    GmtModified: '2026-01-01T00:00:00Z',
    config: config(published),
    policies: {},
    published: config(published),
    ...overrides,
  };
}

export function domain(Id: number, Name: string, overrides: Partial<Domain> = {}): Domain {
  return { Id, Name, Protocol: 'HTTP', MustHttps: false, Type: 'Op', Status: 3, ...overrides };
}

export interface Setup {
  /** Domains in addition to domain 1, which is `*`. */
  domains?: Domain[];
  services?: Service[];
  routes?: Route[];
  /** Policies of all routes. */
  policies?: RoutePolicies;
}

/** A data plane with one open gateway. */
export async function startGateway({ domains = [], services = [], routes = [route(1)], policies }: Setup) {
  const gateway: Gateway = {
    GatewayUniqueId: 'gw-1',
    Id: 1,
    Name: 'gateway',
    Region: 'cn-hangzhou',
    Vpc: 'vpc-1',
    Status: 2,
    Spec: 'MSE_GTW_2_4_200_c',
    Replica: 2,
    ChargeType: 'POSTPAY',
    GmtCreate: '2026-01-01T00:00:00Z',
    Tags: [],
    domains: new Map([domain(1, '*'), ...domains].map((item) => [item.Id, item])),
    services: new Map(services.map((item) => [item.Id, item])),
    routes: new Map(routes.map((item) => [item.Id, policies ? { ...item, policies } : item])),
  };
  const state: MseState = { gateways: new Map([[gateway.GatewayUniqueId, gateway]]) };
  const plane = createMseDataPlane(state);
  const [host = '', port] = (await plane.openGateway(gateway)).split(':');
  const address = { host, port: Number(port) };
  const client = clientOf(address);

  async function close() {
    client.close();
    await plane.close();
  }

  return { plane, state, gateway, address, send: client.send, tally: client.tally, close };
}
