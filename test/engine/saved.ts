import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  ScanCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import type { CloudState } from '../../infra/local/cloud/alb/model.ts';
import type { MseState } from '../../infra/local/cloud/mse/model.ts';
import { isAtRest } from '../../infra/local/cloud-snapshot.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { createTestClient } from '../store/client.ts';
import type { ControlPlane } from './harness.ts';

/** Everything that a control plane and its cloud know at one moment. */
export interface Saved {
  items: Record<string, AttributeValue>[];
  objects: CloudState & MseState;
  /** When to go on, so that all that comes is later than all that was. */
  nowMs: number;
}

/** DynamoDB takes so many items in one BatchWriteItem. */
const BATCH_SIZE = 25;

export async function savePlane({ clock, cloud, connect }: ControlPlane): Promise<Saved> {
  await cloud.runDue();
  const state = { ...cloud.state, ...cloud.mse };
  if (!isAtRest(state)) throw new Error('The cloud is at work on its objects, which cannot be saved half done.');
  const client = connect();
  const items = await itemsOf(client);
  client.destroy();
  return { items, objects: structuredClone(state), nowMs: clock.now() + 1 };
}

/** Everything that is in the table. */
export async function itemsOf(client: DynamoDBClient): Promise<Saved['items']> {
  const items: Saved['items'] = [];
  let start: Saved['items'][number] | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: DEFAULT_TABLE_NAME, ...(start && { ExclusiveStartKey: start }) }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

/** Fills an empty table. */
export async function restoreTable(endpoint: string, items: Saved['items']): Promise<void> {
  const client = createTestClient(endpoint);
  await write(
    client,
    items.map((Item) => ({ PutRequest: { Item } })),
  );
  client.destroy();
}

/** Makes the table what it was. */
export async function replaceItems(client: DynamoDBClient, items: Saved['items']): Promise<void> {
  const keyOf = ({ pk, sk }: Saved['items'][number]) => JSON.stringify([pk, sk]);
  const kept = new Set(items.map(keyOf));
  const gone = (await itemsOf(client)).filter((item) => !kept.has(keyOf(item)));
  await write(client, gone.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } })) as WriteRequest[]);
  await write(
    client,
    items.map((Item) => ({ PutRequest: { Item } })),
  );
}

async function write(client: DynamoDBClient, requests: readonly WriteRequest[]): Promise<void> {
  for (let from = 0; from < requests.length; from += BATCH_SIZE) {
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [DEFAULT_TABLE_NAME]: requests.slice(from, from + BATCH_SIZE) } }),
    );
    if (Object.keys(UnprocessedItems).length > 0) throw new Error('The embedded DynamoDB has not taken all items.');
  }
}
