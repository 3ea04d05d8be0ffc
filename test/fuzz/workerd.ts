import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { clock } from '../../functions/platform.ts';
import { ensureTable, startDynamo } from '../../infra/local/dynamo.ts';
import { startWorker } from '../../infra/local/worker.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { createTestClient } from '../store/client.ts';
import type { Cast } from './callers.ts';
import { type Answer, settingsOf, type Target, type World } from './target.ts';

/** The time after which an answer that is a stream is left. */
const STREAM_MS = 300;

/** The Worker in workerd, as it is deployed, on an embedded DynamoDB and in real time. */
export async function workerdTarget(cast: Cast, world: World): Promise<Target> {
  const dynamo = await startDynamo();
  const logFile = join(tmpdir(), `fairlead-fuzz-${process.pid}.log`);
  const worker = await startWorker({ logFile, settings: settingsOf(cast, world, dynamo.endpoint) });
  const connect = () => createTestClient(dynamo.endpoint);
  let read = 0;
  return {
    ...{ name: 'workerd', clock, connect },
    empty: async () => {
      const client = connect();
      await client.send(new DeleteTableCommand({ TableName: DEFAULT_TABLE_NAME }));
      client.destroy();
      await ensureTable(dynamo.endpoint, DEFAULT_TABLE_NAME);
    },
    send: async ({ method, path, headers, body }) => {
      const given = headers.map(([name, value]) => [name, value]) as [string, string][];
      const init = { method, headers: given, redirect: 'manual' as const, ...(body !== undefined && { body }) };
      return await answerOf(await fetch(`${worker.url}${path}`, init));
    },
    // A run of the schedule lasts for most of a minute here.
    work: async () => undefined,
    takeLog: () => {
      const text = existsSync(logFile) ? readFileSync(logFile, 'utf8') : '';
      const taken = text.slice(read);
      read = text.length;
      return taken;
    },
    close: async () => {
      await worker.close();
      await dynamo.close();
      rmSync(logFile, { force: true });
    },
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const { status, headers } = response;
  if (!headers.get('Content-Type')?.startsWith('text/event-stream')) {
    return { status, headers, text: await response.text() };
  }
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const timer = setTimeout(() => void reader?.cancel(), STREAM_MS);
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    text += decoder.decode(part.value, { stream: true });
  }
  clearTimeout(timer);
  return { status, headers, text };
}
