import type { ServedBackend } from '../../../schemas/route.ts';
import { effectiveShares } from '../../core/allocation/points.ts';
import type { Points } from '../../core/gateway/reading.ts';
import { followingAt, programmedAt, type ConditionState } from '../../core/gateway/status.ts';
import type { Pool } from '../../core/model/ir.ts';
import { providerOf, type Resource } from '../../core/model/resource.ts';
import { type Named, poolOf, servesPool } from '../../core/routing/resolve.ts';
import { backendsOf } from '../../core/routing/terms.ts';
import { providerFor } from '../../providers/registry.ts';
import { type ResourceFacts, programmedInputOf, followingInputOf } from './resource-facts.ts';

/** The state of a route at one of its gateways. */
export interface RouteParentFacts {
  gateway: string;
  states: { Programmed: ConditionState; Following: ConditionState };
  /** The time at which the rules of the gateway were last read; `poolsReadAt` is the time at which its pools were. */
  readAt: string | undefined;
  poolsReadAt: string | undefined;
  /** The shares of clusters in each backend there: those that are wanted beside those that were verified. */
  backends: ServedBackend[];
}

interface ParentContext {
  facts: ResourceFacts;
  named: Named;
  gateways: ReadonlyMap<string, Resource<'gateway'>>;
  nowMs: number;
}

export function routeParents(route: Resource<'route'>, context: ParentContext): RouteParentFacts[] {
  const { facts, named, gateways, nowMs } = context;
  const pools = poolsOf(route, named);
  return route.spec.gateways.map((name) => {
    const input = programmedInputOf(route, name, facts);
    const gateway = gateways.get(name);
    const isAltered = input.deviations.some(({ routes }) => routes.includes(route.name));
    const points = isAltered ? undefined : facts.points.get(name);
    const backends = gateway ? pools.map((pool) => backendAt(route, pool, gateway, points, facts)) : [];
    const traffic = followingInputOf(route, name, facts, laggingIn(backends));
    return {
      gateway: name,
      states: {
        Programmed: programmedAt(route, input, nowMs),
        Following: followingAt(route, traffic, nowMs),
      },
      readAt: input.reading?.readAt,
      poolsReadAt: input.reading?.poolsReadAt,
      backends,
    };
  });
}

/** Returns the pool of each distinct backend, in the order in which the route names them. */
export function poolsOf(route: Resource<'route'>, named: Named): Pool[] {
  const distinct = new Map(backendsOf(route.spec).map(({ ref }) => [`${ref.service}:${ref.port}`, ref]));
  return [...distinct.values()].map((ref) => poolOf(route, ref, named));
}

/**
 * Returns the shares of a backend at a gateway. The verified shares are those of the pool that the route led to when it
 * was read; its weights may have been edited since.
 */
function backendAt(
  { name }: Resource<'route'>,
  pool: Pool,
  gateway: Resource<'gateway'>,
  points: Points | undefined,
  { traffic }: ResourceFacts,
): ServedBackend {
  const { service, port } = pool;
  const wanted = providerFor(providerOf(gateway.spec)).served(pool, effectiveShares(pool, traffic));
  const key = (points?.routes[name] ?? []).find((item) => servesPool(item, service, port));
  const verified = key === undefined ? undefined : points?.pools[key];
  const left = (verified ?? []).filter(({ cluster }) => !wanted.some((share) => share.cluster === cluster));
  return {
    service,
    port,
    clusters: [...wanted, ...left.map(({ cluster }) => ({ cluster, percent: 0 }))].map(({ cluster, percent }) => ({
      cluster,
      wantedPercent: percent,
      ...(verified && { verifiedPercent: verified.find((share) => share.cluster === cluster)?.percent ?? 0 }),
    })),
  };
}

function laggingIn(backends: readonly ServedBackend[]): string[] | 'unknown' {
  const clusters = backends.flatMap((backend) => backend.clusters);
  if (clusters.some(({ verifiedPercent }) => verifiedPercent === undefined)) return 'unknown';
  return clusters
    .filter(({ wantedPercent, verifiedPercent }) => wantedPercent !== verifiedPercent)
    .map(({ cluster }) => cluster);
}
