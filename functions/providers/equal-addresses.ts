import { issueAt, say } from '../../schemas/messages/index.ts';
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
      const message = say('AddressClaimedTwice', { address: name, service, first: owner, second: cluster });
      return [{ ...issueAt(`#/pools/${key}`, 'conflicting-declaration', message), rules: [], pools: [key] }];
    }),
  );
}
