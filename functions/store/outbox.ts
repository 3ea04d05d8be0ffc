import { type Lease, LeaseLost, type OutboxRow, type Store, type WaitingOperation } from '../deps.ts';
import { type ItemWrite, PRESENT, put, remove, update } from './items.ts';
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

type Outbox = Pick<Store, 'outbox' | 'waiting' | 'waitingOperations' | 'nextBehind' | 'acknowledge' | 'programmed'>;

/**
 * The most rows in one transaction, with two operations each. This is far below the limit, so that one row which
 * changes often delays few others.
 */
const ROWS_PER_TRANSACTION = 25;

/** The index of the check of the lease in a transaction. */
const FENCE = 0;

/** Stores the rows that gateways have yet to apply, and those that they have applied. */
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
    acknowledge: async (rows, verifiedAt, lease) => {
      const distinct = [...new Map(rows.map((row) => [outboxKey(row).sk, row])).values()];
      for (let start = 0; start < distinct.length; start += ROWS_PER_TRANSACTION) {
        const batch = distinct.slice(start, start + ROWS_PER_TRANSACTION);
        await acknowledgeBatch(table, batch, verifiedAt, lease);
      }
    },
    programmed: async (fleet, kind, from, to) => {
      const items = await table.query(programmedOf(fleet, kind, from, to));
      return items.map((item) => recordOf(item, programmedRecord));
    },
  };
}

/**
 * Returns the operations that wait for these rows. For a row that has not changed since it was read, these are all that
 * wait for it, because each came with its present state or an earlier one. For a row that has changed, they are those
 * that asked for no later state than the one that was read; the others are left to a run that has read the later state.
 */
async function waitingOperations(table: Table, rows: readonly OutboxRow[]): Promise<WaitingOperation[]> {
  const [first, ...others] = rows;
  if (first === undefined) return [];
  const read = new Map(rows.map((row) => [outboxKey(row).sk, row]));
  const items = await table.query(waitingFor(first, ...others));
  const waiting = items.map((item) => recordOf(item, waitingRecord));
  // The rows are read after the operations: a row that has not changed by then had not changed when the last of the
  // operations came.
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

/**
 * Tells whether a row includes what an operation asked for. The revision alone would not do, because a resource that is
 * created again counts from 1 again, and neither would the time, because clocks differ.
 */
function isSeenBy(row: OutboxRow, { revision, requestedAt }: WaitingOperation): boolean {
  return revision <= row.revision && requestedAt <= row.requestedAt;
}

/**
 * Acknowledges rows. Rows that have changed make the transaction fail, so the others are acknowledged without them. The changed
 * rows are left to the next run.
 */
async function acknowledgeBatch(table: Table, rows: OutboxRow[], verifiedAt: string, lease: Lease): Promise<void> {
  const lasting = await lastingRows(table, rows);
  let open = rows;
  const moved: OutboxRow[] = [];
  while (open.length > 0) {
    const settling = open.flatMap((row) => acknowledgeWrites(row, lasting.has(row), verifiedAt));
    const outcome = await table.transact([fence(lease), ...settling]);
    if (outcome.ok || outcome.failed.length === 0) break;
    if (outcome.failed.includes(FENCE)) throw new LeaseLost(lease.name);
    const failed = new Set(outcome.failed.map((index) => Math.floor((index - 1) / 2)));
    moved.push(...open.filter((_, index) => failed.has(index)));
    open = open.filter((_, index) => !failed.has(index));
  }
  for (const row of moved) await waitAnew(table, row, lease);
}

/**
 * Updates the time since which a changed row waits: the time of the first operation that still waits for it. What was
 * requested before that waits no more.
 */
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

/**
 * Returns the two writes that acknowledge a row. The state of a row is its revision, its time and its operation
 * together, because each of them alone may recur.
 */
function acknowledgeWrites(row: OutboxRow, lasting: boolean, verifiedAt: string): ItemWrite[] {
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

/**
 * Returns the rows whose resource and gateway still exist. A row that is not for a resource lasts as long as its
 * gateway.
 */
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
