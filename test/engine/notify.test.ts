import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { monotonicFactory } from 'ulid';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Deps, DocumentKind, Lease, Store } from '../../functions/deps.ts';
import { deliveryDocuments } from '../../functions/engine/deliveries.ts';
import { createHeartbeat, createSignal } from '../../functions/engine/heartbeat.ts';
import { deliverDue } from '../../functions/engine/notify/deliver.ts';
import { createNotifier, type NotificationTarget } from '../../functions/notifier.ts';
import { createDynamoClient, createDynamoStore } from '../../functions/store/dynamo.ts';
import { localSettings, startDynamo } from '../../infra/local/dynamo.ts';
import { DEFAULT_TABLE_NAME } from '../../infra/table.ts';
import { Delivery, type Event } from '../../schemas/notification.ts';

const FLEET = 'shop';
const KEY = Buffer.alloc(32, 7);
const ROBOT_SECRET = 'SEC-of-the-robot';
const URL_SECRET = 'token-in-the-url';

interface Received {
  method: string | undefined;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: string;
}

interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const TAKEN: Reply = { status: 200, body: '{"errcode":0,"code":0}' };

let nowMs = Date.parse('2026-11-23T07:00:00.000Z');
let received: Received[] = [];
let reply: (request: Received) => Reply;
let logged: unknown[] = [];
let server: Server;
let dynamo: Awaited<ReturnType<typeof startDynamo>>;
let client: ReturnType<typeof createDynamoClient>;
let store: Store;
let targets: Record<string, NotificationTarget>;
const nextUlid = monotonicFactory();

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://receiver');
    const body = await text(request);
    const seen = { method: request.method, path: pathname, query: searchParams, headers: request.headers, body };
    received.push(seen);
    const { status, headers, body: answer } = reply(seen);
    response.writeHead(status, headers).end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  targets = {
    webhook: { format: 'webhook', url: `${base}/webhook/${URL_SECRET}`, secret: `whsec_${KEY.toString('base64')}` },
    dingtalk: { format: 'dingtalk', url: `${base}/dingtalk?access_token=${URL_SECRET}`, secret: ROBOT_SECRET },
    feishu: { format: 'feishu', url: `${base}/feishu/${URL_SECRET}`, secret: ROBOT_SECRET },
    slack: { format: 'slack', url: `${base}/slack/${URL_SECRET}` },
    alerts: { format: 'alertmanager', url: `${base}/alerts/api/v2/alerts`, token: URL_SECRET },
    away: { format: 'slack', url: 'http://127.0.0.1:9/nobody' },
    metadata: { format: 'slack', url: 'http://169.254.169.254/latest' },
  };
  dynamo = await startDynamo();
  client = createDynamoClient({ ...localSettings, endpoint: dynamo.endpoint });
  store = createDynamoStore(client, DEFAULT_TABLE_NAME);
});

afterAll(async () => {
  client.destroy();
  await dynamo.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  // What earlier tests have left is over.
  for (const document of (await store.pendingDocuments('delivery', 1_000)).items) {
    await store.putDocument({ ...document, version: document.version + 1, isPending: false });
  }
  received = [];
  logged = [];
  reply = () => TAKEN;
});

function deps(overrides: Partial<Deps> = {}): Deps {
  const clock = { now: () => nowMs, sleep: async () => undefined };
  const log = (...entry: unknown[]) => logged.push(entry);
  const parts: Pick<Deps, 'store' | 'clock' | 'ids' | 'log' | 'notifier'> = {
    store,
    clock,
    ids: { ulid: () => nextUlid(nowMs) },
    log: { info: log, error: log },
    notifier: createNotifier(targets, { clock, log: { info: log, error: log }, allowLoopback: true }),
  };
  return { ...(parts as Deps), ...overrides };
}

/** Written as a decision would, for these targets. */
async function tell(...names: string[]): Promise<Event> {
  return await tellEvent({}, ...names);
}

async function tellEvent(more: Partial<Event>, ...names: string[]): Promise<Event> {
  const event: Event = {
    id: `evt_${nextUlid(nowMs)}-0`,
    type: 'decision.applied',
    fleet: FLEET,
    at: new Date(nowMs).toISOString(),
    summary: 'withdraw one: 3 failed observations in a row',
    clusters: ['one'],
    decision: 'dec_x',
    ...more,
  };
  const notifications = names.map((target) => ({ target, events: [] }));
  for (const document of deliveryDocuments([event], { notifications }, nowMs)) await store.putDocument(document);
  return event;
}

async function deliveries(event: Event): Promise<Delivery[]> {
  const { items } = await store.documents(FLEET, 'delivery', { limit: 200 });
  return items.map(({ body }) => Delivery.parse(body)).filter((delivery) => delivery.event.id === event.id);
}

/** Time passes, and the scheduler comes by. */
async function pass(seconds: number): Promise<void> {
  nowMs += seconds * 1000;
  await deliverDue(deps());
}

function hmac(key: string | Buffer, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64');
}

describe('a notification', () => {
  it('reaches a webhook under the signature of Standard Webhooks', async () => {
    const event = await tell('webhook');
    await pass(1);
    const [first, ...more] = received;
    const { headers, body } = first ?? { headers: {} as Record<string, string>, body: '' };
    expect(more).toEqual([]);
    expect(JSON.parse(body)).toEqual({ type: event.type, timestamp: event.at, data: event });
    expect(headers['webhook-id']).toBe(event.id);
    expect(headers['webhook-timestamp']).toBe(String(nowMs / 1000));
    expect(headers['webhook-signature']).toBe(`v1,${hmac(KEY, `${event.id}.${nowMs / 1000}.${body}`)}`);
    expect(await deliveries(event)).toMatchObject([{ state: 'delivered', attempts: [{ outcome: 'HTTP 200' }] }]);
  });

  it('reaches DingTalk and Feishu under their signatures, and Slack without one', async () => {
    const { summary } = await tell('dingtalk', 'feishu', 'slack');
    await pass(1);
    const at = (path: string) => received.find((request) => request.path.startsWith(path));
    const dingtalk = at('/dingtalk');
    expect(dingtalk?.query.get('access_token')).toBe(URL_SECRET);
    expect(dingtalk?.query.get('timestamp')).toBe(String(nowMs));
    expect(dingtalk?.query.get('sign')).toBe(hmac(ROBOT_SECRET, `${nowMs}\n${ROBOT_SECRET}`));
    expect(JSON.parse(dingtalk?.body ?? '')).toMatchObject({
      msgtype: 'markdown',
      markdown: { title: 'Fairlead shop: decision.applied', text: expect.stringContaining(summary) },
    });
    const feishu = JSON.parse(at('/feishu')?.body ?? '');
    expect(feishu.timestamp).toBe(String(nowMs / 1000));
    expect(feishu.sign).toBe(hmac(`${nowMs / 1000}\n${ROBOT_SECRET}`, ''));
    expect(JSON.stringify(feishu.content.post.zh_cn)).toContain(summary);
    expect(JSON.parse(at('/slack')?.body ?? '')).toMatchObject({ text: expect.stringContaining(summary) });
  });

  it('reaches Alertmanager as a list of alerts, with the token of what stands before it', async () => {
    const { id, summary } = await tell('alerts');
    await pass(1);
    const [first, ...more] = received;
    expect(more).toEqual([]);
    expect([first?.path, first?.headers.authorization]).toEqual(['/alerts/api/v2/alerts', `Bearer ${URL_SECRET}`]);
    expect(first?.headers['content-type']).toContain('application/json');
    expect(JSON.parse(first?.body ?? '')).toMatchObject([{ labels: { event: id }, annotations: { summary } }]);
  });

  it('of the end of an incident waits for that of its beginning, and for no other', async () => {
    reply = ({ body }) => ({ status: body.includes('"state":"opened"') ? 503 : 200 });
    const states = () =>
      received.map(({ body }) => JSON.parse(body).data.incident).map(({ key, state }) => `${key} ${state}`);
    const about = async (key: string, state: 'opened' | 'resolved') => {
      const incident = { key, state, severity: 'warning' as const, openedAt: new Date(nowMs).toISOString() };
      return await tellEvent({ incident }, 'webhook');
    };
    await about('one', 'opened');
    await pass(1);
    await about('one', 'resolved');
    await about('two', 'resolved');
    await pass(1);
    expect(states()).toEqual(['one opened', 'two resolved']);
    reply = () => TAKEN;
    await pass(10);
    expect(states()).toEqual(['one opened', 'two resolved', 'one opened', 'one resolved']);
  });

  it('is tried again, less and less often, under the same id and a new time, until it is given up', async () => {
    reply = () => ({ status: 503 });
    const event = await tell('webhook');
    await pass(0);
    for (const seconds of [10, 60, 300, 1_800, 7_200]) {
      const before = received.length;
      await pass(seconds - 1);
      expect(received).toHaveLength(before);
      await pass(1);
      expect(received).toHaveLength(before + 1);
    }
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([event.id]));
    expect(new Set(received.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(6);
    const [delivery] = await deliveries(event);
    expect(delivery).toMatchObject({ state: 'failed', attempts: Array(6).fill({ outcome: 'HTTP 503' }) });
    expect(delivery).not.toHaveProperty('nextAttemptAt');
    await pass(86_400);
    expect(received).toHaveLength(6);
  });

  it('that is not wanted or is wrong is given up at once', async () => {
    for (const status of [400, 410]) {
      reply = () => ({ status });
      const event = await tell('slack');
      await pass(1);
      expect(await deliveries(event)).toMatchObject([{ state: 'failed', attempts: [{ outcome: `HTTP ${status}` }] }]);
    }
  });

  it('waits as long as the target asks for', async () => {
    reply = () => ({ status: 429, headers: { 'Retry-After': '120' } });
    const event = await tell('slack');
    await pass(1);
    const seconds = new Date(nowMs + 120_000).toISOString();
    expect(await deliveries(event)).toMatchObject([{ state: 'pending', nextAttemptAt: seconds }]);
    reply = () => ({ status: 503, headers: { 'Retry-After': new Date(nowMs + 600_000).toUTCString() } });
    await pass(120);
    expect((await deliveries(event))[0]?.nextAttemptAt).toBe(new Date(nowMs + 480_000 + 120_000).toISOString());
  });

  it('that a robot refuses with a status of 200 has not arrived', async () => {
    reply = () => ({ status: 200, body: '{"errcode":310000,"code":19021,"errmsg":"sign not match"}' });
    const event = await tell('dingtalk', 'feishu');
    await pass(1);
    const outcomes = (await deliveries(event)).map(({ state, attempts }) => [state, attempts[0]?.outcome]);
    expect(outcomes.sort()).toEqual([
      ['pending', 'HTTP 200, code 19021'],
      ['pending', 'HTTP 200, code 310000'],
    ]);
  });

  it('does not follow a redirect', async () => {
    reply = () => ({ status: 307, headers: { Location: '/elsewhere' } });
    const event = await tell('slack');
    await pass(1);
    expect(received.map(({ path }) => path)).toEqual([`/slack/${URL_SECRET}`]);
    expect(await deliveries(event)).toMatchObject([{ state: 'pending', attempts: [{ outcome: 'HTTP 307' }] }]);
  });

  it('is not sent to an address that is not meant for it, nor to a target that is not there', async () => {
    const event = await tell('metadata', 'unheard-of');
    await pass(1);
    expect(await deliveries(event)).toMatchObject([
      { state: 'failed', attempts: [{ outcome: 'not sent: the target is not in the settings' }] },
      { state: 'failed', attempts: [{ outcome: 'not sent: the target is an address that nothing is sent to' }] },
    ]);
  });

  it('to a target that is away is tried once a run, however many wait, and keeps no other waiting', async () => {
    const lost = await tell('away');
    const next = await tell('away');
    const event = await tell('slack');
    await pass(1);
    expect(await deliveries(event)).toMatchObject([{ state: 'delivered' }]);
    expect(await deliveries(lost)).toMatchObject([{ state: 'pending', attempts: [{ outcome: 'no connection' }] }]);
    expect(await deliveries(next)).toMatchObject([{ state: 'pending', attempts: [] }]);
    await pass(1);
    expect(await deliveries(next)).toMatchObject([{ attempts: [{ outcome: 'no connection' }] }]);
  });
});

describe('a sender', () => {
  it('that dies between sending and recording leaves it to the next one, which sends again with the same id', async () => {
    const event = await tell('webhook');
    const dying: Store = {
      ...store,
      putDocument: async () => {
        throw new Error('the process has died');
      },
    };
    await deliverDue(deps({ store: dying }));
    expect(await deliveries(event)).toMatchObject([{ state: 'pending', attempts: [] }]);
    await pass(1);
    expect(received.map(({ headers }) => headers['webhook-id'])).toEqual([event.id, event.id]);
    expect(await deliveries(event)).toMatchObject([{ state: 'delivered', attempts: [{ outcome: 'HTTP 200' }] }]);
  });

  it('leaves alone what another is sending', async () => {
    const event = await tell('slack');
    const lease = await store.acquire('deliveries', 'another', 15_000, nowMs);
    await pass(1);
    expect(received).toEqual([]);
    if (lease) await store.release(lease);
    await pass(1);
    expect(await deliveries(event)).toMatchObject([{ state: 'delivered' }]);
  });

  it('that has lost its lease to another sends no more', async () => {
    await tell('slack');
    const event = await tell('slack');
    let taken: Promise<Lease | undefined> | undefined;
    reply = () => {
      nowMs += 20_000;
      taken ??= store.acquire('deliveries', 'another', 15_000, nowMs);
      return TAKEN;
    };
    const renew: Store['renew'] = async (...args) => {
      // The other sender comes first: who renews an expired lease before anybody has taken it may go on.
      await taken;
      return await store.renew(...args);
    };
    await deliverDue(deps({ store: { ...store, renew } }));
    expect(received).toHaveLength(1);
    expect(await deliveries(event)).toMatchObject([{ state: 'pending', attempts: [] }]);
    const lease = await taken;
    if (lease) await store.release(lease);
  });

  it('does not overwrite what another has recorded meanwhile', async () => {
    const event = await tell('slack');
    reply = () => ({ status: 503 });
    const pending = await store.pendingDocuments<DocumentKind>('delivery', 1);
    const raced = { ...store, pendingDocuments: async () => pending } as Store;
    await pass(1);
    const recorded = await deliveries(event);
    reply = () => TAKEN;
    await deliverDue(deps({ store: raced }));
    expect(await deliveries(event)).toEqual(recorded);
  });

  it('begins nothing after its time', async () => {
    await tell('slack');
    await deliverDue(deps(), nowMs);
    expect(received).toEqual([]);
  });
});

describe('a heartbeat', () => {
  const beat = async (heartbeatUrl: string | undefined, allowLoopback = true) => {
    const log = (...entry: unknown[]) => logged.push(entry);
    const clock = { now: () => nowMs };
    await createNotifier({}, { clock, log: { info: log, error: log }, allowLoopback, heartbeatUrl }).beat();
  };
  const urlAt = (path: string) => new URL(path, targets['webhook']?.url).href;

  it('is one GET of the URL of the settings, and none where they name none', async () => {
    await beat(undefined);
    expect(received).toEqual([]);
    await beat(urlAt(`/ping/${URL_SECRET}`));
    expect(received).toMatchObject([{ method: 'GET', path: `/ping/${URL_SECRET}`, body: '' }]);
    expect(logged).toEqual([]);
  });

  it('that does not arrive is logged without its URL, and nothing fails', async () => {
    reply = () => ({ status: 503, body: URL_SECRET });
    await beat(urlAt(`/ping/${URL_SECRET}`));
    await beat(`http://127.0.0.1:9/${URL_SECRET}`);
    await beat(`https://10.0.0.8/${URL_SECRET}`);
    await beat(`http://example.com/${URL_SECRET}`, false);
    expect(logged).toEqual([
      ['heartbeat.unsent', { fault: 'HTTP 503' }],
      ['heartbeat.unsent', { fault: 'no connection' }],
      ['heartbeat.unsent', { fault: 'not sent: the URL is a private address' }],
      ['heartbeat.unsent', { fault: 'not sent: the URL is not https' }],
    ]);
  });

  it('keeps no round waiting, and no other is sent while one is under way', async () => {
    let sent = 0;
    let answer = () => {};
    const notifier = {
      ...deps().notifier,
      beat: () => {
        sent += 1;
        return new Promise<void>((resolve) => (answer = resolve));
      },
    };
    const signal = createSignal({ notifier });
    const heartbeat = createHeartbeat(deps(), 'probe', signal);
    for (let round = 0; round < 12; round++) {
      await heartbeat();
      nowMs += 5_000;
    }
    expect(sent).toBe(1);
    answer();
    await signal.idle();
    for (let round = 0; round < 12; round++) {
      await heartbeat();
      answer();
      await signal.idle();
      nowMs += 5_000;
    }
    expect(sent, 'at most every 20 seconds').toBe(4);
  });
});

describe('URLs and secrets of targets', () => {
  it('stand neither in the table nor in the log, whatever goes wrong', async () => {
    const names = Object.keys(targets);
    for (const status of [200, 302, 404, 503]) {
      reply = () => ({
        status,
        headers: { Location: `/${URL_SECRET}` },
        body: JSON.stringify({ errmsg: ROBOT_SECRET }),
      });
      await tell(...names);
      await pass(1);
    }
    expect(received.length).toBeGreaterThan(12);
    const { Items = [] } = await client.send(new ScanCommand({ TableName: DEFAULT_TABLE_NAME }));
    const kept = JSON.stringify([Items, logged]);
    for (const secret of [URL_SECRET, ROBOT_SECRET, KEY.toString('base64'), '127.0.0.1'])
      expect(kept).not.toContain(secret);
  });
});
