/** The embedded DynamoDB: the native binary of `@dynoxide/linux-x64`, as a child process. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { createDynamoClient } from '../../functions/store/dynamo.ts';
import { createTableInput, DEFAULT_TABLE_NAME, timeToLive } from '../table.ts';
import { failureOf, guardChildren } from './children.ts';
import { freePort, LOOPBACK, requireFreePort } from './ports.ts';

/**
 * The Region and credentials for a local DynamoDB. It checks neither, but some implementations keep a database for each
 * pair.
 */
export const localSettings = {
  region: 'us-west-2',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

const READY_WITHIN_MS = 15_000;

export interface LocalDynamo {
  endpoint: string;
  /** Rejects with the reason when the process ends. */
  failed: Promise<never>;
  /** Resolves once the process has ended. */
  close(): Promise<void>;
}

/**
 * Starts the embedded DynamoDB and creates the table. Without `port` it takes a free one; without `dbPath` everything
 * is kept in memory. Rejects with one sentence that says what to do when the binary is missing or the port is taken.
 */
export async function startDynamo(options: { port?: number; dbPath?: string } = {}): Promise<LocalDynamo> {
  const binary = binaryPath();
  const port = options.port ?? (await freePort());
  await requireFreePort(port);
  const args = ['--host', LOOPBACK, '--port', String(port)];
  if (options.dbPath !== undefined) {
    mkdirSync(dirname(options.dbPath), { recursive: true });
    args.push('--db-path', options.dbPath);
  }
  guardChildren();
  const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const failed = failureOf(child, 'The embedded DynamoDB');
  const close = closer(child, failed);
  const endpoint = `http://${LOOPBACK}:${port}`;
  try {
    await Promise.race([answers(endpoint), failed]);
    await Promise.race([ensureTable(endpoint, DEFAULT_TABLE_NAME), failed]);
  } catch (error) {
    await close();
    throw error;
  }
  return { endpoint, failed, close };
}

/** Creates the table unless it exists. */
export async function ensureTable(endpoint: string, tableName: string): Promise<void> {
  const client = createDynamoClient({ ...localSettings, endpoint });
  try {
    await client.send(new DescribeTableCommand({ TableName: tableName }));
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error;
    await client.send(new CreateTableCommand(createTableInput(tableName))).catch(ignoreExisting);
    await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 30 }, { TableName: tableName });
    await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: timeToLive }));
  } finally {
    client.destroy();
  }
}

/** Ignores the error of a table that another process created at the same time. */
function ignoreExisting(error: unknown): void {
  if (!(error instanceof ResourceInUseException)) throw error;
}

function binaryPath(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('@dynoxide/linux-x64/package.json');
    return join(dirname(manifest), 'dynoxide');
  } catch {
    throw new Error(
      `The embedded DynamoDB is not installed (${process.platform} ${process.arch}; it exists for linux x64): ` +
        'start DynamoDB Local and set DYNAMODB_ENDPOINT to its URL.',
    );
  }
}

async function answers(endpoint: string): Promise<void> {
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline) {
    const reached = await fetch(endpoint, { signal: AbortSignal.timeout(1000) }).then(
      () => true,
      () => false,
    );
    if (reached) return;
    await sleep(25);
  }
  throw new Error(`The embedded DynamoDB did not answer at ${endpoint} within ${READY_WITHIN_MS / 1000} s.`);
}

function closer(child: ChildProcess, failed: Promise<never>): () => Promise<void> {
  const ended = failed.catch(() => undefined);
  return async () => {
    child.kill();
    await ended;
  };
}
