import type { Pool } from '../core/model/ir.ts';
import type { BackendHealth } from './provider.ts';

/** The health of one endpoint, as a gateway reports it. */
export type EndpointHealth = 'ok' | 'fail' | 'unknown';

/**
 * Derives the health of clusters from that of their endpoints, which `healthOf` returns by pool and `address:port`. One
 * healthy endpoint is enough: a gateway does without the others, and other voters report what else is wrong with the
 * cluster.
 */
export function clustersOf(
  pools: readonly Pool[],
  healthOf: (pool: Pool, endpoint: string) => EndpointHealth,
): BackendHealth {
  const found = new Map<string, EndpointHealth>();
  for (const pool of pools) {
    for (const { cluster, endpoints } of pool.members) {
      const each = endpoints.map(({ address, port }) => healthOf(pool, `${address}:${port}`));
      found.set(cluster, together([found.get(cluster) ?? 'unknown', ...each]));
    }
  }
  return found;
}

/** Combines the health of several endpoints: `ok` prevails over `fail`, and `fail` over `unknown`. */
export function together(each: readonly EndpointHealth[]): EndpointHealth {
  if (each.includes('ok')) return 'ok';
  return each.includes('fail') ? 'fail' : 'unknown';
}
