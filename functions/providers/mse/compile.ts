import type { MseTarget } from '../../../schemas/gateway.ts';
import { toPercents } from '../../core/distribution.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../../core/ir.ts';
import type { ProviderObject } from '../../core/provider-object.ts';
import type { Observed, PoolShares, Session } from '../provider.ts';
import {
  type Destination,
  domainObject,
  type HealthCheck,
  type RouteSpec,
  routeObject,
  type ServiceSpec,
  serviceObject,
} from './canonical.ts';
import { factsOf } from './facts.ts';
import { markOf, nameOf } from './names.ts';
import { filterOf, policiesOf } from './policies.ts';
import { type RouteOf, routesOf } from './predicates.ts';
import { type Slot, slotsOf } from './shares.ts';

/** The cookie by which a service with affinity knows its clients. */
const AFFINITY_COOKIE = 'fairlead-affinity';

const PROTOCOLS: Record<Pool['protocol'], string> = { HTTP: 'HTTP', HTTPS: 'HTTPS', gRPC: 'GRPC' };
const PATH_SUFFIXES: Record<string, string> = { EQUAL: 'e', PRE: 'p', ERGULAR: 'r' };

/** By pool, its services and what routes give each of the pool. */
type Backends = ReadonlyMap<string, readonly Destination[]>;

/**
 * One service for each pool and cluster that has a declared share of it, one or two routes for each rule, and the domains that are
 * missing. Domains that exist are taken as they are, whoever made them.
 */
export function compile(
  config: GatewayConfig,
  shares: PoolShares,
  observed: Observed,
  { owner, target }: Pick<Session<MseTarget>, 'owner' | 'target'>,
): ProviderObject[] {
  const mark = markOf(owner);
  const pools = config.pools.map((pool) => {
    const { slots, real } = slotsOf(pool, shares.get(pool.key) ?? []);
    return { pool, real, services: slots.map((slot) => ({ slot, name: serviceName(mark, pool, slot) })) };
  });
  const backends = new Map(
    pools.map(({ pool, services }) => [
      pool.key,
      services.map(({ slot, name }) => ({ Service: name, Percent: slot.percent })),
    ]),
  );
  const routes = routesOf(config.rules);
  const present = factsOf(observed).domains;
  const missing = [...new Set(routes.map((route) => route.domain))].filter((domain) => !(domain in present));
  return [
    ...missing.map((domain) => domainObject(domain, certificateFor(domain, target))),
    ...pools.flatMap(({ pool, services, real }) =>
      services.map(({ slot, name }) => compileService(name, pool, slot, real)),
    ),
    ...routes.map((route) => compileRoute(mark, route, backends)),
  ];
}

/** The certificate of the host name itself, or of the wildcard above it. */
function certificateFor(domain: string, { certificates = [] }: MseTarget): string | undefined {
  const wildcard = domain.replace(/^[^.]+/, '*');
  const named = (hostname: string) => certificates.find((certificate) => certificate.hostname === hostname);
  return (named(domain) ?? named(wildcard))?.certificateId;
}

function serviceName(mark: string, pool: Pool, slot: Slot): string {
  return nameOf(mark, `${pool.service}-${pool.port}-${slot.name}`, { pool: pool.key, slot: slot.name });
}

/** Shares belong to the pool as a whole: each of its services tells them all. */
function compileService(name: string, pool: Pool, slot: Slot, real: readonly Share[]): ProviderObject {
  const spec: ServiceSpec = {
    ServiceProtocol: PROTOCOLS[pool.protocol],
    Ips: slot.addresses,
    HealthCheck: healthCheck(pool),
    LoadBalancer: loadBalancer(pool),
  };
  return { ...serviceObject(name, spec), pool: pool.key, shares: [...real] };
}

/** MSE cannot say by which method it checks. 200 and 300 stand for 2xx and 3xx. */
function healthCheck({ healthCheck: check }: Pool): HealthCheck {
  const common = {
    Check: true,
    Interval: check.intervalSeconds,
    Timeout: check.timeoutSeconds,
    HealthyThreshold: check.healthyThreshold,
    UnhealthyThreshold: check.unhealthyThreshold,
  };
  if (check.type === 'tcp') return { ...common, Protocol: 'TCP' };
  return { ...common, Protocol: 'HTTP', HttpPath: check.path, ExpectedStatuses: [200, 300] };
}

function loadBalancer({ affinity }: Pool): ServiceSpec['LoadBalancer'] {
  if (affinity === undefined) return { Type: 'ROUND_ROBIN' };
  return { Type: 'CONSISTENT_HASH', Cookie: { Name: AFFINITY_COOKIE, Path: '/', TTL: affinity.ttlSeconds } };
}

/** What a route matches is its identity: one that matches something else is another, and created before the old one goes. */
function compileRoute(mark: string, { rule, domain, predicates }: RouteOf, backends: Backends): ProviderObject {
  const { Path, Type } = predicates.PathPredicates;
  const name = `${nameOf(mark, `${domain}${Path}`, { domain, predicates })}-${PATH_SUFFIXES[Type]}`;
  return routeObject(name, {
    Domains: [domain],
    Predicates: predicates,
    ...destination(rule, backends),
    ...policiesOf(rule, predicates),
    Published: true,
  });
}

type DestinationPart = Pick<
  RouteSpec,
  'DestinationType' | 'Services' | 'FallbackServices' | 'DirectResponse' | 'Redirect'
>;

function destination(rule: Rule, backends: Backends): DestinationPart {
  const none = { Services: [], FallbackServices: [] };
  const answer = filterOf(rule, 'DirectResponse');
  if (answer) {
    return { DestinationType: 'Mock', ...none, DirectResponse: { Code: answer.statusCode, Body: answer.body } };
  }
  const redirect = filterOf(rule, 'RequestRedirect');
  if (redirect) {
    const { statusCode, hostname = '', path } = redirect;
    return {
      DestinationType: 'Redirect',
      ...none,
      Redirect: { Code: statusCode, Host: hostname, Path: path?.value ?? '' },
    };
  }
  const Services = services(rule, backends);
  return {
    DestinationType: Services.length > 1 ? 'Multiple' : 'Single',
    Services,
    FallbackServices: fallback(rule, backends),
  };
}

/** The weight of a backend is shared among the services of its pool; percentages total 100, and none is 0. */
function services(rule: Rule, backends: Backends): Destination[] {
  const parts = rule.backends.flatMap(({ pool, weight }) =>
    (backends.get(pool) ?? []).map(({ Service, Percent }) => ({ Service, weight: weight * Percent })),
  );
  const percents = toPercents(parts.map((part) => part.weight));
  return parts
    .map(({ Service }, index) => ({ Service, Percent: percents[index] ?? 0 }))
    .filter(({ Percent }) => Percent > 0);
}

/** A route has one fallback service: of several clusters the one with the largest share of the pool. */
function fallback({ fallback: pool }: Rule, backends: Backends): string[] {
  const [largest] = [...(backends.get(pool ?? '') ?? [])].sort((a, b) => b.Percent - a.Percent);
  return largest ? [largest.Service] : [];
}
