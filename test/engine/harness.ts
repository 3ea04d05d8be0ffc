import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { monotonicFactory } from 'ulid';
import { createApp } from '../../functions/api/app.ts';
import { createSenders } from '../../functions/api/http/senders.ts';
import { createCloud } from '../../functions/cloud/alicloud.ts';
import { createBudgets } from '../../functions/cloud/budgets.ts';
import { createAuthenticate } from '../../functions/commands/access/authenticate.ts';
import { LOOPBACK } from '../../functions/core/egress/target.ts';
import type { Clock, Cloud, Deps, Log, Store } from '../../functions/deps.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { net } from '../../functions/platform.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../infra/local/cloud/server.ts';
import { EventClock } from '../../infra/local/event-clock.ts';
import { type Account, addressOf, createInstance } from '../../infra/local/instances.ts';
import { EXAMPLE_PLACE, iamPolicy, ramPolicies } from '../../infra/policies.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { openApi } from '../document.ts';
import { NO_LIMITS } from '../limits.ts';
import { type AccessKey, accounts, closeAllowed, OWNER_OF_ACCOUNT, RESTRICTED } from '../providers/accounts.ts';
import { openTable } from '../store/client.ts';
import { type Meter, meterOf } from '../store/meter.ts';
import { createGuard } from '../store/policy.ts';
import { type TestClock, VirtualClock } from './clocks.ts';
import { type Clusters, createEdge, type Edge, startClusters } from './edge.ts';
import { restoreTable, type Saved } from './saved.ts';

export const TOKEN = 'a-token-for-tests-only';
export const KEYS = RESTRICTED;

/** A control plane in front of a local cloud. */
export interface ControlPlane {
  clock: TestClock;
  cloud: LocalCloud;
  /**
   * Calls as the owner of the account, who may do everything; the control plane may only do what the RAM policies
   * allow.
   */
  ownerCloud: Cloud;
  /**
   * Makes the ports of one invocation: everything is real except the clock; another cloud, network or log may be put
   * in.
   */
  deps(overrides?: Partial<Deps>): Deps;
  /** Opens another connection to the table, which the caller has to destroy. */
  connect(): DynamoDBClient;
  /** Sends one request to the API, and waits for the work that it leaves behind. */
  api: Api;
  /** Creates or replaces a resource, whether or not it exists. */
  put(path: string, body: unknown): Promise<Json>;
  /** Counts what passes between this control plane and its store. */
  meter: Meter;
  /** Forgets the calls that were counted so far. */
  forgetCalls(): void;
  writes(): string[];
  close(): Promise<void>;
}

export interface Harness extends ControlPlane {
  edge: Edge;
}

export type Api = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<{ status: number; body: Json }>;

export interface Options {
  /** Virtual time from a call of the cloud to its effect; the default is 200. */
  jobLatencyMs?: number;
  /**
   * Real time after which a call is given up; the default is 5000, so that a busy machine is not taken for a cloud in
   * trouble.
   */
  callTimeoutMs?: number;
  /** Makes the cloud enforce its rates; time then stands still while calls are under way. The default is false. */
  throttle?: boolean;
  /** The default is the documented quotas. */
  quotas?: LocalCloudOptions['quotas'];
  /** The saved state to go on from; by default nothing has happened yet. */
  saved?: Saved;
  /** Makes the RAM policy allow the creation of gateways, beside carrying routes; the default is false. */
  mayProvision?: boolean;
  /** The default is a virtual clock, as `throttle` needs it. */
  clock?: TestClock;
  /** Spreads the retries of calls; the default is Math.random. */
  random?: () => number;
  /** Opens connections to another table; the default is a table of its own. */
  connect?: () => DynamoDBClient;
  /** True when its own table is an embedded DynamoDB, so that a proxy can be put before it; the default is that of all tests. */
  overHttp?: boolean;
  /** Further options of the local cloud, such as other data planes. */
  cloud?: Partial<LocalCloudOptions>;
}

// biome-ignore lint/suspicious/noExplicitAny: answers of the API are looked into by assertions.
export type Json = any;

const silent: Log = {
  info: (...args) => {
    if (process.env['TLOG'] === '2') console.log(...args);
  },
  error: (...args) => {
    if (process.env['TLOG']) console.log(...args);
  },
};

/** Starts a control plane as `startControlPlane` does, with a gateway of the provider (default: ALB). */
export async function startHarness(options: Options & { provider?: GatewayTarget['provider'] } = {}): Promise<Harness> {
  const plane = await startControlPlane(options);
  const target = await createInstance[options.provider ?? 'alb'](accountOf(plane));
  const clusters = await startClusters();
  const close = async () => {
    await Promise.all([clusters.a.close(), clusters.b.close()]);
    await plane.close();
  };
  return { ...plane, edge: edgeOf(plane, target, clusters), close };
}

/** Opens what clients see of a gateway, with the clusters behind it. */
export function edgeOf({ cloud }: ControlPlane, target: GatewayTarget, clusters: Clusters): Edge {
  return createEdge(target, addressOf(cloud, target), clusters);
}

/** The account at the cloud in which tests make instances. */
export function accountOf({ cloud, clock, ownerCloud }: ControlPlane): Account {
  return { local: cloud, cloud: ownerCloud, clock };
}

/** Starts a control plane on the embedded DynamoDB, in front of a local cloud without gateways, in virtual time. */
export async function startControlPlane(options: Options = {}): Promise<ControlPlane> {
  const clock = options.clock ?? (options.throttle ? new EventClock() : new VirtualClock(options.saved?.nowMs));
  const { connect, close: closeTable } = options.connect
    ? { connect: options.connect, close: undefined }
    : // An event clock stands still while requests of HTTP are under way, which those to a table in memory are not.
      await openTable(clock instanceof EventClock ? { overHttp: true } : options);
  if (options.saved) await restoreTable(connect, options.saved.items);
  const cloud = await startLocalCloud({
    ...accounts(ramPolicies.routing, ...(options.mayProvision ? [ramPolicies.provisioning] : [])),
    jobLatencyMs: options.jobLatencyMs ?? 200,
    ...(options.quotas && { quotas: options.quotas }),
    ...(options.saved && { saved: structuredClone(options.saved.objects) }),
    ...(!options.throttle && { throttle: false }),
    now: clock.now,
    // The SDK signs with the real time.
    signatureNow: Date.now,
    ...options.cloud,
  });
  const guard = createGuard(iamPolicy(), EXAMPLE_PLACE);
  const client = guard.watch(connect());
  const meter = meterOf(client);
  const nextUlid = monotonicFactory();
  const cloudAs = (keys: AccessKey, store: Store, ownClock: Clock) =>
    createCloud({
      credentials: { default: keys },
      endpoint: () => cloud.url,
      clock: ownClock,
      log: silent,
      // Where the cloud enforces no rates, budgets would only add to the cost of each call.
      ...(options.throttle && { budgets: createBudgets({ store, clock: ownClock, log: silent }) }),
      timeoutMs: options.callTimeoutMs ?? 5000,
      ...(options.random && { random: options.random }),
    });
  const deps = (overrides: Partial<Deps> = {}): Deps => {
    // Patience is in real time, like the time-out of calls: a busy machine is no store in trouble.
    const store = createDynamoStore(client, DEFAULT_TABLE_NAME, { patienceMs: 60_000, budgetPatienceMs: 60_000 });
    return {
      store,
      cloud: cloudAs(KEYS, overrides.store ?? store, overrides.clock ?? clock),
      clock,
      ids: { ulid: () => nextUlid(clock.now()) },
      net,
      notifier: createNotifier({}, { clock, log: silent, egress: { allowed: LOOPBACK } }),
      secrets: createSecrets({}),
      identities: { issuers: [], verify: async () => undefined },
      log: silent,
      settings: {
        ownerId: 'test',
        credentials: ['default'],
        notificationTargets: [],
        webhookTargets: [],
        hasToken: true,
        egress: { allowed: LOOPBACK },
      },
      ...overrides,
    };
  };
  const api = createApi(deps());
  return {
    clock,
    cloud,
    ownerCloud: cloudAs(OWNER_OF_ACCOUNT, deps().store, clock),
    deps,
    connect,
    api,
    meter,
    put: async (path, body) => {
      const exists = (await api('GET', path)).status === 200;
      const answer = await api('PUT', path, body, exists ? { 'if-match': '*' } : {});
      if (answer.status >= 300) throw new Error(`PUT ${path}: ${JSON.stringify(answer.body)}`);
      return answer.body;
    },
    forgetCalls: () => cloud.log.clear(),
    writes: () => cloud.log.entries.filter((entry) => entry.kind === 'write').map((entry) => entry.action),
    close: async () => {
      client.destroy();
      await closeTable?.();
      await closeAllowed(cloud);
      guard.expectNoDenials();
    },
  };
}

const app = createApp({
  openApi,
  senders: createSenders(NO_LIMITS, 'CF-Connecting-IP', []),
  authenticate: createAuthenticate({ settingToken: TOKEN }),
});

/**
 * The API on these ports, as its clients see it. An answer waits for the work that it leaves behind, unless `wait` is
 * false.
 */
export function createApi(deps: Deps, { wait = true, read = readJson } = {}): Api {
  return async (method, path, body, headers = {}) => {
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
    const response = await app.fetch(request, deps, context);
    if (wait) await Promise.all(left);
    return { status: response.status, body: await read(response) };
  };
}

async function readJson(response: Response): Promise<Json> {
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

/** The API without the run that usually follows each write: tests that write much let gateways follow at the end. */
export function quietApi({ deps }: ControlPlane): Api {
  const { store } = deps();
  return createApi(deps({ store: { ...store, acquire: async () => undefined } }));
}
