/**
 * A DynamoDB table in the memory of this process, behind the client of the SDK. It answers the commands that the store and the tests send,
 * and refuses what DynamoDB refuses of them; the tests of the store hold it to the embedded DynamoDB.
 */

import {
  type AttributeValue,
  type BatchGetItemCommandInput,
  type BatchWriteItemCommandInput,
  type DynamoDBClient,
  DynamoDBServiceException,
  type QueryCommandInput,
  ResourceNotFoundException,
  TransactionCanceledException,
  type TransactWriteItemsCommandInput,
} from '@aws-sdk/client-dynamodb';
import { holds, type Placeholders, type StoredItem, unusedPlaceholder, updated } from './expressions.ts';

/** Limits of DynamoDB (API version 2012-08-10). */
const MAX_PAGE_BYTES = 1024 * 1024;
const MAX_ITEM_BYTES = 400 * 1024;
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024;
const MAX_BATCH_READS = 100;
const MAX_BATCH_WRITES = 25;
const MAX_TRANSACTION_ITEMS = 100;

const KEY_CONDITION = 'pk = :pk AND sk BETWEEN :from AND :to';

/** One item of a request, whatever the command calls it. */
interface Write extends Placeholders {
  TableName?: string | undefined;
  Item?: StoredItem | undefined;
  Key?: StoredItem | undefined;
  ConditionExpression?: string | undefined;
  UpdateExpression?: string | undefined;
}

type Verb = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';
type TransactItems = NonNullable<TransactWriteItemsCommandInput['TransactItems']>;

export class MemoryTable {
  readonly #name: string;
  readonly #partitions = new Map<string, Partition>();
  /** The transactions that were done, by their tokens. */
  readonly #done = new Map<string, TransactItems>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Returns a client whose requests end here. It is no more of a client than the store and the tests use. */
  connect(): DynamoDBClient {
    return new MemoryClient((action, input) => this.#answer(action, input)) as unknown as DynamoDBClient;
  }

  #answer(action: string, input: object): object {
    switch (action) {
      case 'GetItem':
        return this.#get(input as { TableName: string; Key: StoredItem });
      case 'BatchGetItem':
        return this.#batchGet(input as BatchGetItemCommandInput);
      case 'Query':
        return this.#query(input as QueryCommandInput);
      case 'Scan':
        this.#check((input as QueryCommandInput).TableName);
        return {
          Items: [...this.#partitions.values()].flatMap((partition) => partition.range()).map((item) => copyOf(item)),
        };
      case 'BatchWriteItem':
        return this.#batchWrite(input as BatchWriteItemCommandInput);
      case 'TransactWriteItems':
        return this.#transact(input as TransactWriteItemsCommandInput);
      case 'PutItem':
      case 'UpdateItem':
      case 'DeleteItem':
        this.#transact({ TransactItems: [{ [action.replace('Item', '')]: input }] });
        return {};
      default:
        throw new Error(`The table in memory does not know the command ${action}.`);
    }
  }

  #get({ TableName, Key }: { TableName: string; Key: StoredItem }): object {
    this.#check(TableName);
    const item = this.#find(Key);
    return item ? { Item: copyOf(item) } : {};
  }

  #batchGet({ RequestItems = {} }: BatchGetItemCommandInput): object {
    const responses = Object.entries(RequestItems).map(([name, { Keys = [], ProjectionExpression }]) => {
      this.#check(name);
      if (Keys.length > MAX_BATCH_READS || isRepeated(Keys)) throw invalid('Too many or repeated keys');
      const names = ProjectionExpression?.split(', ');
      const items = Keys.map((key) => this.#find(key)).filter((item) => item !== undefined);
      return [name, items.map((item) => copyOf(item, names))];
    });
    return { Responses: Object.fromEntries(responses), UnprocessedKeys: {} };
  }

  #query(input: QueryCommandInput): object {
    this.#check(input.TableName);
    if (input.KeyConditionExpression !== KEY_CONDITION) throw invalid(`Unknown: ${input.KeyConditionExpression}`);
    const { ':pk': pk, ':from': from, ':to': to } = input.ExpressionAttributeValues ?? {};
    const found = this.#partitions.get(textOf(pk))?.range(textOf(from), textOf(to)) ?? [];
    const after = input.ExclusiveStartKey && textOf(input.ExclusiveStartKey['sk']);
    const isBackward = input.ScanIndexForward === false;
    const ordered = isBackward ? found.reverse() : found;
    const rest =
      after === undefined
        ? ordered
        : ordered.filter(({ sk }) => (isBackward ? textOf(sk) < after : textOf(sk) > after));
    const page = pageOf(rest, input.Limit);
    const last = page.at(-1);
    const isCut = last !== undefined && (page.length < rest.length || page.length === input.Limit);
    return {
      Items: page.map((item) => copyOf(item)),
      ...(isCut && { LastEvaluatedKey: copyOf(last, ['pk', 'sk']) }),
    };
  }

  #batchWrite({ RequestItems = {} }: BatchWriteItemCommandInput): object {
    for (const [name, requests] of Object.entries(RequestItems)) {
      this.#check(name);
      const writes = requests.map(({ PutRequest, DeleteRequest }) => ({ ...PutRequest, ...DeleteRequest }) as Write);
      if (writes.length > MAX_BATCH_WRITES || isRepeated(writes.map(keyOf)))
        throw invalid('Too many or repeated items');
      for (const { Item } of writes) if (Item) checkItem(Item);
      for (const write of writes) this.#store(write.Item ? 'Put' : 'Delete', write);
    }
    return { UnprocessedItems: {} };
  }

  #transact({ TransactItems = [], ClientRequestToken: token }: TransactWriteItemsCommandInput): object {
    const earlier = token && this.#done.get(token);
    if (earlier) {
      if (JSON.stringify(earlier) === JSON.stringify(TransactItems)) return {};
      throw refusal('IdempotentParameterMismatchException', 'The token belongs to another transaction');
    }
    const writes = TransactItems.flatMap((item) => Object.entries(item) as [Verb, Write][]);
    this.#checkTransaction(writes.map(([, write]) => write));
    const isAllowed = writes.map(
      ([, write]) =>
        write.ConditionExpression === undefined || holds(write.ConditionExpression, this.#find(keyOf(write)), write),
    );
    if (isAllowed.includes(false)) throw cancelled(isAllowed);
    const after = writes.map(([verb, write]) => ({ verb, write: verb === 'Update' ? this.#updated(write) : write }));
    for (const { write } of after) if (write.Item) checkItem(write.Item);
    for (const { verb, write } of after) this.#store(verb, write);
    if (token) this.#done.set(token, TransactItems);
    return {};
  }

  #checkTransaction(writes: readonly Write[]): void {
    if (writes.length > MAX_TRANSACTION_ITEMS || isRepeated(writes.map(keyOf))) {
      throw invalid('Too many operations, or several on one item');
    }
    const bytes = writes.reduce((sum, { Item = {} }) => sum + sizeOf(Item), 0);
    if (bytes > MAX_TRANSACTION_BYTES) throw invalid('The transaction is too large');
    for (const write of writes) {
      this.#check(write.TableName);
      const unused = unusedPlaceholder([write.ConditionExpression, write.UpdateExpression], write);
      if (unused) throw invalid(`No expression uses ${unused}`);
    }
  }

  #updated(write: Write): Write {
    const key = keyOf(write);
    return { Item: updated(write.UpdateExpression ?? '', this.#find(key) ?? key, write) };
  }

  #store(verb: Verb, write: Write): void {
    if (verb === 'ConditionCheck') return;
    const { pk, sk } = keyOf(write);
    const partition = this.#partitions.get(textOf(pk)) ?? new Partition();
    this.#partitions.set(textOf(pk), partition);
    if (write.Item) partition.put(textOf(sk), copyOf(write.Item));
    else partition.delete(textOf(sk));
  }

  #find({ pk, sk }: StoredItem): StoredItem | undefined {
    return this.#partitions.get(textOf(pk))?.get(textOf(sk));
  }

  #check(tableName: string | undefined): void {
    if (tableName === this.#name) return;
    throw new ResourceNotFoundException({ message: 'The table does not exist', $metadata: {} });
  }
}

type Handler = (args: { input: object }) => Promise<{ output: object }>;
type Middleware = (next: Handler, context: { commandName: string }) => Handler;

/** The steps of the SDK, from the command to the network. */
const STEPS = ['initialize', 'serialize', 'build', 'finalizeRequest', 'deserialize'];

/** A client that calls what was added to its middleware, step by step, and then the table. */
class MemoryClient {
  readonly #answer: (action: string, input: object) => object;
  #layers: { middleware: Middleware; step: string }[] = [];
  readonly middlewareStack = {
    add: (middleware: Middleware, { step }: { step: string }) => {
      this.#layers.push({ middleware, step });
      this.#layers.sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step));
    },
  };

  constructor(answer: (action: string, input: object) => object) {
    this.#answer = answer;
  }

  async send(command: { input: object }): Promise<object> {
    const commandName = command.constructor.name;
    const last: Handler = async ({ input }) => ({ output: this.#answer(commandName.replace(/Command$/, ''), input) });
    const handler = this.#layers.reduceRight((next, { middleware }) => middleware(next, { commandName }), last);
    return (await handler(command)).output;
  }

  destroy(): void {
    // There is no connection to end.
  }
}

/** The items of one partition key. DynamoDB orders sort keys by their bytes, which comes to the same for the texts that the store uses. */
class Partition {
  readonly #items = new Map<string, StoredItem>();
  /** The sort keys in order; undefined when they have to be ordered again. */
  #order: string[] | undefined;

  get(sk: string): StoredItem | undefined {
    return this.#items.get(sk);
  }

  put(sk: string, item: StoredItem): void {
    if (!this.#items.has(sk)) this.#order = undefined;
    this.#items.set(sk, item);
  }

  delete(sk: string): void {
    if (this.#items.delete(sk)) this.#order = undefined;
  }

  range(from = '', to = '\uffff'): StoredItem[] {
    this.#order ??= [...this.#items.keys()].sort((a, b) => (a < b ? -1 : 1));
    return this.#order.filter((sk) => sk >= from && sk <= to).map((sk) => this.#items.get(sk) ?? {});
  }
}

/** Ends behind the item with which a page becomes too large. */
function pageOf(items: readonly StoredItem[], limit = items.length): StoredItem[] {
  let bytes = 0;
  const end = items.findIndex((item) => {
    bytes += sizeOf(item);
    return bytes >= MAX_PAGE_BYTES;
  });
  return items.slice(0, Math.min(limit, end < 0 ? items.length : end + 1));
}

/** Nobody who changes what was sent or answered changes the table. */
function copyOf(item: StoredItem, names?: readonly string[]): StoredItem {
  const entries = Object.entries(item).filter(([name]) => names?.includes(name) ?? true);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value.SS ? { SS: [...value.SS] } : { ...value }]),
  ) as StoredItem;
}

function keyOf({ Item, Key }: Write): { pk: AttributeValue; sk: AttributeValue } {
  const { pk, sk } = Item ?? Key ?? {};
  if (pk?.S === undefined || sk?.S === undefined) throw invalid('The key has no pk or no sk');
  return { pk, sk };
}

function textOf(value: AttributeValue | undefined): string {
  if (value?.S === undefined) throw invalid('A key is a text');
  return value.S;
}

function isRepeated(keys: readonly StoredItem[]): boolean {
  return new Set(keys.map(({ pk, sk }) => JSON.stringify([pk, sk]))).size < keys.length;
}

function checkItem(item: StoredItem): void {
  if (sizeOf(item) > MAX_ITEM_BYTES) throw invalid('Item size has exceeded the maximum allowed size');
  for (const { N, SS } of Object.values(item)) {
    if (N !== undefined && !Number.isFinite(Number(N))) throw invalid(`${N} is no number`);
    if (SS && (SS.length === 0 || new Set(SS).size < SS.length)) throw invalid('A set is empty or repeats a value');
  }
}

function sizeOf(item: StoredItem): number {
  return Object.entries(item).reduce((sum, [name, { S, N, SS }]) => {
    const texts = [name, S ?? '', N ?? '', ...(SS ?? [])];
    return sum + texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
  }, 0);
}

function cancelled(isAllowed: readonly boolean[]): TransactionCanceledException {
  const reasons = isAllowed.map((allowed) => ({ Code: allowed ? 'None' : 'ConditionalCheckFailed' }));
  return new TransactionCanceledException({
    message: `Transaction cancelled, please refer cancellation reasons for specific reasons`,
    CancellationReasons: reasons,
    $metadata: { httpStatusCode: 400 },
  });
}

function invalid(message: string): DynamoDBServiceException {
  return refusal('ValidationException', message);
}

function refusal(name: string, message: string): DynamoDBServiceException {
  return new DynamoDBServiceException({ name, message, $fault: 'client', $metadata: { httpStatusCode: 400 } });
}
