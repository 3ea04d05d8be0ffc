import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  BatchWriteItemCommand,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandOutput,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { MemoryTable } from '../../infra/local/memory-table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { openTable, type TestTable } from './client.ts';
import { storeConformance } from './conformance.ts';

/** The table that other tests run on keeps every guarantee that the store gives on DynamoDB. */
storeConformance('the table in memory', async () => {
  const client = new MemoryTable(DEFAULT_TABLE_NAME).connect();
  return { store: createDynamoStore(client, DEFAULT_TABLE_NAME), close: async () => client.destroy() };
});

const TableName = DEFAULT_TABLE_NAME;

/** The forms of conditions and updates that the store writes. */
const CONDITIONS = [
  undefined,
  'attribute_not_exists(#pk)',
  'attribute_exists(#n)',
  'attribute_not_exists(#pk) OR #n < :n',
  'attribute_not_exists(#pk) OR #s <> :s',
  'attribute_not_exists(#pk) OR #n <= :n OR #s = :s AND #n <= :n',
  '#s <> :s',
  '#n = :n AND #s = :s',
  '#n = :n AND #s = :s AND attribute_not_exists(#more)',
];
const UPDATES = [
  'SET #n = :n, #s = :s',
  'SET #more = if_not_exists(#more, :s), #n = :n',
  'SET #s = :s REMOVE #more, #n',
  'ADD #n :n',
];

const key = fc
  .record({ pk: fc.constantFrom('a', 'b'), sk: fc.constantFrom('1', '2', '3') })
  .map(({ pk, sk }) => ({ pk: { S: pk }, sk: { S: sk } }));
const values = fc
  .record({ n: fc.integer({ min: 0, max: 2 }), s: fc.constantFrom('x', 'y') })
  .map(({ n, s }) => ({ n: { N: String(n) }, s: { S: s } }));

const operation = fc
  .record({
    verb: fc.constantFrom('Put', 'Update', 'Delete', 'ConditionCheck'),
    key,
    values,
    condition: fc.constantFrom(...CONDITIONS),
    update: fc.constantFrom(...UPDATES),
  })
  .map(({ verb, key: Key, values: Values, condition, update }) => {
    const when = condition ?? (verb === 'ConditionCheck' ? 'attribute_exists(#pk)' : undefined);
    const change = verb === 'Update' ? update : undefined;
    const text = `${when ?? ''} ${change ?? ''}`;
    const names = text.match(/#\w+/g)?.map((name) => [name, name.slice(1)]);
    const used = Object.entries(Values).filter(([name]) => new RegExp(`:${name}\\b`).test(text));
    return {
      [verb]: {
        TableName,
        ...(verb === 'Put' ? { Item: { ...Key, ...Values } } : { Key }),
        ...(when && { ConditionExpression: when }),
        ...(change && { UpdateExpression: change }),
        ...(names && { ExpressionAttributeNames: Object.fromEntries(names) }),
        ...(used.length > 0 && {
          ExpressionAttributeValues: Object.fromEntries(used.map(([name, value]) => [`:${name}`, value])),
        }),
      },
    };
  });

const transaction = fc
  .array(operation, { minLength: 1, maxLength: 3 })
  .map((TransactItems) => new TransactWriteItemsCommand({ TransactItems }));
const query = fc
  .record({ from: fc.constantFrom('0', '2'), limit: fc.constantFrom(undefined, 1, 2), forward: fc.boolean() })
  .map(
    ({ from, limit, forward }) =>
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
        ExpressionAttributeValues: { ':pk': { S: 'a' }, ':from': { S: from }, ':to': { S: '9' } },
        ScanIndexForward: forward,
        ...(limit && { Limit: limit }),
      }),
  );
const batchGet = fc
  .array(key, { minLength: 1, maxLength: 3 })
  .map((Keys) => new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ProjectionExpression: 'pk, sk' } } }));

describe('the table in memory', () => {
  let embedded: TestTable;
  let client: DynamoDBClient;

  beforeAll(async () => {
    embedded = await openTable({ overHttp: true });
    client = embedded.connect();
  });
  afterAll(async () => {
    client.destroy();
    await embedded.close();
  });

  it('answers and refuses what the embedded DynamoDB answers and refuses, and holds the same afterwards', async () => {
    const commands = fc.array(fc.oneof({ weight: 4, arbitrary: transaction }, query, batchGet), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(commands, async (sent) => {
        await clear(client);
        const memory = new MemoryTable(TableName).connect();
        for (const command of sent) expect(await outcome(memory, command)).toEqual(await outcome(client, command));
        const all = new ScanCommand({ TableName });
        expect(await outcome(memory, all)).toEqual(await outcome(client, all));
      }),
      { numRuns: 60 },
    );
  });
});

async function clear(client: DynamoDBClient): Promise<void> {
  const { Items = [] } = await client.send(new ScanCommand({ TableName }));
  const requests = Items.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } as never } }));
  if (requests.length > 0) await client.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: requests } }));
}

/** Returns the outcome of a command, without the texts of errors, and with answers that have no order sorted. */
async function outcome(client: DynamoDBClient, command: object): Promise<unknown> {
  try {
    const answer: Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'> &
      Pick<BatchGetItemCommandOutput, 'Responses'> = await client.send(command as ScanCommand);
    const { Items, LastEvaluatedKey, Responses } = answer;
    const isOrdered = command instanceof QueryCommand;
    return { items: isOrdered ? Items : sorted(Items), LastEvaluatedKey, found: sorted(Responses?.[TableName]) };
  } catch (error) {
    const { name, CancellationReasons } = error as { name: string; CancellationReasons?: { Code?: string }[] };
    return { name, reasons: CancellationReasons?.map(({ Code }) => Code) };
  }
}

function sorted(items: object[] | undefined): string[] | undefined {
  return items?.map((item) => JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}
