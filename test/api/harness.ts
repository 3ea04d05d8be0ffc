import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { monotonicFactory } from 'ulid';
import { describe, inject, it } from 'vitest';
import { createApp } from '../../functions/api/app.ts';
import { createSenders } from '../../functions/api/http/senders.ts';
import { createAuthenticate } from '../../functions/commands/access/authenticate.ts';
import { type Cloud, CloudError, type Deps, type Log, type Net } from '../../functions/deps.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { startDynamo } from '../../infra/local/dynamo.ts';
import { EXAMPLE_PLACE, iamPolicy } from '../../infra/policies.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { NO_LIMITS } from '../limits.ts';
import { createTestClient } from '../store/client.ts';
import { type Meter, meterOf } from '../store/meter.ts';
import { createGuard, type Guard } from '../store/policy.ts';
import { workerdApi } from './workerd.ts';

export const TOKEN = 'a-token-for-tests-only';
export const TOKENS = { api: TOKEN, ada: 'the-token-of-ada-alone', bob: 'the-token-of-bob-alone' };

// biome-ignore lint/suspicious/noExplicitAny: answers of the API, looked into by assertions.
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface Call {
  /** Sent as JSON, unless it is text. */
  body?: unknown;
  /** Replaces the defaults; undefined leaves a header out. */
  headers?: Record<string, string | undefined>;
}

export interface Event {
  level: 'info' | 'error';
  event: string;
  fields: Json;
}

export interface Harness {
  deps: Deps;
  /** What was logged. */
  events: Event[];
  /** What passes between the API and its store. */
  meter: Meter;
  /** One request; in Node it waits for the work that it leaves behind. Other parts of the control plane may be put in its place. */
  call(method: string, path: string, call?: Call, overrides?: Partial<Deps>): Promise<Answer>;
  /** What the IAM policy has refused; to be asked for where that is expected. */
  takeDenials: Guard['takeDenials'];
  /** Another connection to the table, to be closed by who asked for it. */
  connect(): DynamoDBClient;
  close(): Promise<void>;
}

/** No cloud answers: what is declared is kept, and no gateway ever follows. */
const cloud: Cloud = {
  call: async ({ action }) => {
    throw new CloudError({ code: 'Nowhere', errorClass: 'unavailable', action, message: 'there is no cloud here' });
  },
};

const net: Net = {
  fetch: async () => ({ status: 200 }),
  connect: async () => undefined,
};

declare module 'vitest' {
  interface ProvidedContext {
    runtime: 'node' | 'workerd';
  }
}

/** Whether the Worker answers, in workerd and over HTTP, or the API in the process of the tests. */
const isWorkerd = inject('runtime') === 'workerd';

/** For tests that put other parts in the place of the API's own ones or look into it, which they cannot do in workerd. */
export const inProcess = { it: it.runIf(!isWorkerd), describe: describe.runIf(!isWorkerd) };

interface Server {
  dynamoEndpoint: string;
  fetch(path: string, init: RequestInit, deps: Deps): Promise<Response>;
  close(): Promise<void>;
}

/**
 * The API on the embedded DynamoDB, which it may use as an IAM policy allows: the one that is handed out, unless there is another. Its
 * close rejects when something was refused.
 */
export async function startHarness({ policy = iamPolicy() }: { policy?: object } = {}): Promise<Harness> {
  const events: Event[] = [];
  const guard = createGuard(policy, EXAMPLE_PLACE);
  const server = isWorkerd ? await workerdServer(events, guard) : await nodeServer();
  const connect = () => guard.watch(createTestClient(server.dynamoEndpoint));
  const client = connect();
  const meter = meterOf(client);
  const record = (level: Event['level']) => (event: string, fields?: object) => {
    events.push({ level, event, fields });
  };
  const log: Log = { info: record('info'), error: record('error') };
  const nextUlid = monotonicFactory();
  const clock = { now: () => Date.now(), sleep: async () => undefined };
  const deps: Deps = {
    store: createDynamoStore(client, DEFAULT_TABLE_NAME),
    cloud,
    clock,
    ids: { ulid: () => nextUlid() },
    net,
    notifier: createNotifier({}, { clock, log, allowLoopback: true }),
    log,
    settings: {
      ownerId: 'test',
      credentials: ['default'],
      notificationTargets: [],
      webhookTargets: [],
      allowLoopbackProbes: false,
    },
  };
  return {
    deps,
    events,
    takeDenials: guard.takeDenials,
    connect,
    meter,
    call: async (method, path, call = {}, overrides = {}) => {
      if (isWorkerd && Object.keys(overrides).length > 0) throw new Error('Mark this test with inProcess.');
      return await answerOf(await server.fetch(path, requestOf(method, call), { ...deps, ...overrides }));
    },
    close: async () => {
      client.destroy();
      await server.close();
      guard.expectNoDenials();
    },
  };
}

async function workerdServer(events: Event[], { fateOf }: Guard): Promise<Server> {
  const api = await workerdApi(TOKENS, { record: (event) => events.push(event), fateOf });
  return { ...api, close: async () => undefined };
}

const app = createApp({
  senders: createSenders(NO_LIMITS, 'CF-Connecting-IP', []),
  authenticate: createAuthenticate(TOKENS),
});

async function nodeServer(): Promise<Server> {
  const dynamo = await startDynamo();
  return {
    dynamoEndpoint: dynamo.endpoint,
    close: dynamo.close,
    fetch: async (path, init, deps) => {
      const left: Promise<unknown>[] = [];
      const context = {
        waitUntil: (work: Promise<unknown>) => left.push(work),
        passThroughOnException: () => undefined,
        props: {},
      };
      const response = await app.request(path, init, deps, context);
      await Promise.all(left);
      return response;
    },
  };
}

function requestOf(method: string, { body, headers = {} }: Call): RequestInit {
  const defaults = {
    Authorization: `Bearer ${TOKEN}`,
    'Content-Type': body === undefined ? undefined : 'application/json',
  };
  const given = Object.entries({ ...defaults, ...headers }).filter((entry) => entry[1] !== undefined);
  return {
    method,
    headers: given as [string, string][],
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get('Content-Type')?.includes('json');
  const answered = text === '' ? undefined : isJson ? JSON.parse(text) : text;
  return { status: response.status, headers: response.headers, body: answered };
}
