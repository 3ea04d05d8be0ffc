import { type Lease, LeaseLost, type OutcomeRecord, type Store } from '../deps.ts';
import { ABSENT, type Item, type ItemWrite, put } from './items.ts';
import { auditWrite, expiry, operationWrite, outboxWrites } from './journal.ts';
import { operationKey, operationsOf, outcomeKey, outcomesOf, waitingKey } from './keys.ts';
import { fence } from './leases.ts';
import { outage } from './outage.ts';
import { readPage } from './pages.ts';
import { itemOf, recordOf } from './record-type.ts';
import { operationRecord, outcomeRecord } from './records/gateways.ts';
import type { Table } from './table.ts';

type Operations = Pick<Store, 'begin' | 'operation' | 'operations' | 'outcomes' | 'conclude'>;

const OUTCOMES_PER_TRANSACTION = 50;

/** Stores operations, which are pushes to gateways, and their outcomes. They expire after 30 days. */
export function operationStore(table: Table): Operations {
  return {
    begin: async (operation, audit, outbox) => {
      const operations = [
        operationWrite(operation),
        auditWrite(operation.fleet, audit),
        ...outbox.flatMap(outboxWrites),
      ];
      if (!(await table.transact(operations)).ok) throw new Error(`The operation ${operation.id} has begun already.`);
    },
    operation: async (fleet, id) => {
      const item = await table.get(operationKey(fleet, id));
      return item && recordOf(item, operationRecord);
    },
    operations: (fleet, page, selection) => {
      const range = operationsOf(fleet, selection?.span);
      const list = { range, order: 'descending', parse: (item: Item) => recordOf(item, operationRecord) } as const;
      return readPage(table, list, page, selection);
    },
    outcomes: async (fleet, from, to) => {
      const items = await table.query(outcomesOf(fleet, from, to));
      return items.map((item) => recordOf(item, outcomeRecord));
    },
    conclude: async (outcomes, waiting, lease) => {
      const waits = Map.groupBy(waiting, ({ operation }) => operation);
      for (let start = 0; start < outcomes.length; start += OUTCOMES_PER_TRANSACTION) {
        const batch = outcomes.slice(start, start + OUTCOMES_PER_TRANSACTION);
        await conclude(table, batch, lease);
        const ended = batch.flatMap(({ operation }) => waits.get(operation) ?? []);
        await table.writeAll([], ended.map(waitingKey));
      }
    },
  };
}

/**
 * Writes outcomes. An operation that has ended already makes the transaction fail, so the others are written without
 * it.
 */
async function conclude(table: Table, outcomes: readonly OutcomeRecord[], lease: Lease): Promise<void> {
  let open = outcomes;
  while (open.length > 0) {
    const outcome = await table.transact([fence(lease), ...open.map(outcomeWrite)]);
    if (outcome.ok) return;
    if (outcome.failed.length === 0) throw outage('contended', 'TransactionConflict');
    if (outcome.failed.includes(0)) throw new LeaseLost(lease.name);
    open = open.filter((_, index) => !outcome.failed.includes(index + 1));
  }
}

function outcomeWrite(outcome: OutcomeRecord): ItemWrite {
  const { fleet, operation, gateway, endedAt } = outcome;
  return put(itemOf(outcomeRecord, outcomeKey(fleet, operation, gateway), outcome, { ttl: expiry(endedAt) }), ABSENT);
}
