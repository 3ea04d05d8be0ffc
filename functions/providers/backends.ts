import type { Pool } from '../core/model/ir.ts';
import type { Backends } from './provider.ts';

/** What a gateway says of one endpoint. */
export type EndpointHealth = 'ok' | 'fail' | 'unknown';

/**
 * Clusters by their endpoints. `healthOf` an endpoint (`address:port`) of a pool. One endpoint that answers is enough: a gateway does
 * without the others, and what else is wrong with the cluster is for other voters to say.
 */
export function clustersOf(
  pools: readonly Pool[],
  healthOf: (pool: Pool, endpoint: string) => EndpointHealth,
): Backends {
  const found = new Map<string, EndpointHealth>();
  for (const pool of pools) {
    for (const { cluster, endpoints } of pool.members) {
      const each = endpoints.map(({ address, port }) => healthOf(pool, `${address}:${port}`));
      found.set(cluster, together([found.get(cluster) ?? 'unknown', ...each]));
    }
  }
  return found;
}

/** Of several endpoints: ok before fail before unknown. */
export function together(each: readonly EndpointHealth[]): EndpointHealth {
  if (each.includes('ok')) return 'ok';
  return each.includes('fail') ? 'fail' : 'unknown';
}
