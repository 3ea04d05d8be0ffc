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
 * Budgets of calls. The version is an attribute, which writes are conditional on. No answer is waited for longer than `patienceMs`: the
 * SDK alone would try for twenty seconds, and a failover waits for this.
 */
export function budgetStore(table: Table, patienceMs: number): Budgets {
  return {
    budget: async (scope) => {
      const item = await within(patienceMs, table.get(budgetKey(scope)));
      return item && { version: parsed(item, Versioned, item).version, bucket: recordOf(item, bucketRecord) };
    },
    putBudget: async (scope, { version, bucket }) => {
      const item = itemOf(bucketRecord, budgetKey(scope), bucket, { version });
      const operation = version === 1 ? put(item, ABSENT) : put(item, '#version = :before', { before: version - 1 });
      return (await within(patienceMs, table.transact([operation]))).ok;
    },
  };
}

/** Rejects when the work takes too long; the work goes on, and nobody waits for it. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The store has not answered in time.')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
