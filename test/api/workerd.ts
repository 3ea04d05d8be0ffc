import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';
import { createDynamoClient } from '../../functions/store/dynamo.ts';
import { ensureTable, localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { startWorker } from '../../infra/local/worker.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { NO_LIMITS } from '../limits.ts';
import { type DynamoCall, type Fate, startDynamoProxy } from '../store/proxy.ts';
import { CORS_ORIGINS, type Event, SECRETS } from './harness.ts';
import { testProvider } from './identities.ts';

/** The Worker in workerd, and the database that it writes to. */
export interface WorkerdApi {
  /** An endpoint of the database that does not pass through the watcher. */
  dynamoEndpoint: string;
  /** Resolves when the Worker has logged the request, which it does last before it answers. */
  fetch(path: string, init: RequestInit): Promise<Response>;
}

/** How the tests of one file look into the Worker and its calls of the database. */
interface Watcher {
  /** Takes each event that the Worker logs. */
  record(event: Event): void;
  /** Decides what becomes of each call of the database. */
  fateOf(call: DynamoCall): Fate;
}

interface Running extends WorkerdApi {
  watcher: Watcher;
}

let running: Promise<Running> | undefined;

/**
 * The Worker of this test process, with an empty table. It is started when it is first needed, and it ends with the
 * process.
 */
export async function workerdApi(token: string, watcher: Watcher): Promise<WorkerdApi> {
  running ??= start(token, watcher);
  const api = await running;
  api.watcher = watcher;
  await emptyTable(api.dynamoEndpoint);
  return api;
}

async function start(token: string, watcher: Watcher): Promise<Running> {
  const dynamo = await startDynamo();
  const proxy = await startDynamoProxy(dynamo.endpoint, (call) => api.watcher.fateOf(call));
  const logFile = join(tmpdir(), `fairlead-api-workerd-${process.pid}.log`);
  process.once('exit', () => rmSync(logFile, { force: true }));
  const { url } = await startWorker({
    entrypoint: fileURLToPath(new URL('patient-worker.ts', import.meta.url)),
    logFile,
    settings: {
      API_TOKEN: token,
      OWNER_ID: 'test',
      TABLE_NAME: DEFAULT_TABLE_NAME,
      AWS_REGION: localSettings.region,
      AWS_ACCESS_KEY_ID: localSettings.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localSettings.credentials.secretAccessKey,
      DYNAMODB_ENDPOINT: proxy.endpoint,
      ALIBABA_CLOUD_CREDENTIALS: JSON.stringify({ default: { accessKeyId: 'key', accessKeySecret: 'secret' } }),
      SECRETS: JSON.stringify(SECRETS),
      CORS_ORIGINS: JSON.stringify(CORS_ORIGINS),
      OIDC_ISSUERS: JSON.stringify((await testProvider()).settings),
      RATE_LIMITS: JSON.stringify(NO_LIMITS),
      ALIBABA_CLOUD_ENDPOINT: await startUnavailableCloud(),
    },
  });
  const log: Event[] = [];
  const readLog = logReader(logFile);
  const api: Running = {
    dynamoEndpoint: dynamo.endpoint,
    watcher,
    fetch: async (path, init) => {
      const from = log.length;
      const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init });
      const requestId = response.headers.get('X-Request-Id');
      const awaitLine = () => {
        const fresh = readLog();
        log.push(...fresh);
        for (const event of fresh) api.watcher.record(event);
        const isLogged = log
          .slice(from)
          .some(({ event, fields }) => event === 'request' && fields.requestId === requestId);
        if (!isLogged) throw new Error(`The log has no line of the request ${requestId} to ${path}.`);
      };
      await vi.waitFor(awaitLine, { interval: 5, timeout: 30_000 });
      return response;
    },
  };
  return api;
}

/** Starts a cloud that answers later than any caller waits; resolves with its URL. It ends with the process. */
async function startUnavailableCloud(): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(503, { 'Content-Type': 'application/json', 'x-acs-retry-after': '120000' });
    response.end(JSON.stringify({ Code: 'ServiceUnavailable', RequestId: 'test' }));
  });
  server.listen(0, '127.0.0.1').unref();
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The cloud has no address.');
  return `http://127.0.0.1:${address.port}`;
}

/** Reads the events that have been logged since the last call. */
function logReader(logFile: string): () => Event[] {
  let read = 0;
  return () => {
    // The file appears with its first line, and its last line may be incomplete.
    const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').split('\n').slice(0, -1) : [];
    const fresh = lines.slice(read);
    read = lines.length;
    return fresh.filter((line) => line.startsWith('{')).map(eventOf);
  };
}

function eventOf(line: string): Event {
  const { level, event, ...fields } = JSON.parse(line);
  return { level, event, fields };
}

async function emptyTable(endpoint: string): Promise<void> {
  const client = createDynamoClient({ ...localSettings, endpoint });
  await client.send(new DeleteTableCommand({ TableName: DEFAULT_TABLE_NAME }));
  client.destroy();
  await ensureTable(endpoint, DEFAULT_TABLE_NAME);
}
