/**
 * Conversion of items to and from plain values. A record is JSON in `body`; fields that conditions use are attributes
 * of their own.
 */

import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { say } from '../../schemas/messages/index.ts';
import { StoreLimitError } from '../deps.ts';
import type { Key } from './keys.ts';

/** The attributes of an item. A list is a set of texts. */
export type Attributes = Record<string, string | number | readonly string[]>;

export type Item = Key & Attributes;

/** The kinds of writes that a transaction may contain. */
export const VERBS = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const;

/** One write of a transaction. Expressions write names as `#name` and values as `:name`. */
export interface ItemWrite {
  verb: (typeof VERBS)[number];
  /** The whole item for `Put`, and the key for every other verb. */
  item: Item | Key;
  when?: string;
  update?: string;
  values?: Attributes;
}

export const ABSENT = 'attribute_not_exists(#pk)';
export const PRESENT = 'attribute_exists(#pk)';

export function put(item: Item, when?: string, values?: Attributes): ItemWrite {
  return { verb: 'Put', item, ...(when && { when }), ...(values && { values }) };
}

export function remove(key: Key, when?: string, values?: Attributes): ItemWrite {
  return { verb: 'Delete', item: key, ...(when && { when }), ...(values && { values }) };
}

export function update(key: Key, change: string, when: string | undefined, values: Attributes): ItemWrite {
  return { verb: 'Update', item: key, update: change, ...(when && { when }), values };
}

export function check(key: Key, when: string, values?: Attributes): ItemWrite {
  return { verb: 'ConditionCheck', item: key, when, ...(values && { values }) };
}

/**
 * The most bytes of a body. DynamoDB refuses items above 400 KB, names included; the difference is room for keys and
 * attributes.
 */
const MAX_BODY_BYTES = 390 * 1024;

/** Converts an item to the form of DynamoDB. Throws a `StoreLimitError` when its body is too large. */
export function marshal(item: Item | Key): Record<string, AttributeValue> {
  const entries = Object.entries(item);
  for (const [name, value] of entries) {
    const bytes = name === 'body' ? new TextEncoder().encode(String(value)).length : 0;
    if (bytes > MAX_BODY_BYTES) {
      throw new StoreLimitError(
        say('ItemTooLarge', { pk: String(item.pk), sk: String(item.sk), bytes, most: MAX_BODY_BYTES }).text,
      );
    }
  }
  return marshalAll(entries);
}

/**
 * Converts an item from the form of DynamoDB. Attributes of types that we do not use are left out, so that the parser
 * of the record reports them as missing.
 */
export function unmarshal(attributes: Record<string, AttributeValue>): Item {
  const item: Item = { pk: attributes['pk']?.S ?? '', sk: attributes['sk']?.S ?? '' };
  for (const [name, value] of Object.entries(attributes)) {
    if (value.S !== undefined) item[name] = value.S;
    else if (value.N !== undefined) item[name] = Number(value.N);
    else if (value.SS !== undefined) item[name] = value.SS;
  }
  return item;
}

export function transactItem(tableName: string, write: ItemWrite): TransactWriteItem {
  const { verb, item } = write;
  const shared = { TableName: tableName, ...expressions(write) };
  const key = { Key: marshal({ pk: item.pk, sk: item.sk }) };
  switch (verb) {
    case 'Put':
      return { Put: { ...shared, Item: marshal(item) } };
    case 'Update':
      return { Update: { ...shared, ...key, UpdateExpression: write.update } };
    case 'Delete':
      return { Delete: { ...shared, ...key } };
    case 'ConditionCheck':
      return { ConditionCheck: { ...shared, ...key, ConditionExpression: write.when } };
  }
}

function expressions({ when, update: change, values }: ItemWrite) {
  const names = `${when ?? ''} ${change ?? ''}`.match(/#\w+/g);
  return {
    ...(when && { ConditionExpression: when }),
    ...(names && { ExpressionAttributeNames: Object.fromEntries(names.map((name) => [name, name.slice(1)])) }),
    ...(values && {
      ExpressionAttributeValues: marshalAll(Object.entries(values).map(([name, value]) => [`:${name}`, value])),
    }),
  };
}

function marshalAll(entries: [string, Attributes[string]][]): Record<string, AttributeValue> {
  return Object.fromEntries(entries.map(([name, value]) => [name, attributeValue(value)]));
}

function attributeValue(value: Attributes[string]): AttributeValue {
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'string' ? { S: value } : { SS: [...value] };
}
