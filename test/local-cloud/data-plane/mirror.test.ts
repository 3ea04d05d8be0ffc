import { type IncomingMessage, type RequestListener, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import type { RuleAction } from '../../../infra/local/cloud/alb/model.ts';
import {
  type Address,
  forwardTo,
  group,
  path,
  refusedAddress,
  rule,
  server,
  startBackend,
  startPlane,
  until,
} from './fixtures.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A backend that answers with its name once it has read the request. */
async function startRecorder(name: string) {
  const received: Received[] = [];
  const backend = await startBackend(async (request, response) => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: await text(request) });
    response.writeHead(name === 'copy' ? 500 : 200).end(name);
  });
  cleanups.push(backend.close);
  return { received, address: backend.address };
}

async function startMirroring(to: Address, copy: Address, ...actions: RuleAction[]) {
  const mirror: RuleAction = {
    Type: 'TrafficMirror',
    Order: 50,
    TrafficMirrorConfig: {
      TargetType: 'ForwardGroupMirror',
      MirrorGroupConfig: { ServerGroupTuples: [{ ServerGroupId: 'sgp-copy', Weight: 100 }] },
    },
  };
  const plane = await startPlane({
    groups: [group('sgp-default', [server(to)]), group('sgp-copy', [server(copy)])],
    rules: [rule(1, [path('/*')], [...actions, mirror, forwardTo({ 'sgp-default': 100 })])],
  });
  cleanups.push(plane.close);
  return plane;
}

test('the mirror gets what the backend gets, body included; the client gets the answer of the backend', async () => {
  const [main, copy] = [await startRecorder('main'), await startRecorder('copy')];
  const plane = await startMirroring(main.address, copy.address, {
    Type: 'Rewrite',
    Order: 1,
    RewriteConfig: { Path: '/v2', Host: 'in.example.com' },
  });
  const body = 'x'.repeat(300_000);
  expect(await plane.send('http://shop.example.com/a?b=c', { method: 'POST', body })).toMatchObject({
    status: 200,
    body: 'main',
  });
  await until(() => copy.received.length === 1);
  expect(copy.received[0]).toMatchObject({ method: 'POST', url: '/v2?b=c', body });
  expect(copy.received[0]?.headers.host).toBe('in.example.com');
  expect(copy.received).toEqual(main.received);
});

test.each([
  ['refuses connections', 1_000_000],
  ['never answers', 1_000_000],
  ['breaks off', 1_000_000],
  ['never reads what is more than may wait', 10_000_000],
])('a mirror that %s disturbs nobody', async (how, length) => {
  let copies = 0;
  const behave: RequestListener = (request) => {
    copies += 1;
    if (how === 'breaks off') request.socket.destroy();
    if (how === 'never answers') request.resume();
  };
  const backend = await startBackend(behave);
  cleanups.push(backend.close);
  const main = await startRecorder('main');
  const copy = how === 'refuses connections' ? await refusedAddress() : backend.address;
  const plane = await startMirroring(main.address, copy);
  const body = 'x'.repeat(length);
  for (let count = 0; count < 3; count += 1) {
    const answer = await plane.send('http://shop.example.com/', { method: 'POST', body });
    expect(answer).toMatchObject({ status: 200, body: 'main' });
  }
  expect(main.received.map((one) => one.body.length)).toEqual([length, length, length]);
  if (how === 'never answers' || how === 'breaks off') await until(() => copies === 3);
});

test('without a server that takes traffic there is no copy, and the client does not notice', async () => {
  const main = await startRecorder('main');
  const plane = await startMirroring(main.address, await refusedAddress());
  for (const one of plane.state.serverGroups.get('sgp-copy')?.Servers ?? []) one.Weight = 0;
  expect(await plane.send('http://shop.example.com/')).toMatchObject({ status: 200, body: 'main' });
});

test('a client that goes away ends the copy, too', async () => {
  const arrived: IncomingMessage[] = [];
  const backend = await startBackend((incoming) => void arrived.push(incoming.resume()));
  cleanups.push(backend.close);
  const plane = await startMirroring(backend.address, backend.address);
  const client = request({ ...plane.address, method: 'POST' });
  client.on('error', () => undefined);
  client.write('begin');
  await until(() => arrived.length === 2);
  client.destroy();
  await until(() => arrived.every((one) => one.destroyed));
  expect(arrived.map((one) => one.complete)).toEqual([false, false]);
});
