import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { type LocalWorker, startWorker } from '../../infra/local/worker.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { NO_LIMITS } from '../limits.ts';
import { startDynamoProxy } from '../store/proxy.ts';
import type { RecordedCall } from './bare-api.ts';

const TOKEN = 'a-token-for-benches';
const SHOP = '/v1/fleets/bench';
const CLIENTS = 2;
const WARM_UP = 50;
const REQUESTS = 200;

/** Linux counts processor time in hundredths of a second (USER_HZ in the kernel's documentation of /proc). */
const TICK_MS = 10;

interface Wanted {
  name: string;
  method: string;
  /** Each client has its own, so that they do not contend. */
  path(client: number): string;
  body?(client: number): object;
  headers?: Record<string, string>;
}

const routeOf = (index: number) => ({
  displayName: crypto.randomUUID(),
  gateways: ['edge'],
  hostnames: [`r${index}.example.com`],
  rules: [{ backendRefs: [{ service: 'web', port: 80 }] }],
});

const wanted: readonly Wanted[] = [
  { name: 'health', method: 'GET', path: () => '/livez' },
  { name: 'route shown', method: 'GET', path: (client) => `${SHOP}/routes/r${client}` },
  { name: 'page of 50 routes', method: 'GET', path: () => `${SHOP}/routes?pageSize=50` },
  {
    name: 'route edited',
    method: 'PUT',
    path: (client) => `${SHOP}/routes/r${client}`,
    body: routeOf,
    headers: { 'If-Match': '*' },
  },
];

interface Cost {
  /** Processor time of workerd per request. */
  cpuMs: number;
  /** The same of a Worker that makes the same calls to the store and does nothing else. */
  bareCpuMs: number;
  /** bareCpuMs ÷ cpuMs: 1 would be free. */
  ratio: number;
  storeCalls: number;
}

/** The processor time that requests to the API cost in workerd, with two clients, beside a bare Hono handler that makes the same calls. */
export async function requests(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const dynamo = await startDynamo();
  const calls: RecordedCall[] = [];
  const proxy = await startDynamoProxy(dynamo.endpoint, ({ action, body }) => {
    calls.push({ action, body });
    return { type: 'forward' };
  });
  const worker = await startMeasured({ settings: settingsOf(proxy.endpoint), logFile: join(directory, 'worker.log') });
  try {
    await declare(worker.url, dynamo.endpoint);
    const recorded: Record<string, RecordedCall[]> = {};
    for (const request of wanted) {
      await send(worker.url, request);
      calls.length = 0;
      await send(worker.url, request);
      recorded[request.name] = calls.map(repeatable);
    }
    const bare = await startMeasured({
      entrypoint: fileURLToPath(new URL('bare-api.ts', import.meta.url)),
      settings: { DYNAMODB_ENDPOINT: dynamo.endpoint, CALLS: JSON.stringify(recorded) },
      logFile: join(directory, 'bare.log'),
    });
    try {
      const costs: Record<string, Cost> = {};
      for (const request of wanted) {
        const path = request.name === 'health' ? '/livez' : `/repeat/${encodeURIComponent(request.name)}`;
        const bareCpuMs = await cpuMsOf(bare, { name: request.name, method: 'GET', path: () => path });
        const cpuMs = await cpuMsOf(worker, request);
        const ratio = Number((bareCpuMs / cpuMs).toFixed(2));
        costs[request.name] = { cpuMs, bareCpuMs, ratio, storeCalls: recorded[request.name]?.length ?? 0 };
      }
      return costs;
    } finally {
      await bare.close();
    }
  } finally {
    await worker.close();
    await proxy.close();
    await dynamo.close();
    rmSync(directory, { recursive: true });
  }
}

function settingsOf(endpoint: string): Record<string, string> {
  return {
    API_TOKEN: TOKEN,
    RATE_LIMITS: JSON.stringify(NO_LIMITS),
    OWNER_ID: 'bench',
    TABLE_NAME: DEFAULT_TABLE_NAME,
    AWS_REGION: localSettings.region,
    AWS_ACCESS_KEY_ID: localSettings.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localSettings.credentials.secretAccessKey,
    DYNAMODB_ENDPOINT: endpoint,
    ALIBABA_CLOUD_CREDENTIALS: JSON.stringify({ default: { accessKeyId: 'key', accessKeySecret: 'secret' } }),
  };
}

/** Whoever holds the lease of the gateway keeps others from pushing to it, so that only the requests are measured. */
async function declare(url: string, endpoint: string): Promise<void> {
  const client = createDynamoClient({ ...localSettings, endpoint });
  await createDynamoStore(client, DEFAULT_TABLE_NAME).acquire('gateway/bench/edge', 'bench', 3_600_000, Date.now());
  client.destroy();
  const put = (path: string, body: object) =>
    send(url, { name: path, method: 'PUT', path: () => `${SHOP}${path}`, body: () => body });
  await put('', {});
  await put('/clusters/one', { kind: 'kubernetes', ingress: { endpoints: [{ address: '10.0.0.1', port: 80 }] } });
  const target = { provider: 'alb', regionId: 'cn-hangzhou', loadBalancerId: 'alb-bench', listenerIds: ['lsn-bench'] };
  await put('/gateways/edge', { target });
  await put('/services/web', { ports: [{ name: 'http', port: 80 }], exports: [{ cluster: 'one' }] });
  for (let index = 0; index < 60; index++) {
    await put(`/routes/r${index}`, routeOf(index));
  }
}

async function send(url: string, { name, method, path, body, headers }: Wanted, client = 0): Promise<void> {
  const response = await fetch(`${url}${path(client)}`, {
    method,
    headers: {
      Authorization: `Bearer ${TOKEN}`,
      ...(body && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body && { body: JSON.stringify(body(client)) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${name}: ${response.status} ${text}`);
}

async function cpuMsOf({ pid, url }: MeasuredWorker, request: Wanted): Promise<number> {
  await sendMany(url, request, WARM_UP);
  const before = cpuMs(pid);
  await sendMany(url, request, REQUESTS);
  return Number(((cpuMs(pid) - before) / REQUESTS).toFixed(2));
}

async function sendMany(url: string, request: Wanted, count: number): Promise<void> {
  let left = count;
  const work = async (_: unknown, client: number) => {
    while (left-- > 0) await send(url, request, client);
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
}

interface MeasuredWorker extends LocalWorker {
  pid: number;
}

/** Of the two processes that Wrangler starts for a Worker, the later one runs it; the other hands requests over. */
async function startMeasured(options: Parameters<typeof startWorker>[0]): Promise<MeasuredWorker> {
  const before = new Set(workerds());
  const worker = await startWorker(options);
  const started = workerds().filter((pid) => !before.has(pid));
  return { ...worker, pid: Math.max(...started) };
}

function workerds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const [name, , parent] = statOf(pid);
      return name === 'workerd' && parent === String(process.pid);
    });
}

function cpuMs(pid: number): number {
  const stat = statOf(pid);
  return (Number(stat[12]) + Number(stat[13])) * TICK_MS;
}

/** The fields of /proc/PID/stat from the second on; its name stands in parentheses. Empty when the process is gone. */
function statOf(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [, name = '', rest = ''] = /\((.*)\) (.*)/s.exec(text) ?? [];
    return [name, ...rest.split(' ')];
  } catch {
    return [];
  }
}

/** A transaction that is repeated finds other revisions: it goes without what makes it conditional, so that it succeeds again. */
function repeatable({ action, body }: RecordedCall): RecordedCall {
  if (action !== 'TransactWriteItems') return { action, body };
  const items = body['TransactItems'] as Record<string, Write>[];
  const TransactItems = items
    .filter((item) => item['ConditionCheck'] === undefined)
    .map((item) => Object.fromEntries(Object.entries(item).map(([verb, write]) => [verb, unconditional(write)])));
  return { action, body: { TransactItems } };
}

interface Write {
  ConditionExpression?: string;
  UpdateExpression?: string;
  ExpressionAttributeNames?: Record<string, unknown>;
  ExpressionAttributeValues?: Record<string, unknown>;
}

function unconditional({ ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues, ...write }: Write) {
  const update = write.UpdateExpression?.match(/[#:]\w+/g);
  if (!update) return write;
  const used = (all: Record<string, unknown> = {}) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => update.includes(name)));
  return {
    ...write,
    ExpressionAttributeNames: used(ExpressionAttributeNames),
    ExpressionAttributeValues: used(ExpressionAttributeValues),
  };
}
