import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBalancer } from '../../../../infra/local/cloud/mse/data-plane/balancer.ts';
import type { Service, TrafficPolicy } from '../../../../infra/local/cloud/mse/model.ts';
import { type DemoCluster, startDemoCluster } from '../../../../infra/local/demo-cluster.ts';
import { refusedAddress, sendTo, startBackend, until } from '../../data-plane/fixtures.ts';
import {
  type config,
  domain,
  ipOf,
  mock,
  multiple,
  path,
  route,
  type Setup,
  service,
  startGateway,
} from './fixtures.ts';

let east: DemoCluster;
let west: DemoCluster;
let north: DemoCluster;
let gateway: Awaited<ReturnType<typeof startGateway>>;

beforeAll(async () => {
  [east, west, north] = (await Promise.all(['east', 'west', 'north'].map((name) => startDemoCluster({ name })))) as [
    DemoCluster,
    DemoCluster,
    DemoCluster,
  ];
});
afterAll(() => Promise.all([east, west, north].map((cluster) => cluster.close())));
afterEach(() => gateway.close());

async function start(setup: Setup) {
  gateway = await startGateway(setup);
}

/** The published configuration of route 1 from now on. */
function publish(overrides: Parameters<typeof config>[0]) {
  gateway.gateway.routes.set(1, route(1, overrides));
}

describe('several services by percent', () => {
  const services = () => [service(1, [east.address]), service(2, [west.address])];

  test('60 and 40 split 1000 requests exactly', async () => {
    await start({ services: services(), routes: [route(1, multiple({ 1: 60, 2: 40 }))] });
    expect(await gateway.tally(1000)).toEqual({ east: 600, west: 400 });
  });

  test('a change of percents holds from the next request on', async () => {
    await start({ services: services(), routes: [route(1, multiple({ 1: 60, 2: 40 }))] });
    await gateway.tally(7);
    publish(multiple({ 1: 10, 2: 90 }));
    expect(await gateway.tally(100)).toEqual({ east: 10, west: 90 });
    publish({ Services: [{ ServiceId: 2 }] });
    expect(await gateway.tally(10)).toEqual({ west: 10 });
  });

  test('the percents of a route do not disturb those of another one', async () => {
    const routes = [
      route(1, { ...multiple({ 1: 50, 2: 50 }), DomainIds: [2] }),
      route(2, { ...multiple({ 1: 50, 2: 50 }), DomainIds: [3] }),
    ];
    await start({ domains: [domain(2, 'a.com'), domain(3, 'b.com')], services: services(), routes });
    const counts: Record<string, number>[] = [{}, {}];
    for (let turn = 0; turn < 10; turn += 1) {
      for (const [index, url] of ['http://a.com/', 'http://b.com/'].entries()) {
        const [name = ''] = Object.keys(await gateway.tally(1, url));
        const count = counts[index] ?? {};
        count[name] = (count[name] ?? 0) + 1;
      }
    }
    expect(counts).toEqual([
      { east: 5, west: 5 },
      { east: 5, west: 5 },
    ]);
  });

  test.each(['refuses connections', 'has no endpoint', 'is gone'])(
    'a service that %s keeps its share: 503',
    async (how) => {
      const dead = service(2, how === 'refuses connections' ? [await refusedAddress()] : []);
      const rest = how === 'is gone' ? [] : [dead];
      await start({ services: [service(1, [east.address]), ...rest], routes: [route(1, multiple({ 1: 70, 2: 30 }))] });
      expect(await gateway.tally(100)).toEqual({ east: 70, 503: 30 });
    },
  );
});

describe('alias swap', () => {
  test('the addresses of another cluster serve from the next request on, and the percents stay', async () => {
    const [own, other] = [service(1, [east.address]), service(2, [west.address])];
    await start({ services: [own, other], routes: [route(1, multiple({ 1: 60, 2: 40 }))] });
    expect(await gateway.tally(10)).toEqual({ east: 6, west: 4 });
    own.Ips = [ipOf(north.address)];
    expect(await gateway.tally(10)).toEqual({ north: 6, west: 4 });
    own.Ips = [ipOf(east.address)];
    expect(await gateway.tally(10)).toEqual({ east: 6, west: 4 });
  });
});

describe('fallback', () => {
  const fallback = { Fallback: true, FallbackServices: [{ ServiceId: 2 }] };

  test('serves the share of a service without endpoints, and only that', async () => {
    const services = [service(1, []), service(2, [west.address]), service(3, [north.address])];
    await start({ services, routes: [route(1, { ...multiple({ 1: 30, 3: 70 }), ...fallback })] });
    expect(await gateway.tally(100)).toEqual({ west: 30, north: 70 });
  });

  test.each<[string, Partial<typeof fallback>]>([
    ['off', { ...fallback, Fallback: false }],
    ['on without a service', { Fallback: true, FallbackServices: [] }],
  ])('%s does not', async (_, overrides) => {
    await start({ services: [service(1, []), service(2, [west.address])], routes: [route(1, overrides)] });
    expect(await gateway.tally(3)).toEqual({ 503: 3 });
  });

  test('does not serve for a service that is dead but not known to be', async () => {
    const services = [service(1, [await refusedAddress()]), service(2, [west.address])];
    await start({ services, routes: [route(1, fallback)] });
    expect(await gateway.tally(3)).toEqual({ 503: 3 });
  });

  test('that has no endpoint either is a 503', async () => {
    await start({ services: [service(1, []), service(2, [])], routes: [route(1, fallback)] });
    expect(await gateway.tally(3)).toEqual({ 503: 3 });
  });
});

describe('without a service', () => {
  test('a mock answers with its code and body', async () => {
    await start({
      routes: [route(1, { ...mock('back at noon'), DirectResponse: { Code: 418, Body: 'back at noon' } })],
    });
    expect(await gateway.send('http://a.com/')).toMatchObject({ status: 418, body: 'back at noon' });
  });

  test.each([
    [{ Code: 301, Host: 'new.com', Path: '/new' }, 'http://new.com/new?q=1'],
    [{ Code: 302, Host: 'new.com' }, 'http://new.com/old?q=1'],
    [{ Code: 308, Path: '/new?x=2' }, 'http://a.com:8080/new?x=2'],
  ])('a redirect of %j leads to %s', async (Redirect, location) => {
    await start({ routes: [route(1, { DestinationType: 'Redirect', Services: [], Redirect })] });
    const answer = await gateway.send('http://a.com:8080/old?q=1');
    expect(answer).toMatchObject({ status: Redirect.Code, headers: { location }, body: '' });
  });
});

describe('balancing within a service', () => {
  function balanced(settings: TrafficPolicy['LoadBalancerSettings'] = {}): Service {
    const addresses = [east.address, west.address, north.address];
    return service(1, addresses, { TrafficPolicy: { LoadBalancerSettings: settings } });
  }
  const hash = (settings: object): TrafficPolicy['LoadBalancerSettings'] => ({
    LoadbalancerType: 'CONSISTENT_HASH',
    ConsistentHashLBConfig: { ConsistentHashLBType: 'HEADER', ...settings },
  });

  test('endpoints take turns by default', async () => {
    await start({ services: [balanced()] });
    expect(await gateway.tally(9)).toEqual({ east: 3, west: 3, north: 3 });
  });

  test('least connections: a busy endpoint gets nothing while others are idle', async () => {
    await start({ services: [balanced({ LoadbalancerType: 'LEAST_CONN' })] });
    await west.fail('hang');
    const answers = Promise.allSettled([1, 2, 3].map(() => sendTo(gateway.address, { path: '/' })));
    const before = west.requestCount;
    await until(() => west.requestCount > before);
    expect(await gateway.tally(10)).toEqual({ east: 5, north: 5 });
    await west.recover();
    await answers;
  });

  test('least connections: what another service asks of the same endpoint does not count', async () => {
    const held: ServerResponse[] = [];
    const busy = await startBackend((request, response) => {
      if (request.url === '/held') held.push(response);
      else response.writeHead(200, { 'x-cluster': 'busy' }).end();
    });
    const TrafficPolicy = { LoadBalancerSettings: { LoadbalancerType: 'LEAST_CONN' as const } };
    await start({
      services: [service(1, [busy.address, east.address], { TrafficPolicy }), service(2, [busy.address])],
      routes: [route(1), route(2, { Predicates: path('EQUAL', '/held'), Services: [{ ServiceId: 2 }] })],
    });
    const answer = gateway.send('http://a.com/held');
    await until(() => held.length > 0);
    expect(await gateway.tally(10)).toEqual({ busy: 5, east: 5 });
    held[0]?.end();
    await answer;
    await busy.close();
  });

  test('random reaches every endpoint', async () => {
    await start({ services: [balanced({ LoadbalancerType: 'RANDOM' })] });
    expect(Object.keys(await gateway.tally(100)).toSorted()).toEqual(['east', 'north', 'west']);
  });

  test.each<[string, object, (value: string) => [string, Record<string, string>]]>([
    ['header', { ParameterName: 'X-User' }, (value) => ['http://a.com/', { 'x-user': value }]],
    [
      'query parameter',
      { ConsistentHashLBType: 'QUERY_PARAMETER', ParameterName: 'user' },
      (value) => [`http://a.com/?user=${value}`, {}],
    ],
    [
      'cookie',
      { ConsistentHashLBType: 'COOKIE', HttpCookie: { Name: 'user' } },
      (value) => ['http://a.com/', { cookie: `a=b; user=${value}` }],
    ],
  ])('by %s: one value stays at one endpoint, and the values spread', async (_, settings, requestOf) => {
    await start({ services: [balanced(hash(settings))] });
    const seen = new Set<string>();
    for (let user = 0; user < 30; user += 1) {
      const [url, headers] = requestOf(`u${user}`);
      const counts = Object.keys(await gateway.tally(2, url, headers));
      expect(counts).toHaveLength(1);
      seen.add(String(counts));
    }
    expect(seen.size).toBe(3);
  });

  test('by source address: a client stays', async () => {
    await start({ services: [balanced(hash({ ConsistentHashLBType: 'SOURCE_IP' }))] });
    expect(Object.values(await gateway.tally(10))).toEqual([10]);
  });

  test('without the header requests take turns', async () => {
    await start({ services: [balanced(hash({ ParameterName: 'X-User' }))] });
    expect(await gateway.tally(9)).toEqual({ east: 3, west: 3, north: 3 });
  });

  test('a client without the cookie is given one that leads it back', async () => {
    const HttpCookie = { Name: 'SRV', Path: '/shop', TTL: 60 };
    await start({ services: [balanced(hash({ ConsistentHashLBType: 'COOKIE', HttpCookie }))] });
    for (let client = 0; client < 10; client += 1) {
      const first = await gateway.send('http://a.com/');
      const [cookie = ''] = first.headers['set-cookie'] ?? [];
      expect(cookie).toMatch(/^SRV=[\w-]+; Max-Age=60; Path=\/shop; HttpOnly$/);
      const again = await gateway.send('http://a.com/', { headers: { cookie: cookie.split(';')[0] ?? '' } });
      expect(again.headers['x-cluster']).toBe(first.headers['x-cluster']);
      expect(again.headers['set-cookie']).toBeUndefined();
    }
  });

  test('hashing keeps a client at its endpoint when another one leaves', async () => {
    await start({});
    const { endpoint } = createBalancer(
      () => false,
      () => 0,
    );
    const settings = { TrafficPolicy: { LoadBalancerSettings: hash({}) ?? {} } };
    const addresses = [1, 2, 3].map((last) => ({ host: `10.0.0.${last}`, port: 80 }));
    const [before, after] = [service(1, addresses, settings), service(1, addresses.slice(0, 2), settings)];
    for (let user = 0; user < 100; user += 1) {
      const home = endpoint(gateway.gateway, before, `u${user}`);
      const then = endpoint(gateway.gateway, after, `u${user}`);
      if (home?.host !== '10.0.0.3') expect(then).toEqual(home);
    }
  });
});

test.each<[string, Partial<Service>]>([
  ['GRPC', { ServiceProtocol: 'GRPC' }],
  ['warm-up', { TrafficPolicy: { LoadBalancerSettings: { WarmupDuration: 30 } } }],
])('a service with %s is answered with 501 that names it', async (name, overrides) => {
  await start({ services: [service(1, [east.address], overrides)] });
  const { status, body } = await gateway.send('http://a.com/');
  expect(status).toBe(501);
  expect(body).toContain(name);
});

test('a closed gateway takes no connections, and one that is gone from the state breaks them off', async () => {
  await start({ services: [service(1, [east.address])] });
  gateway.state.gateways.clear();
  await expect(gateway.send('http://a.com/')).rejects.toThrow();
  await gateway.plane.closeGateway('gw-1');
  const socket = connect(gateway.address);
  const [error] = await once(socket, 'error');
  expect(error.code).toBe('ECONNREFUSED');
});
