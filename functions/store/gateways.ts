import type { Store } from '../deps.ts';
import { check, itemOf, PRESENT, put, recordOf } from './items.ts';
import { leaseKey, poolKey, poolsOf, resourceKey, syncKey, syncsOf } from './keys.ts';
import { StoredPool, StoredSync } from './records.ts';
import type { Table } from './table.ts';

type Gateways = Pick<Store, 'sync' | 'putSync' | 'syncs' | 'pools' | 'putPools'>;

/** What the reconciler keeps of each gateway. */
export function gatewayStore(table: Table): Gateways {
  return {
    sync: async (fleet, gateway) => {
      const item = await table.get(syncKey(fleet, gateway));
      return item && recordOf(item, StoredSync);
    },
    // Nor when the gateway has been deleted meanwhile: its successor would be taken for verified.
    putSync: async (record, { name, epoch, holder }) => {
      const { fleet, gateway } = record;
      const outcome = await table.transact([
        check(resourceKey({ kind: 'gateway', fleet, name: gateway }), PRESENT),
        check(leaseKey(name), '#epoch = :epoch AND #holder = :holder', { epoch, holder }),
        put(itemOf(syncKey(fleet, gateway), record)),
      ]);
      return outcome.ok;
    },
    syncs: async (fleet) => {
      const items = await table.query(syncsOf(fleet));
      return items.map((item) => recordOf(item, StoredSync));
    },
    pools: async (fleet, gateway) => {
      const items = await table.query(poolsOf(fleet, gateway));
      return items.map((item) => recordOf(item, StoredPool));
    },
    // One item a pool, and only those that differ are written. Puts go first: a pool is rather stale than missing.
    putPools: async (fleet, gateway, pools) => {
      const before = new Map((await table.query(poolsOf(fleet, gateway))).map((item) => [item.sk, item]));
      const after = new Map(pools.map((pool) => [pool.key, itemOf(poolKey(fleet, gateway, pool.key), pool)]));
      const changed = [...after.values()].filter((item) => item['body'] !== before.get(item.sk)?.['body']);
      const removed = [...before.values()].filter((item) => !after.has(item.sk));
      await table.writeAll(
        changed,
        removed.map(({ pk, sk }) => ({ pk, sk })),
      );
    },
  };
}
