import { NO_BASELINE } from '../core/drift.ts';
import type { Store } from '../deps.ts';
import { check, PRESENT, put, remove } from './items.ts';
import { baselineKey, poolKey, poolsOf, resourceKey, syncKey, syncsOf } from './keys.ts';
import { fence, writeFenced } from './leases.ts';
import { itemOf, recordOf } from './record-type.ts';
import { baselineRecord, poolRecord, syncRecord } from './records/gateways.ts';
import type { Table } from './table.ts';

type Gateways = Pick<Store, 'sync' | 'putSync' | 'syncs' | 'pools' | 'putPools' | 'baseline' | 'putBaseline'>;

/** What the reconciler keeps of each gateway. */
export function gatewayStore(table: Table): Gateways {
  return {
    sync: async (fleet, gateway) => {
      const item = await table.get(syncKey(fleet, gateway));
      return item && recordOf(item, syncRecord);
    },
    // Nor when the gateway has been deleted meanwhile: its successor would be taken for verified.
    putSync: async (record, lease) => {
      const { fleet, gateway } = record;
      const outcome = await table.transact([
        check(resourceKey({ kind: 'gateway', fleet, name: gateway }), PRESENT),
        fence(lease),
        put(itemOf(syncRecord, syncKey(fleet, gateway), record)),
      ]);
      return outcome.ok;
    },
    syncs: async (fleet) => {
      const items = await table.query(syncsOf(fleet));
      return items.map((item) => recordOf(item, syncRecord));
    },
    pools: async (fleet, gateway) => {
      const items = await table.query(poolsOf(fleet, gateway));
      return items.map((item) => recordOf(item, poolRecord));
    },
    // One item a pool, and only those that differ are written. Puts go first: a pool is rather stale than missing.
    putPools: async (fleet, gateway, pools, lease) => {
      const before = new Map((await table.query(poolsOf(fleet, gateway))).map((item) => [item.sk, item]));
      const after = new Map(
        pools.map((pool) => [pool.key, itemOf(poolRecord, poolKey(fleet, gateway, pool.key), pool)]),
      );
      const changed = [...after.values()].filter((item) => item['body'] !== before.get(item.sk)?.['body']);
      const removed = [...before.values()].filter((item) => !after.has(item.sk));
      const operations = [...changed.map((item) => put(item)), ...removed.map(({ pk, sk }) => remove({ pk, sk }))];
      return await writeFenced(table, operations, lease);
    },
    baseline: async (fleet, gateway) => {
      const item = await table.get(baselineKey(fleet, gateway));
      return item ? recordOf(item, baselineRecord) : NO_BASELINE;
    },
    putBaseline: async (fleet, gateway, baseline, lease) =>
      await writeFenced(table, [put(itemOf(baselineRecord, baselineKey(fleet, gateway), baseline))], lease),
  };
}
