import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Store } from '../deps.ts';
import { budgetStore } from './budgets.ts';
import { decisionStore } from './decisions.ts';
import { documentStore } from './documents.ts';
import { gatewayStore } from './gateways.ts';
import { healthStore } from './health.ts';
import { heartbeatStore } from './heartbeats.ts';
import { historyStore } from './history.ts';
import { keyedRequestStore } from './keyed-requests.ts';
import { leaseStore } from './leases.ts';
import { lookupStore } from './lookup.ts';
import { manifestWriteStore } from './manifest-writes.ts';
import { memoryStore } from './memory.ts';
import { operationStore } from './operations.ts';
import { markTransportErrors } from './outage.ts';
import { outboxStore } from './outbox.ts';
import { resourceStore } from './resources.ts';
import { sealStore } from './seals.ts';
import { Table } from './table.ts';

export interface DynamoSettings {
  region: string;
  /** The URL of DynamoDB. The default is the endpoint of the region. */
  endpoint?: string | undefined;
  /** The credentials for DynamoDB. By default the SDK looks for them; in Workers it finds none. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } | undefined;
  attemptTimeoutMs?: number;
}

/**
 * A logger that discards everything. Without a logger the SDK writes some hints to the console, where they would not be
 * lines of the log.
 */
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * Creates a client that makes one attempt of each call and waits for its answer at most `attemptTimeoutMs`; the store
 * itself retries. All requests of an isolate share one client: it keeps no promise that waits for I/O, so none of them
 * waits for what another one began.
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
  /** The longest time that one call of the store waits for DynamoDB with all its attempts, in milliseconds. */
  patienceMs?: number;
  /** The longest time that a call for the budgets of cloud calls waits, in milliseconds. */
  budgetPatienceMs?: number;
}

/**
 * Creates the store on one DynamoDB table. Reads are consistent and parsed. In addition to the errors of the port,
 * calls throw `StoreUnavailable`, `InvalidPageToken`, `CorruptItemError` and `StoreLimitError`. `client` comes from
 * `createDynamoClient`.
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
    ...manifestWriteStore(table),
    ...gatewayStore(table),
    ...memoryStore(table),
    ...leaseStore(table),
    ...budgetStore(table, budgetPatienceMs),
    ...heartbeatStore(table),
    ...keyedRequestStore(table),
    ...healthStore(table),
    ...decisionStore(table),
    ...documentStore(table),
    ...sealStore(table),
  };
}
