import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import type { RoutePolicies } from '../../../../infra/local/cloud/mse/model.ts';
import { type Address, refusedAddress, startBackend, until } from '../../data-plane/fixtures.ts';
import { domain, ipOf, route, service, startGateway } from './fixtures.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function backend(handle: RequestListener): Promise<Address> {
  const started = await startBackend(handle);
  cleanups.push(started.close);
  return started.address;
}

async function startBefore(addresses: Address[], policies: RoutePolicies = {}) {
  const gateway = await startGateway({ services: [service(1, addresses)], policies });
  cleanups.push(gateway.close);
  return gateway;
}

const echo: RequestListener = (request, response) => {
  response.writeHead(201, { 'set-cookie': ['a=1', 'b=2'] });
  request.pipe(response);
};

test('bodies are streamed both ways: the answer begins before the request has ended', async () => {
  const gateway = await startBefore([await backend(echo)]);
  const request = http.request({ ...gateway.address, method: 'POST' });
  request.write('first');
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const [chunk] = await once(response, 'data');
  expect(String(chunk)).toBe('first');
  expect(response.headers['set-cookie']).toEqual(['a=1', 'b=2']);
  request.end('last');
  expect(await text(response)).toBe('last');
});

test('the server sees the client, the protocol of the domain and a request id', async () => {
  const address = await backend((request, response) => response.end(JSON.stringify(request.headers)));
  const gateway = await startGateway({
    domains: [domain(2, 'secure.com', { Protocol: 'HTTPS' })],
    services: [service(1, [address])],
    routes: [route(1, { DomainIds: [1, 2] })],
  });
  cleanups.push(gateway.close);
  const seen = async (url: string, headers: Record<string, string> = {}) =>
    JSON.parse((await gateway.send(url, { headers })).body);
  const first = await seen('http://a.com/', { 'x-forwarded-for': '203.0.113.9' });
  expect(first).toMatchObject({
    host: 'a.com',
    'x-forwarded-for': '203.0.113.9, 127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-request-id': expect.stringMatching(/^[\w-]{36}$/),
  });
  expect((await seen('http://a.com/'))['x-request-id']).not.toBe(first['x-request-id']);
  expect(await seen('http://secure.com/', { 'x-request-id': 'mine' })).toMatchObject({
    'x-request-id': 'mine',
    'x-forwarded-proto': 'https',
  });
});

test.each<[string, () => Promise<Address>]>([
  ['refuses the connection', refusedAddress],
  ['breaks off', () => backend((request) => request.socket.destroy())],
])('a server that %s is a 503', async (_, address) => {
  const gateway = await startBefore([await address()]);
  expect((await gateway.send('http://a.com/', { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(503);
});

test('a client may send its whole body although the server is not there', async () => {
  const gateway = await startBefore([await refusedAddress()]);
  const request = http.request({ ...gateway.address, method: 'POST' });
  request.end(Buffer.alloc(30_000_000));
  const [[response]] = await Promise.all([once(request, 'response'), once(request, 'finish')]);
  expect(response.statusCode).toBe(503);
  response.resume();
});

test('an answer that breaks off midway breaks off at the client, too', async () => {
  const address = await backend((_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('half', () => response.destroy());
  });
  const gateway = await startBefore([address]);
  await expect(gateway.send('http://a.com/')).rejects.toThrow('aborted');
});

test('a client that goes away ends the request at the server', async () => {
  const arrived: IncomingMessage[] = [];
  const gateway = await startBefore([await backend((request) => void arrived.push(request))], {
    Retry: { Status: 'on', Attempts: 3, RetryOn: ['5xx'], HttpCodes: [] },
  });
  const request = http.request(gateway.address).on('error', () => undefined);
  request.end();
  await until(() => arrived.length > 0);
  request.destroy();
  await until(() => arrived[0]?.destroyed === true);
  // A retry would have come before this one.
  void gateway.send('http://a.com/last').catch(() => undefined);
  await until(() => arrived.some(({ url }) => url === '/last'));
  expect(arrived.map(({ url }) => url)).toEqual(['/', '/last']);
});

test('a request in flight outlives an alias swap', async () => {
  const held: ServerResponse[] = [];
  const [old, other] = [
    await backend((_, response) => void held.push(response)),
    await backend((_, response) => response.end('other')),
  ];
  const gateway = await startBefore([old]);
  const answer = gateway.send('http://a.com/');
  await until(() => held.length > 0);
  const pool = gateway.gateway.services.get(1);
  if (pool) pool.Ips = [ipOf(other)];
  expect((await gateway.send('http://a.com/')).body).toBe('other');
  held[0]?.end('done');
  expect(await answer).toMatchObject({ status: 200, body: 'done' });
});

describe('timeout', () => {
  const Timeout = { Status: 'on', UnitNum: 0.2, TimeUnit: 's' } as const;

  test('no answer in time is a 504, and ends the request at the server', async () => {
    const arrived: IncomingMessage[] = [];
    const gateway = await startBefore([await backend((request) => void arrived.push(request))], { Timeout });
    expect((await gateway.send('http://a.com/')).status).toBe(504);
    await until(() => arrived[0]?.destroyed === true);
  });

  test('an answer that does not end in time is broken off', async () => {
    const gateway = await startBefore([await backend((_, response) => void response.write('half'))], { Timeout });
    await expect(gateway.send('http://a.com/')).rejects.toThrow('aborted');
  });

  test('spans all retries: time that is up is not retried', async () => {
    let asked = 0;
    const silent = await backend(() => {
      asked += 1;
    });
    const Retry = { Status: 'on' as const, Attempts: 5, RetryOn: ['5xx'], HttpCodes: [] };
    const gateway = await startBefore([silent], { Timeout, Retry });
    expect((await gateway.send('http://a.com/')).status).toBe(504);
    expect(asked).toBe(1);
  });

  test.each(['off', '0 seconds'])('%s waits on', async (how) => {
    const held: ServerResponse[] = [];
    const limits = how === 'off' ? ({ ...Timeout, Status: 'off' } as const) : { ...Timeout, UnitNum: 0 };
    const [quick, slow] = [{ Timeout }, { Timeout: limits }];
    const address = await backend((_, response) => void held.push(response));
    const patient = await startBefore([address], slow);
    const hasty = await startBefore([address], quick);
    const answer = patient.send('http://a.com/');
    await until(() => held.length > 0);
    // The other gateway's limit passes meanwhile.
    expect((await hasty.send('http://a.com/')).status).toBe(504);
    held[0]?.end('late');
    expect((await answer).body).toBe('late');
  });
});

describe('retry', () => {
  const retry = (RetryOn: string[], HttpCodes: string[] = [], Attempts = 2): RoutePolicies => ({
    Retry: { Status: 'on', Attempts, RetryOn, HttpCodes },
  });

  /** Answers with each status in turn, then with the last one. */
  async function answering(...statuses: number[]) {
    const bodies: string[] = [];
    const address = await backend(async (request, response) => {
      bodies.push(await text(request));
      response.writeHead(statuses[Math.min(bodies.length, statuses.length) - 1] ?? 200).end();
    });
    return { address, bodies };
  }

  test.each<[string, RoutePolicies, number[], number, number]>([
    ['5xx until an answer passes', retry(['5xx']), [500, 503, 200], 200, 3],
    ['5xx as often as allowed', retry(['5xx'], [], 1), [500, 503, 200], 503, 2],
    ['nothing without a policy', {}, [503, 200], 503, 1],
    [
      'nothing with a policy that is off',
      { Retry: { Status: 'off', Attempts: 2, RetryOn: ['5xx'], HttpCodes: [] } },
      [503, 200],
      503,
      1,
    ],
    ['no answer that blames the client', retry(['5xx']), [404, 200], 404, 1],
    ['gateway errors, and no 500', retry(['gateway-error']), [502, 500, 200], 500, 2],
    ['the codes that are named', retry([], ['404', '429']), [404, 429, 200], 200, 3],
  ])('repeats %s', async (_, policies, statuses, status, count) => {
    const { address, bodies } = await answering(...statuses);
    const gateway = await startBefore([address], policies);
    expect((await gateway.send('http://a.com/')).status).toBe(status);
    expect(bodies).toHaveLength(count);
  });

  test.each(['5xx', 'connect-failure', 'reset'])('on %s a refused connection goes to another endpoint', async (on) => {
    const { address } = await answering(200);
    const gateway = await startBefore([await refusedAddress(), address], retry([on], [], 1));
    expect(await gateway.tally(10)).toEqual({ 200: 10 });
  });

  test('also takes a client that is bound to the dead endpoint to another one', async () => {
    const { address } = await answering(200);
    const ConsistentHashLBConfig = { ConsistentHashLBType: 'HEADER', ParameterName: 'x-user' } as const;
    const gateway = await startGateway({
      services: [
        service(1, [await refusedAddress(), address], {
          TrafficPolicy: { LoadBalancerSettings: { LoadbalancerType: 'CONSISTENT_HASH', ConsistentHashLBConfig } },
        }),
      ],
      policies: retry(['5xx'], [], 1),
    });
    cleanups.push(gateway.close);
    for (let user = 0; user < 20; user += 1) {
      expect((await gateway.send('http://a.com/', { headers: { 'x-user': `u${user}` } })).status).toBe(200);
    }
  });

  test('on connect-failure a server that breaks off is not asked again', async () => {
    let asked = 0;
    const address = await backend((request) => {
      asked += 1;
      request.socket.destroy();
    });
    const gateway = await startBefore([address], retry(['connect-failure']));
    expect((await gateway.send('http://a.com/')).status).toBe(503);
    expect(asked).toBe(1);
  });

  test('sends a small body again in full', async () => {
    const { address, bodies } = await answering(503, 200);
    const gateway = await startBefore([address], retry(['5xx']));
    const headers = { 'content-length': '5' };
    expect((await gateway.send('http://a.com/', { method: 'POST', body: 'hello', headers })).status).toBe(200);
    expect(bodies).toEqual(['hello', 'hello']);
  });

  test('does not repeat a body of unknown length', async () => {
    const { address, bodies } = await answering(503, 200);
    const gateway = await startBefore([address], retry(['5xx']));
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await gateway.send('http://a.com/', { method: 'POST', body: 'hello', headers })).status).toBe(503);
    expect(bodies).toEqual(['hello']);
  });
});
