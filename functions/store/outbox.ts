import type { OutboxRow, Store } from '../deps.ts';
import { itemOf, type Operation, put, recordOf, remove } from './items.ts';
import { type Key, outboxKey, outboxOf, programmedKey, programmedOf, resourceKey } from './keys.ts';
import { StoredOutboxRow, StoredProgrammedRow } from './records.ts';
import type { Table } from './table.ts';

type Outbox = Pick<Store, 'outbox' | 'settle' | 'programmed'>;

/** Two operations a row: far below the limit of a transaction, so that one busy row delays few others. */
const ROWS_PER_TRANSACTION = 25;

/** What gateways have yet to follow, and what they follow. */
export function outboxStore(table: Table): Outbox {
  return {
    outbox: async (scope) => {
      const items = await table.query(outboxOf(scope));
      return items.map((item) => recordOf(item, StoredOutboxRow));
    },
    settle: async (rows, verifiedAt) => {
      const distinct = [...new Map(rows.map((row) => [outboxKey(row).sk, row])).values()];
      for (let start = 0; start < distinct.length; start += ROWS_PER_TRANSACTION) {
        await settle(table, distinct.slice(start, start + ROWS_PER_TRANSACTION), verifiedAt);
      }
    },
    programmed: async (fleet, kind, from, to) => {
      const items = await table.query(programmedOf(fleet, kind, from, to));
      return items.map((item) => recordOf(item, StoredProgrammedRow));
    },
  };
}

/** Rows that have moved on make their transaction fail; the others go without them. Those stay for the next run. */
async function settle(table: Table, rows: OutboxRow[], verifiedAt: string): Promise<void> {
  const lasting = await lastingRows(table, rows);
  let open = rows;
  while (open.length > 0) {
    const outcome = await table.transact(open.flatMap((row) => settleOperations(row, lasting.has(row), verifiedAt)));
    if (outcome.ok || outcome.failed.length === 0) return;
    const moved = new Set(outcome.failed.map((index) => Math.floor(index / 2)));
    open = open.filter((_, index) => !moved.has(index));
  }
}

/** Two operations. The revision alone would not do: a resource that is created again counts from 1 again. */
function settleOperations(row: OutboxRow, lasting: boolean, verifiedAt: string): Operation[] {
  const { requestedAt, ...programmed } = row;
  const key = programmedKey(row);
  return [
    remove(outboxKey(row), '#revision = :revision AND #requestedAt = :requestedAt', {
      revision: row.revision,
      requestedAt,
    }),
    lasting ? put(itemOf(key, { ...programmed, verifiedAt })) : remove(key),
  ];
}

/** The rows whose resource and gateway still exist. Traffic is no resource and lasts as long as the gateway. */
async function lastingRows(table: Table, rows: OutboxRow[]): Promise<Set<OutboxRow>> {
  const found = await table.existing(rows.flatMap(subjects));
  const exists = new Set(found.map(({ pk, sk }) => `${pk} ${sk}`));
  return new Set(rows.filter((row) => subjects(row).every(({ pk, sk }) => exists.has(`${pk} ${sk}`))));
}

function subjects({ fleet, gateway, kind, name }: OutboxRow): Key[] {
  const follower = resourceKey({ kind: 'gateway', fleet, name: gateway });
  return kind === 'traffic' ? [follower] : [follower, resourceKey({ kind, fleet, name })];
}
