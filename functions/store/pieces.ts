/** Records that may be larger than an item. Their JSON is kept in pieces, which are written together or not at all. */

import { say } from '../../schemas/messages/index.ts';
import { digest } from '../core/model/digest.ts';
import { type Lease, LeaseLost, StoreLimitError } from '../deps.ts';
import { check, type Item, type ItemWrite, PRESENT, put, remove } from './items.ts';
import { type Key, ownerOfPiece, type Range } from './keys.ts';
import { fence } from './leases.ts';
import { outage } from './outage.ts';
import { itemOf, type RecordType, recordOf } from './record-type.ts';
import type { Table } from './table.ts';

/** The most characters of a piece. It stays below the limit of an item whatever characters it contains. */
const PIECE_CHARS = 90_000;

/**
 * The most pieces of a record. All of them stay far below the 4 MB of a transaction where characters are ASCII, as all
 * that we keep of objects at gateways is.
 */
const MAX_PIECES = 36;

export interface PiecedRecord {
  /** Returns the key of a piece; the first piece is number 0. */
  pieceKey: (piece: number) => Key;
  /** The key of an item that must exist, so that nothing is kept of what has been deleted. */
  owner: Key;
}

/** The most reads of a record, because a writer may come between the pages of a read. */
const MAX_READS = 5;

/**
 * Returns the records whose pieces lie in a range, in order; the pieces of one record stand together and in order.
 * Pieces beyond the number that the first piece states are leftovers and ignored, as are pieces without a first one.
 */
export async function readPieces<T>(table: Table, range: Range, type: RecordType<T>): Promise<T[]> {
  for (let read = 1; ; read++) {
    const records = Map.groupBy(await table.query(range), ownerOfPiece);
    const whole = [...records.values()].filter(([first]) => first?.['pieces'] !== undefined).map(assembled);
    const isTorn = whole.some((item) => item['digest'] !== digest(item['body']));
    if (!isTorn || read === MAX_READS) return whole.map((item) => recordOf(item, type));
  }
}

function assembled(items: readonly Item[]): Item {
  const first: Item = items[0] ?? { pk: '', sk: '' };
  const bodies = items.slice(0, Number(first['pieces'])).map((item) => String(item['body']));
  return { ...first, body: bodies.join('') };
}

/** Replaces the record, unless it is unchanged. Throws `LeaseLost`, also when the owner has been deleted. */
export async function writePieces<T>(
  table: Table,
  type: RecordType<T>,
  { pieceKey, owner }: PiecedRecord,
  record: T,
  lease: Lease,
): Promise<void> {
  const { body, ...attributes } = itemOf(type, pieceKey(0), record);
  const bodies = split(String(body));
  if (bodies.length > MAX_PIECES) {
    throw new StoreLimitError(say('RecordTooLong', { name: type.name, characters: String(body).length }).text);
  }
  const known = await table.get(pieceKey(0));
  const state = digest(body);
  if (known?.['digest'] === state) return;
  const before = Number(known?.['pieces'] ?? (known ? 1 : 0));
  const puts = bodies.map((part, index): ItemWrite => {
    const key = pieceKey(index);
    return put(
      index === 0
        ? { ...attributes, ...key, body: part, pieces: bodies.length, digest: state }
        : { ...key, body: part },
    );
  });
  const removals = Array.from({ length: Math.max(0, before - bodies.length) }, (_, index) =>
    remove(pieceKey(bodies.length + index)),
  );
  const outcome = await table.transact([fence(lease), check(owner, PRESENT), ...puts, ...removals]);
  if (outcome.ok) return;
  if (outcome.failed.length === 0) throw outage('contended', 'TransactionConflict');
  throw new LeaseLost(lease.name);
}

/** Splits a text into pieces, each of which fits into an item. */
export function split(body: string): string[] {
  return Array.from({ length: Math.max(1, Math.ceil(body.length / PIECE_CHARS)) }, (_, index) =>
    body.slice(index * PIECE_CHARS, (index + 1) * PIECE_CHARS),
  );
}
