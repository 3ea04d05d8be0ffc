/** Items as plain values, and back: a record is JSON in `body`; what conditions look at has an attribute of its own. */

import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { StoreLimitError } from '../deps.ts';
import type { Key } from './keys.ts';

/** A list is a set of texts. */
export type Attributes = Record<string, string | number | readonly string[]>;

export type Item = Key & Attributes;

/** Kinds of operations that transactions are made of. */
export const VERBS = ['Put', 'Update', 'Delete', 'ConditionCheck'] as const;

/** One operation of a transaction. Expressions write names as `#name` and values as `:name`. */
export interface Operation {
  verb: (typeof VERBS)[number];
  /** Put: the whole item. Otherwise its key. */
  item: Item | Key;
  when?: string;
  update?: string;
  values?: Attributes;
}

export const ABSENT = 'attribute_not_exists(#pk)';
export const PRESENT = 'attribute_exists(#pk)';

export function put(item: Item, when?: string, values?: Attributes): Operation {
  return { verb: 'Put', item, ...(when && { when }), ...(values && { values }) };
}

export function remove(key: Key, when?: string, values?: Attributes): Operation {
  return { verb: 'Delete', item: key, ...(when && { when }), ...(values && { values }) };
}

export function update(key: Key, change: string, when: string | undefined, values: Attributes): Operation {
  return { verb: 'Update', item: key, update: change, ...(when && { when }), values };
}

export function check(key: Key, when: string, values?: Attributes): Operation {
  return { verb: 'ConditionCheck', item: key, when, ...(values && { values }) };
}

/** DynamoDB refuses items above 400 KB, names included; the difference is room for keys and attributes. */
const MAX_BODY_BYTES = 390 * 1024;

/** Throws a StoreLimitError when the item is too large. */
export function marshal(item: Item | Key): Record<string, AttributeValue> {
  const entries = Object.entries(item);
  for (const [name, value] of entries) {
    const bytes = name === 'body' ? new TextEncoder().encode(String(value)).length : 0;
    if (bytes > MAX_BODY_BYTES) {
      throw new StoreLimitError(
        `The item ${item.pk} / ${item.sk} has ${bytes} bytes; at most ${MAX_BODY_BYTES} can be kept.`,
      );
    }
  }
  return marshalAll(entries);
}

/** Attributes of other types than ours are left out: the parser of the record then misses them. */
export function unmarshal(attributes: Record<string, AttributeValue>): Item {
  const item: Item = { pk: attributes['pk']?.S ?? '', sk: attributes['sk']?.S ?? '' };
  for (const [name, value] of Object.entries(attributes)) {
    if (value.S !== undefined) item[name] = value.S;
    else if (value.N !== undefined) item[name] = Number(value.N);
    else if (value.SS !== undefined) item[name] = value.SS;
  }
  return item;
}

export function transactItem(tableName: string, operation: Operation): TransactWriteItem {
  const { verb, item } = operation;
  const shared = { TableName: tableName, ...expressions(operation) };
  const key = { Key: marshal({ pk: item.pk, sk: item.sk }) };
  switch (verb) {
    case 'Put':
      return { Put: { ...shared, Item: marshal(item) } };
    case 'Update':
      return { Update: { ...shared, ...key, UpdateExpression: operation.update } };
    case 'Delete':
      return { Delete: { ...shared, ...key } };
    case 'ConditionCheck':
      return { ConditionCheck: { ...shared, ...key, ConditionExpression: operation.when } };
  }
}

function expressions({ when, update: change, values }: Operation) {
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
