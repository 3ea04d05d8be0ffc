import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { storeConformance } from './conformance.ts';
import { MemoryTable } from './memory-table.ts';

/** What other tests run on instead of DynamoDB keeps every guarantee that the store gives on DynamoDB. */
storeConformance('the table in memory', async () => {
  const client = new MemoryTable(DEFAULT_TABLE_NAME).connect();
  return { store: createDynamoStore(client, DEFAULT_TABLE_NAME), close: async () => client.destroy() };
});
