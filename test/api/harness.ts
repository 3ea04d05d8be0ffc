import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { monotonicFactory } from 'ulid';
import { describe, inject, it } from 'vitest';
import { createApp } from '../../functions/api/app.ts';
import { JSON_TYPE, MERGE_PATCH_TYPE } from '../../functions/api/http/body.ts';
import { createSenders } from '../../functions/api/http/senders.ts';
import { createAuthenticate } from '../../functions/commands/access/authenticate.ts';
import { LOOPBACK } from '../../functions/core/egress/target.ts';
import { type Cloud, CloudError, type Deps, type Log, type Net } from '../../functions/deps.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { EXAMPLE_PLACE, iamPolicy } from '../../infra/policies.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { openApi } from '../document.ts';
import { NO_LIMITS } from '../limits.ts';
import { createTestClient, openTable } from '../store/client.ts';
import { type Meter, meterOf } from '../store/meter.ts';
import { createGuard, type Guard } from '../store/policy.ts';
import { NO_IDENTITIES, person, seedAccess, storedToken } from './access.ts';
import { testIdentities } from './identities.ts';
import { workerdApi } from './workerd.ts';

export const TOKEN = 'a-token-for-tests-only';
/** The token of the settings, and the stored tokens of two people who may do everything but administer. */
export const TOKENS = { api: TOKEN, ada: storedToken('ada'), bob: storedToken('bob') };

/** The origins whose pages may call the API, here and in workerd. */
export const CORS_ORIGINS = ['https://portal.example.com', 'http://localhost:3000'];

/** The secrets of the settings, here and in workerd. */
export const SECRETS = { 'probe-token': { value: 'Bearer one-of-the-settings', hosts: ['ingress.example.com'] } };

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are looked into by assertions.
export type Json = any;

export interface Answer {
  status: number;
  headers: Headers;
  body: Json;
}

export interface Call {
  /** The body is sent as JSON, unless it is text; that of a PATCH is a merge patch. */
  body?: unknown;
  /** These headers replace the defaults; undefined leaves a header out. */
  headers?: Record<string, string | undefined>;
}

export interface Event {
  level: 'info' | 'error';
  event: string;
  fields: Json;
}

export interface Harness {
  deps: Deps;
  /** Events that were logged. */
  events: Event[];
  /** Counts what passes between the API and its store. */
  meter: Meter;
  /**
   * Sends one request; in Node it also waits for the work that the request leaves behind. Other parts of the control
   * plane may be put in place of the API's own ones.
   */
  call(method: string, path: string, call?: Call, overrides?: Partial<Deps>): Promise<Answer>;
  /** Returns what the IAM policy has refused, for tests that expect refusals. */
  takeDenials: Guard['takeDenials'];
  /** Opens another connection to the table, which the caller has to close. */
  connect(): DynamoDBClient;
  close(): Promise<void>;
}

/** A cloud that never answers: what is declared is kept, and no gateway ever follows. */
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

/** True when the Worker answers in workerd over HTTP; false when the API runs in the process of the tests. */
const isWorkerd = inject('runtime') === 'workerd';

/** Runs tests that replace parts of the API or look into it, which is impossible in workerd. */
export const inProcess = { it: it.runIf(!isWorkerd), describe: describe.runIf(!isWorkerd) };

interface Server {
  connect(): DynamoDBClient;
  fetch(path: string, init: RequestInit, deps: Deps): Promise<Response>;
  close(): Promise<void>;
}

interface HarnessOptions {
  policy?: object;
  /** True when its table is an embedded DynamoDB, so that a proxy can be put before it; the default is that of all tests. */
  overHttp?: boolean;
  /** True when it accepts tokens of the identity provider of the tests; in workerd it always does. */
  withIdentities?: boolean;
}

/**
 * The API on a table of its own, which it may use as far as an IAM policy allows: the published policy unless
 * another one is given. Its close rejects when something was refused.
 */
export async function startHarness({
  policy = iamPolicy(),
  overHttp,
  withIdentities = false,
}: HarnessOptions = {}): Promise<Harness> {
  const events: Event[] = [];
  const guard = createGuard(policy, EXAMPLE_PLACE);
  const server = isWorkerd ? await workerdServer(events, guard) : await nodeServer(overHttp);
  const connect = () => guard.watch(server.connect());
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
    notifier: createNotifier({}, { clock, log, egress: { allowed: LOOPBACK } }),
    secrets: createSecrets(SECRETS),
    identities: withIdentities ? await testIdentities({ clock, log }) : NO_IDENTITIES,
    log,
    settings: {
      ownerId: 'test',
      credentials: ['default'],
      notificationTargets: [],
      webhookTargets: [],
      hasToken: true,
      egress: { allowed: [] },
    },
  };
  await seedAccess(deps.store, [person('ada'), person('bob')]);
  return {
    deps,
    events,
    takeDenials: guard.takeDenials,
    connect,
    meter,
    call: async (method, path, call = {}, overrides = {}) => {
      if (isWorkerd && Object.keys(overrides).length > 0) throw new Error('Mark this test with inProcess.');
      return await answerOf(await server.fetch(path, requestOf(method.toUpperCase(), call), { ...deps, ...overrides }));
    },
    close: async () => {
      client.destroy();
      await server.close();
      guard.expectNoDenials();
    },
  };
}

async function workerdServer(events: Event[], { fateOf }: Guard): Promise<Server> {
  const api = await workerdApi(TOKEN, { record: (event) => events.push(event), fateOf });
  return { ...api, connect: () => createTestClient(api.dynamoEndpoint), close: async () => undefined };
}

async function nodeServer(overHttp: boolean | undefined): Promise<Server> {
  const table = await openTable({ overHttp });
  // An app remembers senders and tokens, which are those of one table.
  const app = createApp({
    openApi,
    senders: createSenders(NO_LIMITS, 'CF-Connecting-IP', []),
    authenticate: createAuthenticate({ settingToken: TOKEN }),
    corsOrigins: CORS_ORIGINS,
  });
  return {
    ...table,
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
    'Content-Type': body === undefined ? undefined : method === 'PATCH' ? MERGE_PATCH_TYPE : JSON_TYPE,
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
