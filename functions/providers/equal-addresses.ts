import type { Pool } from '../core/model/ir.ts';
import type { Finding } from './provider.ts';

/**
 * Finds addresses of a pool that several clusters claim. One address gets one share of a pool, so the shares of two
 * clusters at the same address could not be told apart.
 */
export function equalAddresses({ key, service, members }: Pool): Finding[] {
  const owners = new Map<string, string>();
  return members.flatMap(({ cluster, endpoints }) =>
    endpoints.flatMap(({ address, port }) => {
      const name = `${address}:${port}`;
      const owner = owners.get(name) ?? cluster;
      owners.set(name, owner);
      if (owner === cluster) return [];
      const detail = `${name} of ${service} is claimed by the clusters ${owner} and ${cluster}`;
      return [{ pointer: `#/pools/${key}`, code: 'conflicting-declaration', detail, rules: [], pools: [key] }];
    }),
  );
}
