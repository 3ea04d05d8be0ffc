import { readFileSync } from 'node:fs';
import { type AttributeValue, BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../../functions/store/dynamo.ts';
import { localSettings } from '../../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../../infra/table.ts';

/** The data that a release has written: its items as DynamoDB has them, and the objects of its local cloud. */
export interface State {
  items: Record<string, AttributeValue>[];
  cloud: object;
}

/** The days of the releases whose state is kept here. */
export const RELEASES = ['2026-11-23', '2026-11-27'] as const;

export function readState(release: (typeof RELEASES)[number]): State {
  return JSON.parse(readFileSync(new URL(`${release}.json`, import.meta.url), 'utf8'));
}

/** A BatchWriteItem takes 25 items (DynamoDB API, 2012-08-10). */
const BATCH = 25;

/** Puts the items into a table that is there. */
export async function restoreItems(endpoint: string, { items }: State, tableName = DEFAULT_TABLE_NAME): Promise<void> {
  const client = createDynamoClient({ ...localSettings, endpoint });
  for (let start = 0; start < items.length; start += BATCH) {
    const requests = items.slice(start, start + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
  client.destroy();
}
