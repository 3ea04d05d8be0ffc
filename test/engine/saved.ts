import { type AttributeValue, BatchWriteItemCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import type { CloudState } from '../../infra/local/cloud/alb/model.ts';
import type { MseState } from '../../infra/local/cloud/mse/model.ts';
import { isSettled } from '../../infra/local/cloud-snapshot.ts';
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
  await cloud.settle();
  const state = { ...cloud.state, ...cloud.mse };
  if (!isSettled(state)) throw new Error('The cloud is at work on its objects, which cannot be saved half done.');
  const client = connect();
  const items: Saved['items'] = [];
  for await (const page of paginateScan({ client }, { TableName: DEFAULT_TABLE_NAME }))
    items.push(...(page.Items ?? []));
  client.destroy();
  return { items, objects: structuredClone(state), nowMs: clock.now() + 1 };
}

/** Fills an empty table. */
export async function restoreTable(endpoint: string, items: Saved['items']): Promise<void> {
  const client = createTestClient(endpoint);
  for (let from = 0; from < items.length; from += BATCH_SIZE) {
    const puts = items.slice(from, from + BATCH_SIZE).map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [DEFAULT_TABLE_NAME]: puts } }),
    );
    if (Object.keys(UnprocessedItems).length > 0) throw new Error('The embedded DynamoDB has not taken all items.');
  }
  client.destroy();
}
