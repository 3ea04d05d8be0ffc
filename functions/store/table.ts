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
import { say } from '../../schemas/messages/index.ts';
import { StoreLimitError, StoreUnavailable } from '../deps.ts';
import { type Item, type ItemWrite, marshal, transactItem, unmarshal, VERBS } from './items.ts';
import type { Key, Range } from './keys.ts';
import { CONDITION_FAILED, outage } from './outage.ts';
import { Retries } from './retries.ts';

/**
 * The outcome of a transaction. `failed` holds the indexes of the operations whose conditions did not hold; it is empty
 * when contention outlasted the retries.
 */
export type Outcome = { ok: true } | { ok: false; failed: number[] };

/** Limits of DynamoDB per request (API version 2012-08-10). */
const MAX_TRANSACTION_ITEMS = 100;
const MAX_BATCH_WRITES = 25;
const MAX_BATCH_READS = 100;

/**
 * Every command that is sent to DynamoDB, by its name there. A new command is added here, and thereby to the IAM
 * policy.
 */
const commands = {
  GetItem: GetItemCommand,
  BatchGetItem: BatchGetItemCommand,
  Query: QueryCommand,
  BatchWriteItem: BatchWriteItemCommand,
  TransactWriteItems: TransactWriteItemsCommand,
};

const { TransactWriteItems: _, ...authorizedByName } = commands;

/**
 * The IAM actions that the commands need, from which infra/policies.ts generates the IAM policy. IAM has no action
 * TransactWriteItems: it authorizes each operation of a transaction as PutItem, UpdateItem, DeleteItem or
 * ConditionCheckItem ("Using IAM with DynamoDB transactions" in the developer guide of DynamoDB).
 */
export const IAM_ACTIONS: readonly string[] = [...Object.keys(authorizedByName), ...VERBS.map((verb) => `${verb}Item`)];

export interface CallOptions {
  /** The longest time that the call takes with all its attempts, in milliseconds. The default is that of the table. */
  patienceMs?: number;
}

/**
 * The DynamoDB table, with consistent reads, transactions and batches. It handles items, and does not interpret what
 * they contain.
 */
export class Table {
  readonly #client: DynamoDBClient;
  readonly #name: string;
  readonly #retries: Retries;

  /** Creates the table. `patienceMs` is the longest time that one call takes with all its attempts, in milliseconds. */
  constructor(client: DynamoDBClient, name: string, patienceMs = 5_000) {
    this.#client = client;
    this.#name = name;
    this.#retries = new Retries(patienceMs);
  }

  async get(key: Key, { patienceMs }: CallOptions = {}): Promise<Item | undefined> {
    const command = new commands.GetItem({ TableName: this.#name, Key: marshal(key), ConsistentRead: true });
    const { Item: found } = await this.#retries.run((options) => this.#client.send(command, options), patienceMs);
    return found && unmarshal(found);
  }

  /** Returns the items of a range by sort key, at most `limit`, beginning behind the sort key `after`. */
  async query(range: Range, options: { limit?: number; after?: string; descending?: boolean } = {}): Promise<Item[]> {
    const { limit = Number.POSITIVE_INFINITY, after, descending = false } = options;
    const items: Item[] = [];
    let start = after === undefined ? undefined : marshal({ pk: range.pk, sk: after });
    do {
      const command = new commands.Query({
        TableName: this.#name,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': { S: range.pk }, ':from': { S: range.from }, ':to': { S: range.to } },
        ScanIndexForward: !descending,
        ...(limit !== Number.POSITIVE_INFINITY && { Limit: limit - items.length }),
        ...(start && { ExclusiveStartKey: start }),
      });
      const page = await this.#retries.run((options) => this.#client.send(command, options));
      items.push(...(page.Items ?? []).map(unmarshal));
      start = page.LastEvaluatedKey;
    } while (start && items.length < limit);
    return items;
  }

  /** Returns those of the keys that have an item. */
  async existing(keys: Key[]): Promise<Key[]> {
    return await this.#batchGet(keys, { ProjectionExpression: 'pk, sk' });
  }

  /** Returns the items of those keys that have one, in no order. */
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
      await this.#retries.run(async (options) => {
        const command = new commands.BatchGetItem({ RequestItems: request });
        const answer: BatchGetItemCommandOutput = await this.#client.send(command, options);
        found.push(...(answer.Responses?.[this.#name] ?? []).map(unmarshal));
        request = answer.UnprocessedKeys;
        if (!isEmpty(request)) throw outage('throttled', 'UnprocessedKeys');
      });
    }
    return found;
  }

  /** Puts and deletes items without conditions, batch by batch. This is not atomic. */
  async writeAll(puts: Item[], deletes: Key[]): Promise<void> {
    const requests = [
      ...puts.map((item) => ({ PutRequest: { Item: marshal(item) } })),
      ...deletes.map((key) => ({ DeleteRequest: { Key: marshal(key) } })),
    ];
    for (const batch of chunks(requests, MAX_BATCH_WRITES)) {
      let request: BatchWriteItemCommandInput['RequestItems'] = { [this.#name]: batch };
      await this.#retries.run(async (options) => {
        const command = new commands.BatchWriteItem({ RequestItems: request });
        request = (await this.#client.send(command, options)).UnprocessedItems;
        if (!isEmpty(request)) throw outage('throttled', 'UnprocessedItems');
      });
    }
  }

  /**
   * Does all operations or none. `token` (at most 32 characters) makes a repetition of the very same transaction within
   * ten minutes succeed without doing it twice. Without a token, only the attempts of this call are recognized as
   * repetitions. Throws a `StoreLimitError` above 100 operations.
   */
  async transact(
    operations: ItemWrite[],
    { token = randomToken(), patienceMs }: CallOptions & { token?: string } = {},
  ): Promise<Outcome> {
    if (operations.length > MAX_TRANSACTION_ITEMS) {
      throw new StoreLimitError(
        say('TransactionTooLarge', { items: operations.length, most: MAX_TRANSACTION_ITEMS }).text,
      );
    }
    const items = operations.map((operation) => transactItem(this.#name, operation));
    let cancelled = 0;
    try {
      await this.#retries.run(async (options) => {
        const request = { TransactItems: items, ClientRequestToken: `${token}-${cancelled}` };
        try {
          await this.#client.send(new commands.TransactWriteItems(request), options);
        } catch (error) {
          // A cancelled transaction has done nothing, so the next attempt is a new transaction with a token of its own.
          if (error instanceof TransactionCanceledException) cancelled++;
          throw error;
        }
      }, patienceMs);
      return { ok: true };
    } catch (error) {
      const failed = failedConditions(error);
      if (failed.length > 0 || (error instanceof StoreUnavailable && error.trouble === 'contended')) {
        return { ok: false, failed };
      }
      throw error;
    }
  }
}

/** Returns the indexes of the operations whose conditions did not hold. */
function failedConditions(error: unknown): number[] {
  if (!(error instanceof TransactionCanceledException)) return [];
  return (error.CancellationReasons ?? []).flatMap(({ Code }, index) => (Code === CONDITION_FAILED ? [index] : []));
}

function randomToken(): string {
  return crypto.randomUUID().replaceAll('-', '');
}

function isEmpty(request: object | undefined): boolean {
  return request === undefined || Object.keys(request).length === 0;
}

export function chunks<T>(values: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
