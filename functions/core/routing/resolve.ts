import type { ClusterSpec } from '../../../schemas/cluster.ts';
import type { RouteDistribution, Split } from '../../../schemas/distribution.ts';
import type { BackendRef, RouteRule, RouteSpec } from '../../../schemas/route.ts';
import type { ServiceSpec } from '../../../schemas/service.ts';
import { toPercents } from '../allocation/apportion.ts';
import { digest } from '../model/digest.ts';
import type { Address, GatewayConfig, Member, Pool, PoolRef, Rule } from '../model/ir.ts';
import type { Kind, Resource, Snapshot } from '../model/resource.ts';
import { compareText } from '../model/text.ts';
import { choiceOf, type Distributions, declaredMembers, exportOf, splitOf } from './distribution.ts';
import { comparePrecedence } from './precedence.ts';

/** The resources that routes refer to, by name, and the clusters that export the services. */
export interface Named extends Distributions {
  services: ReadonlyMap<string, Resource<'service'>>;
  clusters: ReadonlyMap<string, Resource<'cluster'>>;
}

export function byName<K extends Kind>(resources: readonly Resource<K>[]): Map<string, Resource<K>> {
  return new Map(resources.map((resource) => [resource.name, resource]));
}

/**
 * Turns the resources declared for a gateway into rules and pools. Health plays no part here: it later moves the shares
 * of pools.
 */
export function resolve({ routes, defaultDistribution, ...named }: Omit<Snapshot, 'gateway'>): GatewayConfig {
  return resolveNamed(routes, {
    services: byName(named.services),
    clusters: byName(named.clusters),
    distributions: byName(named.distributions),
    defaultDistribution,
  });
}

/** Turns routes, and the resources that they refer to, into rules and pools. */
export function resolveNamed(routes: readonly Resource<'route'>[], named: Named): GatewayConfig {
  const pools = new Map<string, Pool>();
  const rules = routes.flatMap((route) => {
    const suffix = distributionKey(choiceOf(route.spec, named));
    const poolKey = (ref: BackendRef) => {
      const key = keyOf(ref, suffix);
      if (!pools.has(key)) pools.set(key, poolOf(route, ref, named));
      return key;
    };
    return route.spec.rules.flatMap((rule, index) => {
      const behaviour = behaviourOf(rule, poolKey);
      addLoad(pools, behaviour.backends, (rule.peakRequestsPerSecond ?? 0) / route.spec.gateways.length);
      return expand(route, index).map((place) => ({ ...place, ...behaviour, createdAt: route.createdAt }));
    });
  });
  return {
    rules: rules.sort(comparePrecedence).map(({ createdAt: _, ...rule }) => rule),
    pools: [...pools.values()].sort((a, b) => compareText(a.key, b.key)),
  };
}

/** Returns the parts of a rule that say what happens to a request that matches. */
function behaviourOf(rule: RouteRule, poolKey: (ref: BackendRef) => string): Omit<Rule, 'key' | 'hostname' | 'match'> {
  const serving = rule.backendRefs.filter((ref) => ref.weight > 0);
  const weights = toPercents(serving.map((ref) => ref.weight));
  const mirror = rule.filters.find((filter) => filter.type === 'RequestMirror');
  return {
    backends: serving.map((ref, position) => ({ pool: poolKey(ref), weight: weights[position] ?? 0 })),
    filters: rule.filters.filter((filter) => filter.type !== 'RequestMirror'),
    ...(mirror && { mirror: poolKey(backendRef(mirror)) }),
    ...(rule.fallback && { fallback: poolKey(backendRef(rule.fallback)) }),
    ...(rule.timeouts && { timeouts: rule.timeouts }),
    ...(rule.retry && { retry: rule.retry }),
  };
}

/**
 * Adds the load that one rule is expected to bring to this gateway to its pools. A pool serves all rules that lead to
 * it.
 */
function addLoad(pools: ReadonlyMap<string, Pool>, backends: readonly PoolRef[], requestsPerSecond: number): void {
  if (requestsPerSecond === 0) return;
  for (const { pool: key, weight } of backends) {
    const pool = pools.get(key);
    if (pool) pool.load = (pool.load ?? 0) + (requestsPerSecond * weight) / 100;
  }
}

/** Returns a backend reference for a service port that gets all the traffic. */
export function backendRef({ service, port }: { service: string; port: number }): BackendRef {
  return { service, port, weight: 1 };
}

/**
 * Returns one rule for each host name and match. Keys sort in the order of the route's rules and matches, which decides
 * when all else is equal.
 */
function expand(route: Resource<'route'>, ruleIndex: number) {
  const matches = route.spec.rules[ruleIndex]?.matches ?? [];
  const hostnames: (string | undefined)[] = route.spec.hostnames.length > 0 ? route.spec.hostnames : [undefined];
  const index = (value: number) => String(value).padStart(2, '0');
  return matches.flatMap((match, matchIndex) =>
    hostnames.map((hostname) => ({
      hostname,
      match,
      key: `${route.name}/${index(ruleIndex)}/${index(matchIndex)}/${hostname ?? '*'}`,
    })),
  );
}

/**
 * Returns the key of the pool of a route's backend. Routes with equal splits of their own, and routes that use the same
 * named distribution, share the pools of equal backends. The key depends only on the name of a named distribution, so
 * it stays the same when that is edited.
 */
export function poolKeyOf(
  spec: Pick<RouteSpec, 'distribution'>,
  ref: Pick<BackendRef, 'service' | 'port'>,
  fleet: Pick<Distributions, 'defaultDistribution'>,
): string {
  return keyOf(ref, distributionKey(choiceOf(spec, fleet)));
}

function keyOf({ service, port }: Pick<BackendRef, 'service' | 'port'>, suffix: string): string {
  return `${service}-${port}-${suffix}`;
}

function distributionKey(distribution: RouteDistribution): string {
  return digest({ distribution }).slice(0, 12);
}

/** Tells whether the pool with this key belongs to routes that use the named distribution. */
export function usesDistribution(key: string, name: string): boolean {
  return key.endsWith(`-${distributionKey({ ref: name })}`);
}

/** Tells whether the pool with this key serves the service, at the given port if there is one. */
export function servesPool(key: string, service: string, port?: number): boolean {
  const start = `${service}-`;
  const [portText, suffix, ...rest] = key.slice(start.length).split('-');
  const isOfService =
    key.startsWith(start) && suffix !== undefined && rest.length === 0 && /^\d+$/.test(portText ?? '');
  return isOfService && (port === undefined || Number(portText) === port);
}

/** Returns the pool of a route's backend. */
export function poolOf({ spec }: { spec: RouteSpec }, ref: BackendRef, named: Named): Pool {
  const { services, clusters } = named;
  const split = splitOf(spec, named);
  const service = services.get(ref.service)?.spec;
  const port = service?.ports.find((item) => item.port === ref.port);
  return {
    key: poolKeyOf(spec, ref, named),
    service: ref.service,
    port: ref.port,
    protocol: port?.protocol ?? 'HTTP',
    healthCheck: service?.healthCheck ?? NO_SERVICE_CHECK,
    ...(service?.sessionAffinity && { affinity: { ttlSeconds: service.sessionAffinity.ttlSeconds } }),
    pinned: split.pin === 'strict',
    members: service ? members(split, service, clusters) : [],
  };
}

/**
 * Health check of a pool whose service is missing. References are checked when they are written, so this should not
 * occur.
 */
const NO_SERVICE_CHECK: ServiceSpec['healthCheck'] = {
  type: 'tcp',
  intervalSeconds: 2,
  timeoutSeconds: 2,
  healthyThreshold: 2,
  unhealthyThreshold: 2,
};

/**
 * Returns the clusters that the split includes, with their addresses, sorted by tier and cluster. Clusters for which
 * the service has no addresses are left out.
 */
function members(split: Split, service: ServiceSpec, clusters: Named['clusters']): Member[] {
  return declaredMembers(split, service, clusters)
    .flatMap((member) => {
      const endpoints = endpointsOf(service, member.cluster, clusters);
      return endpoints.length > 0 ? [{ ...member, endpoints }] : [];
    })
    .sort((a, b) => a.tier - b.tier || compareText(a.cluster, b.cluster));
}

/**
 * Returns every cluster that exports the service, whatever distributions include it: its addresses may still get
 * requests from a pool that had other members before.
 */
export function exporters({ spec }: Resource<'service'>, clusters: Named['clusters']): Member[] {
  return spec.exports.map(({ cluster }) => ({
    cluster,
    weight: 0,
    tier: 0,
    endpoints: endpointsOf(spec, cluster, clusters),
  }));
}

function endpointsOf(service: ServiceSpec, clusterName: string, clusters: Named['clusters']): Address[] {
  const backend = exportOf(service, clusterName)?.backend;
  if (backend === undefined) return [];
  const source = backend.type === 'endpoints' ? backend : clusters.get(clusterName)?.spec.ingress;
  if (source === undefined) return [];
  return addressesOf(source);
}

/** Returns the addresses of an ingress, sorted by address and port. */
export function addressesOf({ endpoints, remote }: NonNullable<ClusterSpec['ingress']>): Address[] {
  return endpoints
    .map(({ address, port }) => ({ address, port, remote }))
    .sort((a, b) => compareText(a.address, b.address) || a.port - b.port);
}
