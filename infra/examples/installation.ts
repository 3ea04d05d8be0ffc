/**
 * The installation that the examples of the API are recorded from: the real API and engine on a table in memory, in
 * front of the local cloud. Its time, its ids and its secrets are the same in every run, and so is what it answers.
 */

import { encodeTime } from 'ulid';
import { createApp } from '../../functions/api/app.ts';
import { Limits } from '../../functions/api/http/limits.ts';
import { createSenders } from '../../functions/api/http/senders.ts';
import { createCloud } from '../../functions/cloud/alicloud.ts';
import { createAuthenticate } from '../../functions/commands/access/authenticate.ts';
import { stepRollouts } from '../../functions/commands/rollouts/advance.ts';
import { answerOf, replyOf } from '../../functions/core/notification/format.ts';
import type { Clock, Deps, Log, Net, Notifier } from '../../functions/deps.ts';
import { runSchedule } from '../../functions/engine/schedule/schedule.ts';
import { sealAuditLogs } from '../../functions/engine/schedule/seals.ts';
import { createSecrets } from '../../functions/secrets.ts';
import { createDynamoStore } from '../../functions/store/dynamo.ts';
import { type LocalCloud, startLocalCloud } from '../local/cloud/server.ts';
import { EventClock } from '../local/event-clock.ts';
import { MemoryTable } from '../local/memory-table.ts';
import { DEFAULT_TABLE_NAME } from '../table.ts';
import { ACCESS_KEY, DATA_PLANES, instances } from './cloud.ts';

/** The time at which the story begins: a Monday afternoon in Hangzhou. */
const BEGINS = '2026-11-23T07:00:00.000Z';

/** The token of the settings, which no answer shows. */
export const SETTING_TOKEN = 'the-token-of-the-settings';

/** The header in which the platform writes the address of the client. */
const ADDRESS_HEADER = 'CF-Connecting-IP';

/** The secrets of notification targets and of probes are not in any answer, so that the targets here are only names. */
const TARGETS = ['oncall'];

export interface Installation {
  /** Sends one request to the API, and waits for the work that it leaves behind. */
  send(path: string, init: RequestInit, overrides?: Partial<Deps>): Promise<Response>;
  deps: Deps;
  cloud: LocalCloud;
  /** The clusters that answer nobody. */
  failing: Set<string>;
  now(): string;
  /** Lets the scheduled jobs run for this long, as if the schedule had fired. */
  run(seconds: number): Promise<void>;
  /** Seals the audit logs, as the schedule does every ten minutes. */
  seal(): Promise<void>;
  /** Lets time pass in which nothing happens. */
  pass(seconds: number): void;
  close(): Promise<void>;
}

/** Starts the installation. Randomness is drawn from a fixed source until it is closed. */
export async function startInstallation(): Promise<Installation> {
  const clock = new EventClock(Date.parse(BEGINS));
  const failing = new Set<string>();
  const cloud = await startLocalCloud({
    accessKeys: { [ACCESS_KEY.accessKeyId]: ACCESS_KEY.accessKeySecret },
    throttle: false,
    saved: instances(BEGINS),
    ...DATA_PLANES,
    now: clock.now,
    // The client of the cloud signs with the real time.
    signatureNow: Date.now,
  });
  const deps = portsOf(clock, cloud, failing);
  const restoreRandom = fixRandom();
  const app = createApp({
    openApi: () => Promise.reject(new Error('The story does not ask for the document.')),
    senders: createSenders(Limits.parse(undefined), ADDRESS_HEADER, [SETTING_TOKEN]),
    authenticate: createAuthenticate({ settingToken: SETTING_TOKEN }),
  });
  return {
    deps,
    cloud,
    failing,
    now: () => new Date(clock.now()).toISOString(),
    pass: (seconds) => clock.advance(seconds * 1000),
    run: async (seconds) => {
      await runSchedule(deps, clock.now() + seconds * 1000, stepRollouts);
    },
    seal: async () => await sealAuditLogs(deps),
    send: async (path, init, overrides) => await sendTo(app, path, init, { ...deps, ...overrides }),
    close: async () => {
      restoreRandom();
      await cloud.close();
    },
  };
}

async function sendTo(app: ReturnType<typeof createApp>, path: string, init: RequestInit, deps: Deps) {
  const left: Promise<unknown>[] = [];
  const context = {
    waitUntil: (work: Promise<unknown>) => left.push(work),
    passThroughOnException: () => undefined,
    props: {},
  };
  const response = await app.request(path, init, deps, context);
  await Promise.all(left);
  return response;
}

const silent: Log = { info: () => undefined, error: () => undefined };

function portsOf(clock: Clock, cloud: LocalCloud, failing: ReadonlySet<string>): Deps {
  let ids = 0;
  return {
    store: createDynamoStore(new MemoryTable(DEFAULT_TABLE_NAME).connect(), DEFAULT_TABLE_NAME),
    cloud: createCloud({
      credentials: { default: ACCESS_KEY },
      endpoint: () => cloud.url,
      clock,
      log: silent,
      timeoutMs: 60_000,
      random: () => 0.5,
    }),
    clock,
    // A ULID has the time in ten characters, and then 16 that only have to rise.
    ids: { ulid: () => `${encodeTime(clock.now(), 10)}${String(++ids).padStart(16, '0')}` },
    net: networkOf(clock, failing),
    notifier,
    secrets: createSecrets({}),
    identities: { issuers: [], verify: async () => undefined },
    log: silent,
    settings: {
      ownerId: 'prod',
      credentials: ['default'],
      notificationTargets: TARGETS,
      webhookTargets: TARGETS,
      hasToken: true,
      egress: { allowed: [] },
    },
  };
}

/** Targets that take everything at once, and answer no question. */
const notifier: Notifier = {
  send: async () =>
    answerOf({ format: 'webhook', secret: '' }, { status: 200, body: undefined, retryAfterMs: undefined }),
  ask: async () => replyOf({ status: 202, body: undefined }),
  beat: async () => undefined,
};

/** The time of an answer of a cluster, and that of a failure. */
const ANSWER_MS = 12;

/** A network in which every cluster answers that does not fail. A host names its cluster: `ingress.hangzhou-a.example.com`. */
function networkOf(clock: Clock, failing: ReadonlySet<string>): Net {
  const reach = async (host: string, timeoutMs: number) => {
    const [, cluster = ''] = host.split('.');
    const isReached = !failing.has(cluster);
    await clock.sleep(isReached ? ANSWER_MS : timeoutMs);
    if (!isReached) throw Object.assign(new Error(`no answer in ${timeoutMs} ms`), { name: 'TimeoutError' });
  };
  return {
    fetch: async (url, { timeoutMs }) => {
      await reach(new URL(url).hostname, timeoutMs);
      return { status: 200 };
    },
    connect: async (host, _port, timeoutMs) => await reach(host, timeoutMs),
  };
}

/** Returns numbers in [0, 1) that look like chance and are the same in every run (Mulberry32). */
function fixedRandom(): () => number {
  let state = 20_261_123;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets tokens be made of a fixed source, so that examples hold no token of anybody. Returns how to undo it. */
function fixRandom(): () => void {
  const next = fixedRandom();
  const getRandomValues = <T extends ArrayBufferView>(view: T): T => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    for (let index = 0; index < bytes.length; index++) bytes[index] = Math.floor(next() * 256);
    return view;
  };
  Object.defineProperty(crypto, 'getRandomValues', { value: getRandomValues, configurable: true });
  return () => Reflect.deleteProperty(crypto, 'getRandomValues');
}
