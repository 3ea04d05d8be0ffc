/** The basis of all stored records. Each kind has a name, a schema, a version, and migrations from older versions. */

import * as z from 'zod';
import { say } from '../../schemas/messages/index.ts';
import type { Readable } from '../deps.ts';
import { CorruptItemError, NewerRecordError, UnreadableRecord } from '../unreadable.ts';
import type { Attributes, Item } from './items.ts';
import type { Key } from './keys.ts';

/** A kind of record. Its version is one more than the number of its migrations. */
export interface RecordType<T> {
  /** The name of the kind in messages, after "the". */
  name: string;
  /** The shape of the newest version. */
  schema: z.ZodType<T>;
  /**
   * The migrations, beginning with that of the first version. Each reads the body of one version and returns that of
   * the next.
   */
  migrations: readonly z.ZodType[];
}

/**
 * The attribute that holds the version of an item. Items from before there were versions lack it, and have version 1.
 */
const VERSION = 'v';

const Versioned = z.object({ [VERSION]: z.int().min(1).default(1) });

/** Defines a kind of record. A new version is one more migration, and a schema that has changed. */
export function recordType<T>(
  name: string,
  schema: z.ZodType<T>,
  migrations: readonly z.ZodType[] = [],
): RecordType<T> {
  return { name, schema, migrations };
}

export function versionOf({ migrations }: RecordType<unknown>): number {
  return migrations.length + 1;
}

/** Returns an item with `record` as its body. */
export function itemOf<T>(type: RecordType<T>, key: Key, record: T, attributes: Attributes = {}): Item {
  return { ...attributes, ...key, ...bodyOf(type, record) };
}

/** Returns the attributes that hold the record and its version, which must always be set together. */
export function bodyOf<T>(type: RecordType<T>, record: T): { body: string; v: number } {
  return { body: JSON.stringify(record), [VERSION]: versionOf(type) };
}

/**
 * Returns the record in the body of an item, in the newest version. Fields that the schema does not know are kept, so
 * that an older release that rewrites a record loses nothing that a newer one has added. Throws a `CorruptItemError` or
 * a `NewerRecordError`.
 */
export function recordOf<T>(item: Item, type: RecordType<T>): T {
  const record = migrated(item, type, jsonOf(item));
  parsed(item, type.schema, record);
  return record as T;
}

/** Returns the record of an item whose fields are attributes. Throws a `CorruptItemError` or a `NewerRecordError`. */
export function attributesOf<T>(item: Item, type: RecordType<T>): T {
  return parsed(item, type.schema, migrated(item, type, item));
}

/** Reads every item that can be read, and collects the errors of the others. */
export function readableOf<T>(items: readonly Item[], read: (item: Item) => T): Readable<T> {
  const readable: Readable<T> = { items: [], unreadable: [] };
  for (const item of items) {
    try {
      readable.items.push(read(item));
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      readable.unreadable.push(error);
    }
  }
  return readable;
}

function migrated(item: Item, type: RecordType<unknown>, value: unknown): unknown {
  const version = parsed(item, Versioned, item)[VERSION];
  const newest = versionOf(type);
  if (version > newest) throw new NewerRecordError(item, { name: type.name, version, newest });
  return type.migrations.slice(version - 1).reduce((older, migration) => parsed(item, migration, older), value);
}

/** Returns `value` parsed by `schema`. Throws a `CorruptItemError` that names the item. */
export function parsed<T>(item: Item, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.code}`);
  throw new CorruptItemError(item, faults.join(', '));
}

function jsonOf(item: Item): unknown {
  try {
    return JSON.parse(String(item['body']));
  } catch {
    throw new CorruptItemError(item, say('BodyNotJson').text);
  }
}
