import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type net from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import type { Listener, ServerGroup } from '../../../infra/local/cloud/alb/model.ts';
import { group, refusedAddress, server, startBackend, startPlane, until } from './fixtures.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startBefore(
  handle: RequestListener,
  { listener = {}, ...overrides }: Partial<ServerGroup> & { listener?: Partial<Listener> } = {},
) {
  const backend = await startBackend(handle);
  cleanups.push(backend.close);
  const theServer = server(backend.address);
  const theGroup = group('sgp-default', [theServer], overrides);
  let nowMs = 0;
  const plane = await startPlane({ listener, groups: [theGroup], options: { now: () => nowMs } });
  cleanups.push(plane.close);
  const pass = (seconds: number) => {
    nowMs += seconds * 1000;
  };
  return { ...plane, group: theGroup, server: theServer, pass };
}

/** A backend that answers when the test says so. */
function held() {
  const requests: { request: IncomingMessage; response: ServerResponse }[] = [];
  const handle: RequestListener = (request, response) => {
    requests.push({ request, response });
  };
  return { requests, handle, arrived: (count = 1) => until(() => requests.length >= count) };
}

const echo: RequestListener = (request, response) => {
  response.writeHead(201, { 'x-method': request.method, 'set-cookie': ['a=1', 'b=2'] });
  request.pipe(response);
};

test.each([
  ['of known length', { 'content-length': '1000000' }],
  ['of unknown length', { 'transfer-encoding': 'chunked' }],
])('a body of 1 MB %s reaches the server and comes back unchanged', async (_, headers) => {
  const plane = await startBefore(echo);
  const body = randomBytes(500_000).toString('hex');
  for (const method of ['POST', 'DELETE']) {
    const answer = await plane.send('http://shop.example.com/', { method, body, headers });
    expect(answer.status).toBe(201);
    expect(answer.headers).toMatchObject({ 'x-method': method, 'set-cookie': ['a=1', 'b=2'] });
    expect(sha(answer.body)).toBe(sha(body));
  }
});

test('bodies are streamed: the answer begins before the request has ended', async () => {
  const plane = await startBefore(echo);
  const request = http.request({ ...plane.address, method: 'POST' });
  request.write('first');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [chunk] = await once(response, 'data');
  expect(String(chunk)).toBe('first');
  request.end('last');
  expect(await text(response)).toBe('last');
});

test('the server sees the host of the client, where it comes from, and nothing that was meant for the connection', async () => {
  const plane = await startBefore((request, response) => response.end(JSON.stringify(request.headers)));
  const { body } = await plane.send('http://shop.example.com:8080/', {
    headers: {
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      connection: 'keep-alive, x-private',
      'x-private': 'secret',
      te: 'trailers',
      'x-public': 'yes',
    },
  });
  const headers = JSON.parse(body);
  expect(headers).toMatchObject({
    host: 'shop.example.com:8080',
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-public': 'yes',
  });
  expect(headers).not.toHaveProperty('x-private');
  expect(headers).not.toHaveProperty('te');
});

test('the answer is passed on with nothing added', async () => {
  const plane = await startBefore((_, response) => {
    response.sendDate = false;
    response.writeHead(204, { 'x-a': '1', 'keep-alive': 'timeout=77' }).end();
  });
  const { status, headers } = await plane.send('http://shop.example.com/');
  expect(status).toBe(204);
  expect(headers['x-a']).toBe('1');
  expect(headers['keep-alive']).not.toContain('77');
  const ownOfTheConnection = ['connection', 'keep-alive', 'date'];
  expect(Object.keys(headers).filter((name) => !ownOfTheConnection.includes(name))).toEqual(['x-a']);
});

test('a refused connection is a 502', async () => {
  const plane = await startPlane({ groups: [group('sgp-default', [server(await refusedAddress())])] });
  cleanups.push(plane.close);
  const body = 'x'.repeat(1_000_000);
  expect((await plane.send('http://shop.example.com/', { method: 'POST', body })).status).toBe(502);
});

test('a server that breaks off is a 502, and is not asked again', async () => {
  let asked = 0;
  const plane = await startBefore((request) => {
    asked += 1;
    request.socket.destroy();
  });
  expect((await plane.send('http://shop.example.com/')).status).toBe(502);
  expect(asked).toBe(1);
});

test('an answer that breaks off midway breaks off at the client, too', async () => {
  const plane = await startBefore((_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  await expect(plane.send('http://shop.example.com/')).rejects.toThrow('aborted');
});

test('no answer within the request timeout of the listener is a 504', async () => {
  const { handle } = held();
  const plane = await startBefore(handle, { listener: { RequestTimeout: 0.2 } });
  expect((await plane.send('http://shop.example.com/')).status).toBe(504);
});

test('a client that goes away ends the request at the server', async () => {
  const { requests, handle, arrived } = held();
  const plane = await startBefore(handle);
  const request = http.request({ ...plane.address, method: 'POST' });
  request.on('error', () => undefined);
  request.write('begin');
  await arrived();
  request.destroy();
  await until(() => requests[0]?.request.destroyed === true);
  expect(requests[0]?.request.complete).toBe(false);
});

test.each(['weight 0', 'removal'])('a request in flight outlives %s of its server', async (how) => {
  const { requests, handle, arrived } = held();
  const plane = await startBefore(handle);
  const answer = plane.send('http://shop.example.com/');
  await arrived();
  if (how === 'removal') plane.group.Servers = [];
  else plane.server.Weight = 0;
  expect((await plane.send('http://shop.example.com/')).status).toBe(503);
  requests[0]?.response.end('done');
  expect(await answer).toMatchObject({ status: 200, body: 'done' });
});

test('a request to a removed server is cut when the drain timeout is over', async () => {
  const { requests, handle, arrived } = held();
  const plane = await startBefore(handle, {
    ConnectionDrainConfig: { ConnectionDrainEnabled: true, ConnectionDrainTimeout: 10 },
  });
  const [early, late] = [plane.send('http://a.com/'), plane.send('http://a.com/')];
  await arrived(2);
  plane.group.Servers = [];
  // Time stands still until the removal has been seen.
  const aborted = () => requests[1]?.request.destroyed === true;
  requests[0]?.response.end('in time');
  expect((await early).status).toBe(200);
  expect(aborted()).toBe(false);
  const passing = setInterval(() => plane.pass(11), 20);
  expect((await late).status).toBe(502);
  clearInterval(passing);
  await until(aborted);
});

test('connections to a server are reused only when the group says so', async () => {
  for (const [UpstreamKeepaliveEnabled, sockets] of [
    [true, 1],
    [false, 3],
  ] as const) {
    const seen = new Set<net.Socket>();
    const plane = await startBefore(
      (request, response) => {
        seen.add(request.socket);
        response.end();
      },
      { UpstreamKeepaliveEnabled },
    );
    for (let index = 0; index < 3; index += 1) await plane.send('http://a.com/');
    expect(seen.size).toBe(sockets);
  }
});

test('a WebSocket is refused rather than answered as a plain request', async () => {
  const plane = await startBefore(echo);
  const headers = { connection: 'Upgrade', upgrade: 'websocket' };
  expect(await plane.send('http://a.com/', { headers })).toMatchObject({
    status: 501,
    body: expect.stringContaining('WebSocket'),
  });
});

function sha(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
