import { setTimeout as realSleep } from 'node:timers/promises';
import { monotonicFactory } from 'ulid';
import { createApp } from '../../functions/api/app.ts';
import { createCloud } from '../../functions/cloud/alicloud.ts';
import type { Cloud, Deps, Log } from '../../functions/deps.ts';
import { net } from '../../functions/platform.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { type LocalCloud, startLocalCloud } from '../../infra/local/cloud/server.ts';
import { localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { createEdge, type Edge } from './edge.ts';

export const TOKEN = 'a-token-for-tests-only';
const KEYS = { accessKeyId: 'test-key', accessKeySecret: 'test-secret' };

/** Time that passes only when somebody sleeps; those who sleep at once wake at once. */
export class VirtualClock {
  #nowMs = Date.now();

  now = (): number => this.#nowMs;

  sleep = async (ms: number): Promise<void> => {
    const wakeMs = this.#nowMs + ms;
    await realSleep(1);
    this.#nowMs = Math.max(this.#nowMs, wakeMs);
  };

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface Harness {
  clock: VirtualClock;
  cloud: LocalCloud;
  edge: Edge;
  /** Everything real but the clock; another cloud, network or log may be put in. */
  deps(overrides?: Partial<Deps>): Deps;
  /** One request to the API; waits for the work that it leaves behind. */
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Json }>;
  /** Creates or replaces, whatever is there. */
  put(path: string, body: unknown): Promise<Json>;
  /** Forgets the calls seen so far. */
  forgetCalls(): void;
  writes(): string[];
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API, looked into by assertions.
export type Json = any;

const silent: Log = { info: () => undefined, error: () => undefined };

/** A control plane on the embedded DynamoDB, before a local cloud with one load balancer, in virtual time. */
export async function startHarness(options: { jobLatencyMs?: number } = {}): Promise<Harness> {
  const clock = new VirtualClock();
  const dynamo = await startDynamo();
  const cloud = await startLocalCloud({
    accessKeys: { [KEYS.accessKeyId]: KEYS.accessKeySecret },
    jobLatencyMs: options.jobLatencyMs ?? 200,
    throttle: false,
    now: clock.now,
    // The SDK signs by the real time.
    signatureNow: Date.now,
  });
  const client = createDynamoClient({ ...localSettings, endpoint: dynamo.endpoint });
  const nextUlid = monotonicFactory();
  const ownCloud = (): Cloud =>
    createCloud({ credentials: { default: KEYS }, endpoint: () => cloud.url, clock, log: silent, timeoutMs: 1000 });
  const deps = (overrides: Partial<Deps> = {}): Deps => ({
    store: createDynamoStore(client, DEFAULT_TABLE_NAME),
    cloud: ownCloud(),
    clock,
    ids: { ulid: () => nextUlid(clock.now()) },
    net,
    log: silent,
    settings: { ownerId: 'test', credentials: ['default'], allowLoopbackProbes: true },
    ...overrides,
  });
  const edge = await createEdge(deps().cloud, clock, (id) => cloud.state.listeners.get(id)?.dataPlaneAddress ?? '');

  const api: Harness['api'] = async (method, path, body, headers = {}) => {
    const left: Promise<unknown>[] = [];
    const context = {
      waitUntil: (work: Promise<unknown>) => left.push(work),
      passThroughOnException: () => undefined,
      props: {},
    };
    const request = new Request(`http://api.test${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const response = await createApp(deps(), { token: TOKEN }).fetch(request, {}, context);
    await Promise.all(left);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  return {
    clock,
    cloud,
    edge,
    deps,
    api,
    put: async (path, body) => {
      const exists = (await api('GET', path)).status === 200;
      const answer = await api('PUT', path, body, exists ? { 'if-match': '*' } : {});
      if (answer.status >= 300) throw new Error(`PUT ${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    forgetCalls: () => cloud.log.clear(),
    writes: () => cloud.log.entries.filter((entry) => entry.kind === 'write').map((entry) => entry.action),
    close: async () => {
      await edge.close();
      client.destroy();
      await cloud.close();
      await dynamo.close();
    },
  };
}
