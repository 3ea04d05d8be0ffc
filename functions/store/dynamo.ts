import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Store } from '../deps.ts';
import { budgetStore } from './budgets.ts';
import { decisionStore } from './decisions.ts';
import { documentStore } from './documents.ts';
import { gatewayStore } from './gateways.ts';
import { healthStore } from './health.ts';
import { heartbeatStore } from './heartbeats.ts';
import { historyStore } from './history.ts';
import { leaseStore } from './leases.ts';
import { lookupStore } from './lookup.ts';
import { memoryStore } from './memory.ts';
import { operationStore } from './operations.ts';
import { outboxStore } from './outbox.ts';
import { resourceStore } from './resources.ts';
import { rolloutStore } from './rollouts.ts';
import { Table } from './table.ts';

export interface DynamoSettings {
  region: string;
  /** Absent: the endpoint of the region. */
  endpoint?: string | undefined;
  /** Absent: what the SDK finds by itself; in Workers it finds nothing. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
}

/**
 * Tries a call four times at most, five seconds each. A transaction carries a token, so that one whose answer was lost
 * is not done twice. In a Worker each request makes its own client: workerd lets no request wait for another's promises.
 */
export function createDynamoClient({ region, endpoint, credentials }: DynamoSettings): DynamoDBClient {
  return new DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
    maxAttempts: 4,
    requestHandler: { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true },
  });
}

/**
 * The store on one DynamoDB table. Reads are consistent and parsed. Beside what the port says, calls throw
 * InvalidPageToken, CorruptItemError, StoreLimitError and the errors of the SDK. `budgetPatienceMs`: the longest that calls of the clouds
 * wait for their budget to be read or written.
 */
export function createDynamoStore(
  client: DynamoDBClient,
  tableName: string,
  { budgetPatienceMs = 500 }: { budgetPatienceMs?: number } = {},
): Store {
  const table = new Table(client, tableName);
  return {
    ...resourceStore(table),
    ...historyStore(table),
    ...lookupStore(table),
    ...outboxStore(table),
    ...operationStore(table),
    ...rolloutStore(table),
    ...gatewayStore(table),
    ...memoryStore(table),
    ...leaseStore(table),
    ...budgetStore(table, budgetPatienceMs),
    ...heartbeatStore(table),
    ...healthStore(table),
    ...decisionStore(table),
    ...documentStore(table),
  };
}
