import type { Pool } from '../core/model/ir.ts';
import type { Finding } from './provider.ts';

/** One address gets one share of a pool, so that it cannot stand for two clusters: what each of them has could not be told. */
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
