import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../functions/store/dynamo.ts';
import { localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { MemoryTable } from '../../infra/local/memory-table.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';

/** An empty table of its own, which ends with its close. */
export interface TestTable {
  /** Returns another connection to the table. */
  connect(): DynamoDBClient;
  close(): Promise<void>;
}

/** A sample of the tests takes `memory`; all else, such as `npm run verify:full`, takes the embedded DynamoDB. See vitest.config.ts. */
const TABLE = process.env['FAIRLEAD_TEST_TABLE'];

/**
 * Opens a table for a test that is not about the store itself. Requests to the embedded DynamoDB make up most of the processor time of such
 * a test, so that a sample of the tests uses a table in memory. A test that puts a proxy before the database asks for the embedded one.
 */
export async function openTable({ overHttp = TABLE !== 'memory' } = {}): Promise<TestTable> {
  if (overHttp) {
    const { endpoint, close } = await startDynamo();
    return { connect: () => createTestClient(endpoint), close };
  }
  const table = new MemoryTable(DEFAULT_TABLE_NAME);
  return { connect: () => table.connect(), close: async () => undefined };
}

/** The embedded DynamoDB wants a request to be signed and checks no signature. */
const UNCHECKED = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20260101/us-west-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-date': '20260101T000000Z',
};

/** The time is long because a busy machine is no store in trouble. */
const ATTEMPT_TIMEOUT_MS = 30_000;

/**
 * The client of the product without what only AWS looks at, namely signatures, the user agent and traces. They make up a third of the
 * time of a call; test/store, test/local and test/workerd send them.
 */
export function createTestClient(endpoint: string): DynamoDBClient {
  const client = createDynamoClient({ ...localSettings, endpoint, attemptTimeoutMs: ATTEMPT_TIMEOUT_MS });
  const { middlewareStack } = client;
  for (const name of [
    'httpSigningMiddleware',
    'loggerMiddleware',
    'getUserAgentMiddleware',
    'recursionDetectionMiddleware',
  ]) {
    if (!middlewareStack.remove(name)) throw new Error(`The SDK has no ${name} any more.`);
  }
  middlewareStack.add(
    (next) => (args) => {
      Object.assign((args.request as { headers: Record<string, string> }).headers, UNCHECKED);
      return next(args);
    },
    { step: 'finalizeRequest', name: 'unchecked' },
  );
  return client;
}
