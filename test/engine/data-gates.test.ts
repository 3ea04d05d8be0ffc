import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOOPBACK } from '../../functions/core/egress/target.ts';
import type { Deps } from '../../functions/deps.ts';
import { runProbeRound, runProbeSchedule } from '../../functions/engine/probe/probe.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { FleetStatus, type ReadyCall } from '../../schemas/status.ts';
import { FLEET, startFleet } from './fleet.ts';
import { type Api, createApi, type Harness, type Json } from './harness.ts';

const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString('base64')}`;

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
}

type Hook = (response: ServerResponse, count: number) => void;

const says = (status: number, body = ''): Hook => {
  return (response) => response.writeHead(status).end(body);
};

let harness: Harness;
let server: Server;
let url: string;
let received: Received[] = [];
let hook: Hook;
let deps: () => Deps;
let api: Api;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    hook(response, received.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/gate`;
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(async () => {
  received = [];
  harness = await startFleet({ jobLatencyMs: 20 });
  const { clock, settings, log } = harness.deps();
  const targets = { hook: { format: 'webhook', url, secret: SECRET }, chat: { format: 'slack', url } } as const;
  const notifier = createNotifier(targets, { clock, log, egress: { allowed: LOOPBACK } });
  const named = { ...settings, notificationTargets: ['hook', 'chat'], webhookTargets: ['hook'] };
  deps = () => harness.deps({ notifier, settings: named });
  api = createApi(deps());
});

afterEach(() => harness.close());

/** Cluster a is the whole north, and b is the whole south. */
async function declareGate(gate: object = {}): Promise<void> {
  for (const [name, city] of [
    ['a', 'north'],
    ['b', 'south'],
  ] as const) {
    const path = `${FLEET}/clusters/${name}`;
    const { kind, ingress, probes } = (await api('GET', path)).body;
    const answer = await api('PUT', path, { kind, ingress, probes, city }, { 'if-match': '*' });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  }
  const answer = await edit([{ city: 'north', ...gate }]);
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  await rounds(4);
}

async function edit(dataGates: object[]) {
  const { health, failover } = (await api('GET', FLEET)).body;
  const body = { automation: 'automatic', health, failover: { ...failover, dataGates } };
  return await api('PUT', FLEET, body, { 'if-match': '*' });
}

async function rounds(n: number): Promise<void> {
  for (let round = 0; round < n; round++) {
    await runProbeRound(deps());
    harness.clock.advance(5000);
  }
}

async function status(): Promise<FleetStatus> {
  const { body } = await api('GET', `${FLEET}/status`);
  expect(FleetStatus.parse(body)).toEqual(body);
  return body;
}

/** Returns the least and the most that the gateway was read to give to cluster a in its backends. */
async function left(): Promise<(number | undefined)[]> {
  const { points } = (await status()).clusters.find(({ cluster }) => cluster === 'a') ?? {};
  const { minPercent, maxPercent } = points?.gateways[0]?.verified ?? {};
  return [minPercent, maxPercent];
}

const split = () => harness.edge.split(50, 'shop.example.com');
const standing = async (name: string) =>
  (await status()).clusters.find(({ cluster }) => cluster === name)?.standing ?? '';
const send = async ({ method, path, body }: ReadyCall) => await api(method, path, body);
const call = async (title: string) => (await status()).calls.find((item) => item.title === title);
const say = async (answer: string, more: object = {}) =>
  await api('POST', `${FLEET}/data-gate-answers`, { city: 'north', answer, reason: 'the replica', ...more });

/** Returns the question as it stands among the deliveries. */
async function told(): Promise<Json> {
  const { items } = (await api('GET', `${FLEET}/deliveries`)).body;
  return items.find(({ event }: Json) => event.type === 'data-gate.asked');
}

describe('a person answers', () => {
  it('with the calls that the status offers: stay, then go, and the city returns as it was said', async () => {
    await declareGate();
    expect((await say('go')).body).toMatchObject({ code: 'nothing-asked', status: 409 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    const asked = await status();
    expect(asked.brakes).toMatchObject([
      {
        brake: 'data-gate',
        clusters: ['a'],
        until: expect.any(String),
        dataGate: { city: 'north', way: 'leave', withoutAnswer: 'go' },
      },
    ]);
    expect(asked.summary).toMatch(
      /^The data gate of north keeps its traffic on a, although nobody there is well, and asks whether the city may be left\. Without an answer it is left after /,
    );
    expect(asked.calls.map(({ title }) => title)).toEqual(['Leave north', 'Stay in north']);
    const explained = (await api('GET', `${FLEET}/routes/shop/explain`)).body.backends[0].steps;
    expect(explained).toContainEqual(
      expect.objectContaining({ step: 'brake', cluster: 'a', reason: 'AwaitsLeaveAnswer' }),
    );
    const [go, stay] = asked.calls;
    expect((await send(stay as ReadyCall)).status).toBe(200);
    harness.clock.advance(600_000);
    await rounds(2);
    expect([await standing('a'), (await status()).calls.map(({ title }) => title)]).toEqual([
      'suspected',
      ['Leave north'],
    ]);
    expect((await send(go as ReadyCall)).status).toBe(200);
    await rounds(1);
    expect(await split()).toEqual({ b: 50 });
    expect((await send(go as ReadyCall)).body).toEqual({ note: 'The data gate of north was answered go already.' });
    expect((await say('stay')).body).toMatchObject({ code: 'nothing-asked' });

    await harness.edge.clusters.a.recover();
    await rounds(40);
    expect(await split()).toEqual({ b: 50 });
    expect((await status()).calls.map(({ title }) => title)).toEqual(['Regain north', 'Keep out of north']);
    const waiting = (await api('GET', `${FLEET}/routes/shop/explain`)).body.backends[0].steps;
    expect(waiting).toContainEqual(expect.objectContaining({ cluster: 'a', reason: 'AwaitsRegainAnswer' }));
    expect((await send(go as ReadyCall)).body, 'an answer to the question of before').toMatchObject({
      code: 'nothing-asked',
    });
    expect((await send((await call('Regain north')) as ReadyCall)).status).toBe(200);
    await rounds(8);
    expect(await split()).toEqual({ a: 30, b: 20 });
    expect((await status()).calls).toEqual([]);
    const audits = (await api('GET', `${FLEET}/audit?pageSize=500`)).body.items;
    const actions = audits
      .map(({ action }: Json) => action)
      .filter((action: string) => /answer-gate|data-gate/.test(action));
    expect(actions).toEqual([
      'traffic.answer-gate',
      'data-gate.refused',
      'data-gate.refused',
      'traffic.answer-gate',
      'traffic.answer-gate',
      'data-gate.refused',
    ]);
  });
});

describe('a webhook is asked', () => {
  it('under the signature of Standard Webhooks, and its answer is taken at once', async () => {
    hook = says(200, '{"answer":"go","why":"promoted"}');
    await declareGate({ target: 'hook', leave: { withoutAnswer: 'stay' } });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    expect(await split()).toEqual({ b: 50 });
    const [{ headers, body } = { headers: {}, body: '' }, ...more] = received;
    expect(more).toEqual([]);
    const { type, data } = JSON.parse(body);
    expect([type, data.dataGate]).toMatchObject([
      'data-gate.asked',
      { city: 'north', way: 'leave', withoutAnswer: 'stay' },
    ]);
    const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', KEY).update(text).digest('base64')}`);
    const { decision } = await status();
    expect((await api('GET', `${FLEET}/decisions/${decision}`)).body.actor).toBe('target hook');
    expect(await told()).toMatchObject({ state: 'delivered', attempts: [{ outcome: 'HTTP 200: go' }] });
    expect((await api('GET', `${FLEET}/decisions/${decision}/replay`)).body.isSame).toBe(true);
  });

  it('again every few rounds with the same id while it says later', async () => {
    hook = (response, count) => (count < 3 ? says(202) : says(200, '{"answer":"go"}'))(response, count);
    await declareGate({ target: 'hook', gateSeconds: 600 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(2);
    expect(await standing('a')).toBe('suspected');
    await rounds(4);
    expect(await split()).toEqual({ b: 50 });
    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect([ids.length, new Set(ids).size]).toEqual([3, 1]);
    expect((await told()).attempts.map(({ outcome }: Json) => outcome)).toEqual([
      'HTTP 202: later',
      'HTTP 202: later',
      'HTTP 200: go',
    ]);
  });

  it.each<[string, Hook, string]>([
    ['an error', says(500, '{"answer":"go"}'), 'HTTP 500'],
    ['a redirect', (response) => response.writeHead(302, { Location: url }).end(), 'HTTP 302'],
    ['another word', says(200, '{"answer":"maybe"}'), 'HTTP 200 without an answer in it'],
    ['no JSON', says(200, 'go'), 'HTTP 200 without an answer in it'],
    ['nothing', says(200), 'HTTP 200 without an answer in it'],
    ['an endless body', endless, 'HTTP 200 without an answer in it'],
    ['silence', () => undefined, 'no answer in 5 s'],
  ])('%s is no answer: the clock decides, and it can be seen', async (_, given, outcome) => {
    hook = given;
    await declareGate({ target: 'hook', gateSeconds: 10 });
    await harness.edge.clusters.a.fail('refuse');
    await rounds(1);
    expect(await left()).toEqual([60, 100]);
    harness.clock.advance(10_000);
    await rounds(2);
    expect(await left()).toEqual([0, 0]);
    expect(await told()).toMatchObject({ state: 'failed', attempts: [{ outcome }] });
  });

  it('and nobody waits for it: rounds go on, and the clock leaves the city, while it has not answered', async () => {
    await declareGate({ target: 'hook', gateSeconds: 10 });
    const held = Promise.withResolvers<void>();
    let isAsked = false;
    const notifier: Deps['notifier'] = {
      ...deps().notifier,
      ask: async () => {
        isAsked = true;
        await held.promise;
        return { isTaken: true, outcome: 'HTTP 200: stay', answer: 'stay' };
      },
    };
    await harness.edge.clusters.a.fail('refuse');
    const schedule = runProbeSchedule({ ...deps(), notifier }, harness.clock.now() + 57_000);
    while ((await standing('a')) !== 'down') await sleep(5);
    expect(isAsked).toBe(true);
    held.resolve();
    await schedule;
    expect(await split(), 'the answer came too late').toEqual({ b: 50 });
  });
});

describe('a gate is refused', () => {
  it('of a city without clusters, of a target that cannot answer, and twice of a city', async () => {
    await declareGate();
    const issues = async (gates: object[]) => (await edit(gates)).body.errors.map(({ pointer }: Json) => pointer);
    expect(await issues([{ city: 'west' }])).toEqual(['#/failover/dataGates/0/city']);
    expect(await issues([{ city: 'north', target: 'chat' }])).toEqual(['#/failover/dataGates/0/target']);
    expect(await issues([{ city: 'north' }, { city: 'north' }])).toEqual(['#/failover/dataGates']);
  });

  it('and one that may keep traffic on a dead city for long is doubtful', async () => {
    const doubts = async (gate: object) => {
      await edit([{ city: 'north', ...gate }]);
      const { conditions } = (await api('GET', FLEET)).body;
      return conditions.find(({ type }: Json) => type === 'PolicySound').message;
    };
    await declareGate();
    expect(await doubts({})).not.toContain('north');
    expect(await doubts({ leave: { withoutAnswer: 'stay' } })).toContain('When north is lost, its traffic stays there');
    expect(await doubts({ gateSeconds: 900 })).toContain('its requests fail for 900 s');
  });
});

/** Writes for as long as somebody reads. */
function endless(response: ServerResponse): void {
  response.writeHead(200);
  const more = () => {
    while (!response.destroyed && response.write('{"answer":"go"} '.repeat(1000)));
  };
  response.on('drain', more);
  more();
}
