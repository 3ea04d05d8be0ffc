import { type Lease, LeaseLost, type OutboxRow, type Store, type WaitingOperation } from '../deps.ts';
import { type Operation, PRESENT, put, remove, update } from './items.ts';
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
  waitingFor,
} from './keys.ts';
import { fence } from './leases.ts';
import { itemOf, recordOf } from './record-type.ts';
import { outboxRowOf, programmedRecord, waitingRecord } from './records/gateways.ts';
import type { Table } from './table.ts';

type Outbox = Pick<Store, 'outbox' | 'waiting' | 'waitingOperations' | 'nextBehind' | 'settle' | 'programmed'>;

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
    waitingOperations: (rows) => waitingOperations(table, rows),
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

/**
 * All that waits for a row that is still as it was read; each came with the row as it is, or before. Where the row has moved on, those
 * that asked for no later state: others are for a run that has seen it.
 */
async function waitingOperations(table: Table, rows: readonly OutboxRow[]): Promise<WaitingOperation[]> {
  const [first, ...others] = rows;
  if (first === undefined) return [];
  const read = new Map(rows.map((row) => [outboxKey(row).sk, row]));
  const items = await table.query(waitingFor(first, ...others));
  const waiting = items.map((item) => recordOf(item, waitingRecord));
  // Looked at after the operations were read: a row that has not moved by then had not moved when the last of them came.
  const rowsNow = (await table.getAll(waiting.map(outboxKey))).map(outboxRowOf);
  const now = new Map(rowsNow.map((row) => [outboxKey(row).sk, row]));
  return waiting.filter((operation) => {
    const { sk } = outboxKey(operation);
    const row = read.get(sk);
    return row !== undefined && (isSameState(row, now.get(sk)) || isSeenBy(row, operation));
  });
}

function isSameState(row: OutboxRow, now: OutboxRow | undefined): boolean {
  return row.revision === now?.revision && row.requestedAt === now.requestedAt && row.operation === now.operation;
}

/** The revision alone would not do, since a resource that is created again counts from 1 again; nor the time, since clocks differ. */
function isSeenBy(row: OutboxRow, { revision, requestedAt }: WaitingOperation): boolean {
  return revision <= row.revision && requestedAt <= row.requestedAt;
}

/** Rows that have moved on make their transaction fail; the others go without them. Those stay for the next run. */
async function settle(table: Table, rows: OutboxRow[], verifiedAt: string, lease: Lease): Promise<void> {
  const lasting = await lastingRows(table, rows);
  let open = rows;
  const moved: OutboxRow[] = [];
  while (open.length > 0) {
    const settling = open.flatMap((row) => settleOperations(row, lasting.has(row), verifiedAt));
    const outcome = await table.transact([fence(lease), ...settling]);
    if (outcome.ok || outcome.failed.length === 0) break;
    if (outcome.failed.includes(FENCE)) throw new LeaseLost(lease.name);
    const failed = new Set(outcome.failed.map((index) => Math.floor((index - 1) / 2)));
    moved.push(...open.filter((_, index) => failed.has(index)));
    open = open.filter((_, index) => !failed.has(index));
  }
  for (const row of moved) await waitAnew(table, row, lease);
}

/** What was requested before a row moved on waits no more: the row waits since the first of the operations that are left. */
async function waitAnew(table: Table, row: OutboxRow, lease: Lease): Promise<void> {
  const left = (await table.query(waitingFor(row))).map((item) => recordOf(item, waitingRecord));
  const [since] = left.map(({ requestedAt }) => requestedAt).sort();
  if (since === undefined) return;
  const outcome = await table.transact([
    fence(lease),
    update(outboxKey(row), 'SET #since = :since', PRESENT, { since }),
  ]);
  if (!outcome.ok && outcome.failed.includes(FENCE)) throw new LeaseLost(lease.name);
}

/** Two operations. The state of a row is its revision, its time and its operation: each of them alone may come again. */
function settleOperations(row: OutboxRow, lasting: boolean, verifiedAt: string): Operation[] {
  const { requestedAt, operation, fleet, gateway, kind, name, revision } = row;
  const programmed = { fleet, gateway, kind, name, revision };
  const key = programmedKey(row);
  const asked = operation === undefined ? 'attribute_not_exists(#operation)' : '#operation = :operation';
  return [
    remove(outboxKey(row), `#revision = :revision AND #requestedAt = :requestedAt AND ${asked}`, {
      ...{ revision, requestedAt },
      ...(operation !== undefined && { operation }),
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
