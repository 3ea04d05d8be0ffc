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
import { markTransportErrors } from './outage.ts';
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
  attemptTimeoutMs?: number;
}

/** Without a logger the SDK writes some of its hints to the console, where they are no lines of the log. */
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * A client that makes one attempt of each call and waits for its answer at most `attemptTimeoutMs`: the store itself tries again. All
 * requests of an isolate share one client: it keeps no promise that waits for I/O, so that none of them waits for what another one began.
 */
export function createDynamoClient({
  region,
  endpoint,
  credentials,
  attemptTimeoutMs = 2_000,
}: DynamoSettings): DynamoDBClient {
  const client = new DynamoDBClient({
    region,
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials && { credentials }),
    maxAttempts: 1,
    logger: SILENT,
    requestHandler: { requestTimeout: attemptTimeoutMs, throwOnRequestTimeout: true },
  });
  markTransportErrors(client);
  return client;
}

export interface StoreOptions {
  /** The longest that one call of the store waits for DynamoDB, with all its attempts. */
  patienceMs?: number;
  /** The same of the budgets of calls to the clouds. */
  budgetPatienceMs?: number;
}

/**
 * The store on one DynamoDB table. Reads are consistent and parsed. Beside what the port says, calls throw StoreUnavailable, InvalidPageToken,
 * CorruptItemError and StoreLimitError. `client` comes from createDynamoClient.
 */
export function createDynamoStore(
  client: DynamoDBClient,
  tableName: string,
  { patienceMs, budgetPatienceMs = 500 }: StoreOptions = {},
): Store {
  const table = new Table(client, tableName, patienceMs);
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
