import type { Json } from '../core/gateway/provider-object.ts';
import type { Store } from '../deps.ts';
import { put } from './items.ts';
import { memoryKey, memoryOf } from './keys.ts';
import { writeFenced } from './leases.ts';
import { itemOf, recordOf } from './record-type.ts';
import { memoryRecord } from './records/gateways.ts';
import type { Table } from './table.ts';

type Memory = Pick<Store, 'recall' | 'remember'>;

const KEPT_MS = 3_600_000;

/**
 * Stores what providers have read of gateways. DynamoDB deletes expired entries with a delay; until then they are left
 * out here.
 */
export function memoryStore(table: Table): Memory {
  return {
    recall: async (fleet, gateway, nowMs) => {
      const entries = new Map<string, Json>();
      for (const item of await table.query(memoryOf(fleet, gateway))) {
        const { value, expiresAtMs } = recordOf(item, memoryRecord);
        if (expiresAtMs > nowMs) entries.set(item.sk, value);
      }
      return entries;
    },
    remember: async (fleet, gateway, entries, nowMs, lease) => {
      const expiresAtMs = nowMs + KEPT_MS;
      const ttl = Math.ceil(expiresAtMs / 1000);
      const items = [...entries].map(([name, value]) =>
        itemOf(memoryRecord, memoryKey(fleet, gateway, name), { value, expiresAtMs }, { ttl }),
      );
      const puts = items.map((item) => put(item));
      await (lease ? writeFenced(table, puts, lease) : table.writeAll(items, []));
    },
  };
}
