import * as z from 'zod';
import type { Store } from '../deps.ts';
import { ABSENT, put } from './items.ts';
import { budgetKey } from './keys.ts';
import { itemOf, parsed, recordOf } from './record-type.ts';
import { bucketRecord } from './records/coordination.ts';
import type { Table } from './table.ts';

type Budgets = Pick<Store, 'budget' | 'putBudget'>;

const Versioned = z.object({ version: z.int().min(1) });

/**
 * Stores the budgets of calls. The version is an attribute, which writes are conditional on. Each call takes at most
 * `patienceMs`, which is short because a failover waits for it.
 */
export function budgetStore(table: Table, patienceMs: number): Budgets {
  return {
    budget: async (scope) => {
      const item = await table.get(budgetKey(scope), { patienceMs });
      return item && { version: parsed(item, Versioned, item).version, bucket: recordOf(item, bucketRecord) };
    },
    putBudget: async (scope, { version, bucket }) => {
      const item = itemOf(bucketRecord, budgetKey(scope), bucket, { version });
      const write = version === 1 ? put(item, ABSENT) : put(item, '#version = :before', { before: version - 1 });
      return (await table.transact([write], { patienceMs })).ok;
    },
  };
}
