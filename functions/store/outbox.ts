import { type Lease, LeaseLost, type OutboxRow, type Store } from '../deps.ts';
import { type Operation, put, remove } from './items.ts';
import {
  gatewayOfRow,
  type Key,
  outboxBehind,
  outboxKey,
  outboxOf,
  outboxRowsOf,
  programmedKey,
  programmedOf,
  resourceKey,
} from './keys.ts';
import { fence } from './leases.ts';
import { itemOf, recordOf } from './record-type.ts';
import { outboxRowOf, programmedRecord } from './records/gateways.ts';
import type { Table } from './table.ts';

type Outbox = Pick<Store, 'outbox' | 'waiting' | 'nextBehind' | 'settle' | 'programmed'>;

/** Two operations a row: far below the limit of a transaction, so that one busy row delays few others. */
const ROWS_PER_TRANSACTION = 25;

/** Index of the lease's check in a transaction. */
const FENCE = 0;

/** What gateways have yet to follow, and what they follow. */
export function outboxStore(table: Table): Outbox {
  return {
    outbox: async (scope, limit) => {
      const items = await table.query(outboxOf(scope), limit === undefined ? {} : { limit });
      return items.map(outboxRowOf);
    },
    waiting: async (fleet, gateway, kind, from, to) => {
      const items = await table.query(outboxRowsOf({ fleet, gateway, kind }, from, to));
      return items.map(outboxRowOf);
    },
    nextBehind: async (last) => {
      const [item] = await table.query(outboxBehind(last), { limit: 1 });
      return item && gatewayOfRow(item);
    },
    settle: async (rows, verifiedAt, lease) => {
      const distinct = [...new Map(rows.map((row) => [outboxKey(row).sk, row])).values()];
      for (let start = 0; start < distinct.length; start += ROWS_PER_TRANSACTION) {
        const batch = distinct.slice(start, start + ROWS_PER_TRANSACTION);
        await settle(table, batch, verifiedAt, lease);
      }
    },
    programmed: async (fleet, kind, from, to) => {
      const items = await table.query(programmedOf(fleet, kind, from, to));
      return items.map((item) => recordOf(item, programmedRecord));
    },
  };
}

/** Rows that have moved on make their transaction fail; the others go without them. Those stay for the next run. */
async function settle(table: Table, rows: OutboxRow[], verifiedAt: string, lease: Lease): Promise<void> {
  const lasting = await lastingRows(table, rows);
  let open = rows;
  while (open.length > 0) {
    const settling = open.flatMap((row) => settleOperations(row, lasting.has(row), verifiedAt));
    const outcome = await table.transact([fence(lease), ...settling]);
    if (outcome.ok || outcome.failed.length === 0) return;
    if (outcome.failed.includes(FENCE)) throw new LeaseLost(lease.name);
    const moved = new Set(outcome.failed.map((index) => Math.floor((index - 1) / 2)));
    open = open.filter((_, index) => !moved.has(index));
  }
}

/** Two operations. The revision alone would not do: a resource that is created again counts from 1 again. */
function settleOperations(row: OutboxRow, lasting: boolean, verifiedAt: string): Operation[] {
  const { requestedAt, fleet, gateway, kind, name, revision } = row;
  const programmed = { fleet, gateway, kind, name, revision };
  const key = programmedKey(row);
  return [
    remove(outboxKey(row), '#revision = :revision AND #requestedAt = :requestedAt', {
      revision: row.revision,
      requestedAt,
    }),
    lasting ? put(itemOf(programmedRecord, key, { ...programmed, verifiedAt })) : remove(key),
  ];
}

/** The rows whose resource and gateway still exist. What is no resource lasts as long as the gateway. */
async function lastingRows(table: Table, rows: OutboxRow[]): Promise<Set<OutboxRow>> {
  const found = await table.existing(rows.flatMap(subjects));
  const exists = new Set(found.map(({ pk, sk }) => `${pk} ${sk}`));
  return new Set(rows.filter((row) => subjects(row).every(({ pk, sk }) => exists.has(`${pk} ${sk}`))));
}

function subjects({ fleet, gateway, kind, name }: OutboxRow): Key[] {
  const follower = resourceKey({ kind: 'gateway', fleet, name: gateway });
  if (kind === 'traffic' || kind === 'apply') return [follower];
  return [follower, resourceKey({ kind, fleet, name })];
}
