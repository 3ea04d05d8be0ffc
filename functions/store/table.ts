import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  type BatchGetItemCommandOutput,
  BatchWriteItemCommand,
  type BatchWriteItemCommandInput,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { StoreLimitError } from '../deps.ts';
import { type Item, marshal, type Operation, transactItem, unmarshal, VERBS } from './items.ts';
import type { Key, Range } from './keys.ts';

/** `failed`: indexes of the operations whose conditions did not hold; none when contention outlasted the retries. */
export type Outcome = { ok: true } | { ok: false; failed: number[] };

/** Limits of DynamoDB per request (API version 2012-08-10). */
const MAX_TRANSACTION_ITEMS = 100;
const MAX_BATCH_WRITES = 25;
const MAX_BATCH_READS = 100;

/** Every command that is sent to DynamoDB, by its name there. A new command comes in here, and so into the IAM policy. */
const commands = {
  GetItem: GetItemCommand,
  BatchGetItem: BatchGetItemCommand,
  Query: QueryCommand,
  BatchWriteItem: BatchWriteItemCommand,
  TransactWriteItems: TransactWriteItemsCommand,
};

const { TransactWriteItems: _, ...authorizedByName } = commands;

/**
 * The IAM actions that the commands need, from which infra/policies.ts writes the IAM policy. IAM knows no action TransactWriteItems: it
 * authorizes each operation of a transaction as PutItem, UpdateItem, DeleteItem or ConditionCheckItem ("Using IAM with DynamoDB
 * transactions" in the developer guide of DynamoDB).
 */
export const IAM_ACTIONS: readonly string[] = [...Object.keys(authorizedByName), ...VERBS.map((verb) => `${verb}Item`)];

const MAX_ATTEMPTS = 6;
const CONDITION_FAILED = 'ConditionalCheckFailed';
const CONFLICT = 'TransactionConflict';
const THROTTLED = ['ThrottlingError', 'ProvisionedThroughputExceeded'];

/** The table on the wire: consistent reads, transactions, batches. Knows items, but nothing of what is in them. */
export class Table {
  readonly #client: DynamoDBClient;
  readonly #name: string;

  constructor(client: DynamoDBClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async get(key: Key): Promise<Item | undefined> {
    const { Item: found } = await this.#client.send(
      new commands.GetItem({ TableName: this.#name, Key: marshal(key), ConsistentRead: true }),
    );
    return found && unmarshal(found);
  }

  /** Items of the range by sort key, to its end or up to `limit`, beginning behind the sort key `after`. */
  async query(range: Range, options: { limit?: number; after?: string; descending?: boolean } = {}): Promise<Item[]> {
    const { limit = Number.POSITIVE_INFINITY, after, descending = false } = options;
    const items: Item[] = [];
    let start = after === undefined ? undefined : marshal({ pk: range.pk, sk: after });
    do {
      const page = await this.#client.send(
        new commands.Query({
          TableName: this.#name,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': { S: range.pk }, ':from': { S: range.from }, ':to': { S: range.to } },
          ScanIndexForward: !descending,
          ...(limit !== Number.POSITIVE_INFINITY && { Limit: limit - items.length }),
          ...(start && { ExclusiveStartKey: start }),
        }),
      );
      items.push(...(page.Items ?? []).map(unmarshal));
      start = page.LastEvaluatedKey;
    } while (start && items.length < limit);
    return items;
  }

  /** Those of the keys that have an item. */
  async existing(keys: Key[]): Promise<Key[]> {
    return await this.#batchGet(keys, { ProjectionExpression: 'pk, sk' });
  }

  /** The items of these keys, as far as there are any, in no order. */
  async getAll(keys: Key[]): Promise<Item[]> {
    return await this.#batchGet(keys, {});
  }

  async #batchGet(keys: Key[], projection: { ProjectionExpression?: string }): Promise<Item[]> {
    const distinct = [...new Map(keys.map((key) => [`${key.pk} ${key.sk}`, key])).values()];
    const found: Item[] = [];
    for (const batch of chunks(distinct, MAX_BATCH_READS)) {
      let request: BatchGetItemCommandInput['RequestItems'] = {
        [this.#name]: { Keys: batch.map(marshal), ConsistentRead: true, ...projection },
      };
      for (let attempt = 1; !isEmpty(request); attempt++) {
        await pauseBefore(attempt);
        const answer: BatchGetItemCommandOutput = await this.#client.send(
          new commands.BatchGetItem({ RequestItems: request }),
        );
        found.push(...(answer.Responses?.[this.#name] ?? []).map(unmarshal));
        request = answer.UnprocessedKeys;
      }
    }
    return found;
  }

  /** Puts and deletes without conditions, not atomic; in order of batches. */
  async writeAll(puts: Item[], deletes: Key[]): Promise<void> {
    const requests = [
      ...puts.map((item) => ({ PutRequest: { Item: marshal(item) } })),
      ...deletes.map((key) => ({ DeleteRequest: { Key: marshal(key) } })),
    ];
    for (const batch of chunks(requests, MAX_BATCH_WRITES)) {
      let request: BatchWriteItemCommandInput['RequestItems'] = { [this.#name]: batch };
      for (let attempt = 1; !isEmpty(request); attempt++) {
        await pauseBefore(attempt);
        request = (await this.#client.send(new commands.BatchWriteItem({ RequestItems: request }))).UnprocessedItems;
      }
    }
  }

  /**
   * All operations or none. `token` (at most 32 characters) makes a repetition of the very same transaction within ten
   * minutes succeed without doing it twice. Throws a StoreLimitError above 100 operations.
   */
  async transact(operations: Operation[], token?: string): Promise<Outcome> {
    if (operations.length > MAX_TRANSACTION_ITEMS) {
      throw new StoreLimitError(
        `One transaction writes at most ${MAX_TRANSACTION_ITEMS} items; this one has ${operations.length}.`,
      );
    }
    const items = operations.map((operation) => transactItem(this.#name, operation));
    for (let attempt = 1; ; attempt++) {
      await pauseBefore(attempt);
      // A cancelled transaction has done nothing, so that the next attempt is a transaction of its own.
      const request = { TransactItems: items, ...(token && { ClientRequestToken: `${token}-${attempt}` }) };
      try {
        await this.#client.send(new commands.TransactWriteItems(request));
        return { ok: true };
      } catch (error) {
        const outcome = outcomeOf(error, attempt);
        if (outcome) return outcome;
      }
    }
  }
}

/** What a failed transaction means; undefined when it should be tried again. Throws what is no cancellation. */
function outcomeOf(error: unknown, attempt: number): Outcome | undefined {
  if (!(error instanceof TransactionCanceledException)) throw error;
  const codes = (error.CancellationReasons ?? []).map((reason) => reason.Code ?? '');
  const failed = codes.flatMap((code, index) => (code === CONDITION_FAILED ? [index] : []));
  if (failed.length > 0) return { ok: false, failed };
  const throttled = codes.some((code) => THROTTLED.includes(code));
  if (!throttled && !codes.includes(CONFLICT)) throw error;
  if (attempt < MAX_ATTEMPTS) return undefined;
  if (throttled) throw error;
  return { ok: false, failed };
}

/** Full jitter, doubling from 25 ms. Gives up after the last attempt. */
async function pauseBefore(attempt: number): Promise<void> {
  if (attempt === 1) return;
  if (attempt > MAX_ATTEMPTS) throw new Error(`DynamoDB left a batch unfinished after ${MAX_ATTEMPTS} attempts.`);
  const ceilingMs = 25 * 2 ** (attempt - 1);
  await new Promise((resolve) => setTimeout(resolve, Math.random() * ceilingMs));
}

function isEmpty(request: object | undefined): boolean {
  return request === undefined || Object.keys(request).length === 0;
}

function chunks<T>(values: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
