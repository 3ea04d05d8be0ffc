import type { MseTarget } from '../../../../schemas/gateway.ts';
import { toPercents } from '../../../core/allocation/apportion.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../../../core/model/ir.ts';
import type { Observed, PoolShares, Session } from '../../provider.ts';
import { factsOf } from '../observe/facts.ts';
import {
  type Destination,
  domainObject,
  type HealthCheck,
  type MseObject,
  type RouteObject,
  type RouteSpec,
  routeObject,
  type ServiceObject,
  type ServiceSpec,
  serviceObject,
} from './canonical.ts';
import { markOf, routeName } from './names.ts';
import { filterOf, policiesOf } from './policies.ts';
import { type RouteOf, routesOf } from './predicates.ts';
import { type Slot, slotsOf } from './slots.ts';

/** The cookie by which a service with affinity recognizes its clients. */
const AFFINITY_COOKIE = 'fairlead-affinity';

const PROTOCOLS: Record<Pool['protocol'], string> = { HTTP: 'HTTP', HTTPS: 'HTTPS', gRPC: 'GRPC' };

/** The services of each pool, by pool key, with the percentage of the pool that routes give to each service. */
type Backends = ReadonlyMap<string, readonly Destination[]>;

/**
 * Returns the services of matched pools, one or two routes for each rule, and the domains that are missing. Existing
 * domains are used as they are, whoever created them.
 */
export function compile(
  config: GatewayConfig,
  shares: PoolShares,
  observed: Observed,
  { owner, target }: Pick<Session<MseTarget>, 'owner' | 'target'>,
): MseObject[] {
  const mark = markOf(owner);
  const pools = config.pools.map((pool) => ({ pool, ...slotsOf(pool, shares.get(pool.key) ?? []) }));
  const backends = new Map(
    pools.map(({ pool, slots }) => [pool.key, slots.map(({ key, percent }) => ({ Service: key, Percent: percent }))]),
  );
  const routes = routesOf(config.rules);
  const present = factsOf(observed.facts).domains;
  const missing = [...new Set(routes.map((route) => route.domain))].filter((domain) => !(domain in present));
  return [
    ...missing.map((domain) => domainObject(domain, certificateFor(domain, target))),
    ...pools.flatMap(({ pool, slots, real }) => slots.map((slot) => compileService(pool, slot, real))),
    ...routes.map((route) => compileRoute(mark, route, backends)),
  ];
}

/** Returns the id of the certificate for the host name itself, or else for the wildcard above it. */
function certificateFor(domain: string, { certificates = [] }: MseTarget): string | undefined {
  const wildcard = domain.replace(/^[^.]+/, '*');
  const named = (hostname: string) => certificates.find((certificate) => certificate.hostname === hostname);
  return (named(domain) ?? named(wildcard))?.certificateId;
}

/** Returns a service of a pool. Shares belong to the pool as a whole, so each of its services carries all of them. */
function compileService(pool: Pool, { key, addresses }: Slot, real: readonly Share[]): ServiceObject {
  const spec: ServiceSpec = {
    ServiceProtocol: PROTOCOLS[pool.protocol],
    Ips: addresses,
    HealthCheck: healthCheck(pool),
    LoadBalancer: loadBalancer(pool),
  };
  return { ...serviceObject(key, spec), pool: pool.key, shares: [...real] };
}

/** Returns the health check. MSE has no field for the method. The statuses 200 and 300 stand for 2xx and 3xx. */
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

function compileRoute(mark: string, route: RouteOf, backends: Backends): RouteObject {
  const { rule, domain, predicates } = route;
  const spec = {
    Domains: [domain],
    Predicates: predicates,
    ...destination(rule, backends),
    ...policiesOf(rule, predicates),
    Published: true,
  };
  return { ...routeObject(routeName(mark, route), spec), rules: [rule.key] };
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

/**
 * Returns the services of a rule. The weight of a backend is shared among the services of its pool; percentages total
 * 100, and none is 0.
 */
function services(rule: Rule, backends: Backends): Destination[] {
  const parts = rule.backends.flatMap(({ pool, weight }) =>
    (backends.get(pool) ?? []).map(({ Service, Percent }) => ({ Service, weight: weight * Percent })),
  );
  const percents = toPercents(parts.map((part) => part.weight));
  return parts
    .map(({ Service }, index) => ({ Service, Percent: percents[index] ?? 0 }))
    .filter(({ Percent }) => Percent > 0);
}

/** Returns the fallback service. A route has at most one: that of the cluster with the largest share of the pool. */
function fallback({ fallback: pool }: Rule, backends: Backends): string[] {
  const [largest] = [...(backends.get(pool ?? '') ?? [])].sort((a, b) => b.Percent - a.Percent);
  return largest ? [largest.Service] : [];
}
