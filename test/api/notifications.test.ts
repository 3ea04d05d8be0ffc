import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LOOPBACK } from '../../functions/core/egress/target.ts';
import type { Deps } from '../../functions/deps.ts';
import { createNotifier } from '../../functions/notifier.ts';
import { create, fleet, pointers } from './fixtures.ts';
import { type Harness, inProcess, type Json, startHarness } from './harness.ts';

const PATH = '/v1/fleets/shop';
const HIDDEN = 'token-in-the-url';

let harness: Harness;
let overrides: Partial<Deps>;
let received: Json[] = [];
let status = 204;

const server = createServer(async (request, response) => {
  received.push((await json(request)) as Json);
  response.writeHead(status).end(HIDDEN);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${HIDDEN}`;
  harness = await startHarness();
  const { clock, log, settings } = harness.deps;
  overrides = {
    notifier: createNotifier({ chat: { format: 'slack', url } }, { clock, log, egress: { allowed: LOOPBACK } }),
    settings: { ...settings, notificationTargets: ['chat'] },
  };
  await create(harness, PATH, fleet);
});

afterAll(async () => {
  await harness.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const test = (target: string, query = '') =>
  harness.call('POST', `${PATH}/notifications/test${query}`, { body: { target } }, overrides);

inProcess.describe('notifications', () => {
  it('are tried out, and show in the list of deliveries and in the audit log', async () => {
    received = [];
    const sent = await test('chat', '?reason=new%20robot');
    expect(sent.status).toBe(201);
    expect(sent.body).toMatchObject({ target: 'chat', state: 'delivered', attempts: [{ outcome: 'HTTP 204' }] });
    expect(received).toEqual([expect.objectContaining({ text: expect.stringContaining('notification.test') })]);
    const shown = await harness.call('GET', sent.headers.get('Location') ?? '');
    expect(shown.body).toEqual(sent.body);
    const next = await test('chat');
    const { body } = await harness.call('GET', `${PATH}/deliveries`);
    expect(body.items).toEqual([next.body, sent.body]);
    const audit = await harness.call('GET', `${PATH}/audit?action=notification.test`);
    expect(audit.body.items).toHaveLength(2);
    expect(audit.body.items[1]).toMatchObject({ actor: 'api', reason: 'new robot' });
  });

  it('that do not arrive say why, and never where to', async () => {
    status = 503;
    const { body } = await test('chat');
    expect(body).toMatchObject({ state: 'pending', attempts: [{ outcome: 'HTTP 503' }] });
    expect(body.nextAttemptAt).toBeDefined();
    status = 204;
    const list = await harness.call('GET', `${PATH}/deliveries`);
    for (const told of [body, list.body, harness.events]) expect(JSON.stringify(told)).not.toContain(HIDDEN);
  });

  it('are shown and not sent by a dry run', async () => {
    received = [];
    const before = await harness.call('GET', `${PATH}/deliveries`);
    const dry = await test('chat', '?dryRun=true');
    expect([dry.status, dry.body.state, dry.body.attempts]).toEqual([200, 'pending', []]);
    expect(received).toEqual([]);
    expect((await harness.call('GET', `${PATH}/deliveries`)).body).toEqual(before.body);
  });

  it('go to known targets only', async () => {
    const { status: answered, body } = await test('pager');
    expect([answered, body.code, pointers(body)]).toEqual([422, 'unknown-reference', ['#/target']]);
  });

  it('are those of a fleet that is there', async () => {
    const paths = ['/v1/fleets/none/deliveries', `${PATH}/deliveries/dlv_none`];
    for (const path of paths) expect((await harness.call('GET', path)).status).toBe(404);
    const sent = await harness.call(
      'POST',
      '/v1/fleets/none/notifications/test',
      { body: { target: 'chat' } },
      overrides,
    );
    expect(sent.status).toBe(404);
  });
});
