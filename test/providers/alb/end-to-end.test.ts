import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { featuresOf } from '../../../functions/core/routing/features.ts';
import { resolve } from '../../../functions/core/routing/resolve.ts';
import { alb as provider } from '../../../functions/providers/alb/index.ts';
import { createDataPlane } from '../../../infra/local/cloud/alb/data-plane/index.ts';
import { type DemoCluster, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import { ServiceInput } from '../../../schemas/service.ts';
import { route, service } from '../../core/fixtures.ts';
import { clientOf, until } from '../../local-cloud/data-plane/fixtures.ts';
import { type Alb, startAlb } from './harness.ts';

/** A route as people declare it, through resolve, provider and control API, and then requests through the data plane. */

let shop: DemoCluster;
let next: DemoCluster;
let alb: Alb;
let client: ReturnType<typeof clientOf>;

beforeAll(async () => {
  shop = await startDemoCluster({ name: 'shop' });
  next = await startDemoCluster({ name: 'next' });
});
afterAll(() => Promise.all([shop.close(), next.close()]));
afterEach(async () => {
  client.close();
  await alb.close();
});

const HOST = 'shop.example.com';
const SHOP = { service: 'shop', port: 80 };
const NEXT = { service: 'next', port: 80 };

function serviceOf(name: string, cluster: DemoCluster[], more: object = {}) {
  const endpoints = cluster.map(({ address }) => ({ address: address.host, port: address.port }));
  const exports = [{ cluster: 'cd', backend: { type: 'endpoints', endpoints } }];
  const spec = ServiceInput.parse({ ports: [{ name: 'http', port: 80 }], exports, ...more });
  return { ...service(name, {}), spec };
}

async function serve(rules: object[], services = [serviceOf('shop', [shop]), serviceOf('next', [next])]) {
  // The clock of the data plane stands still, so that a limit counts all requests of a test.
  alb = await startAlb({ dataPlane: (state) => createDataPlane(state, { now: () => 0 }) });
  const declared = route('shop', { hostnames: [HOST], rules });
  const refused = featuresOf(declared.spec).filter(({ feature }) => provider.capabilities[feature] !== true);
  expect([...refused, ...provider.check(declared.spec)]).toEqual([]);
  const config = resolve({ routes: [declared], services, clusters: [], distributions: [] });
  expect((await alb.reconcile(config)).left.changes).toEqual([]);
  const [listener] = alb.cloud.state.listeners.values();
  const [host = '', port] = (listener?.dataPlaneAddress ?? '').split(':');
  client = clientOf({ host, port: Number(port) });
}

const get = (path: string, headers: Record<string, string> = {}) => client.send(`http://${HOST}${path}`, { headers });
const clusterOf = async (path: string, headers = {}) => (await get(path, headers)).headers['x-cluster'];
/** Returns the request that the backend received. */
const received = async (path: string, headers = {}) => JSON.parse((await get(path, headers)).body);
const filtered = (path: string, ...filters: object[]) => [
  { matches: [{ path: { type: 'Prefix', value: path } }], filters, backendRefs: [SHOP] },
];

describe('matches', () => {
  test.each<[string, object, string, Record<string, string>, string, Record<string, string>]>([
    ['a pattern', { path: { type: 'RegularExpression', value: '^/v[0-9]+/(a|b)$' } }, '/v12/b', {}, '/v12/b/c', {}],
    [
      'a cookie',
      { cookies: [{ name: 'canary', value: 'yes' }] },
      '/',
      { cookie: 'a=b; canary=yes' },
      '/',
      { cookie: 'canary=no' },
    ],
    ['a header', { headers: [{ name: 'X-Canary', value: 'yes' }] }, '/', { 'x-canary': 'yes' }, '/', {}],
    ['a query parameter', { queryParams: [{ name: 'v', value: '2' }] }, '/?v=2', {}, '/?v=1', {}],
  ])('%s picks the request, and leaves others', async (_name, match, path, headers, otherPath, otherHeaders) => {
    const rest = { path: { type: 'RegularExpression', value: '^/.*$' } };
    await serve([
      { matches: [match], backendRefs: [NEXT] },
      { matches: [rest], backendRefs: [SHOP] },
    ]);
    expect(await clusterOf(path, headers)).toBe('next');
    expect(await clusterOf(otherPath, otherHeaders)).toBe('shop');
  });
});

describe('filters', () => {
  test('headers of the request are set and removed, whatever the client has sent', async () => {
    const set = [{ name: 'X-Env', value: 'prod' }];
    await serve(filtered('/', { type: 'RequestHeaderModifier', set, remove: ['X-Debug'] }));
    const { headers } = await received('/', { 'x-env': 'mine', 'x-debug': '1', 'x-other': 'stays' });
    expect(headers).toMatchObject({ 'x-env': 'prod', 'x-other': 'stays' });
    expect(headers).not.toHaveProperty('x-debug');
  });

  test('the host is rewritten', async () => {
    await serve(filtered('/', { type: 'URLRewrite', hostname: 'in.example.com' }));
    expect(await received('/a?b=c')).toMatchObject({ host: 'in.example.com', path: '/a?b=c' });
  });

  test('the whole path is rewritten, the query stays', async () => {
    await serve(filtered('/a', { type: 'URLRewrite', path: { type: 'ReplaceFullPath', value: '/b' } }));
    expect(await received('/a/x?b=c')).toMatchObject({ host: HOST, path: '/b?b=c' });
  });

  test.each([
    ['/foo', '/bar', { '/foo': '/bar', '/foo/': '/bar/', '/foo/x/y?b=c': '/bar/x/y?b=c' }],
    ['/foo', '/', { '/foo': '/', '/foo/x': '/x', '/foo?b=c': '/?b=c' }],
    ['/', '/bar', { '/': '/bar/', '/x?b=c': '/bar/x?b=c' }],
    ['/v1.0', '/v2', { '/v1.0/x': '/v2/x' }],
  ])('the prefix %s is replaced by %s', async (prefix, value, paths) => {
    await serve(filtered(prefix, { type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value } }));
    for (const [path, expected] of Object.entries(paths)) expect((await received(path)).path).toBe(expected);
    // No rule serves a path that merely begins with the letters of the prefix.
    if (prefix !== '/') expect((await get(`${prefix}bar`)).status).toBe(503);
  });

  test.each([
    [{ scheme: 'https', statusCode: 301 }, 301, `https://${HOST}/foo/a?b=c`],
    [{ hostname: 'new.example.com', port: 8443, scheme: 'https' }, 302, 'https://new.example.com:8443/foo/a?b=c'],
    [{ path: { type: 'ReplaceFullPath', value: '/b' }, statusCode: 308 }, 308, `http://${HOST}/b?b=c`],
    [{ path: { type: 'ReplacePrefixMatch', value: '/bar' } }, 302, `http://${HOST}/bar/a?b=c`],
    [{ path: { type: 'ReplacePrefixMatch', value: '/' } }, 302, `http://${HOST}/a?b=c`],
  ])('a redirect by %j asks no backend', async (parts, status, location) => {
    const matches = [{ path: { type: 'Prefix', value: '/foo' } }];
    await serve([{ matches, filters: [{ type: 'RequestRedirect', ...parts }] }]);
    const before = shop.requestCount;
    const answer = await get('/foo/a?b=c');
    expect({ status: answer.status, location: answer.headers.location }).toEqual({ status, location });
    expect(shop.requestCount).toBe(before);
  });

  test('a direct response is text', async () => {
    await serve([{ filters: [{ type: 'DirectResponse', statusCode: 503, body: 'back at "noon"\n' }] }]);
    const answer = await get('/');
    expect(answer).toMatchObject({ status: 503, body: 'back at "noon"\n' });
    expect(answer.headers['content-type']).toBe('text/plain');
  });

  test('CORS answers preflights and marks answers', async () => {
    const origin = 'https://app.example.com';
    const cors = { type: 'CORS', allowOrigins: [origin], allowMethods: ['PUT'], allowCredentials: true };
    await serve(filtered('/', cors));
    const asked = { origin, 'access-control-request-method': 'PUT' };
    const preflight = await client.send(`http://${HOST}/`, { method: 'OPTIONS', headers: asked });
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT',
      'access-control-max-age': '3600',
    });
    expect(preflight.headers).not.toHaveProperty('x-cluster');
    expect((await get('/', { origin })).headers).toMatchObject({
      'x-cluster': 'shop',
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
    });
  });

  test('a mirror gets a copy with its body, the client only the answer of the backend', async () => {
    await serve(filtered('/', { type: 'RequestMirror', ...NEXT }));
    const answer = await client.send(`http://${HOST}/pay?b=c`, { method: 'POST', body: 'amount=1' });
    expect(answer.headers['x-cluster']).toBe('shop');
    const copy = () => next.received.find((one) => one.path === '/pay?b=c');
    await until(() => copy() !== undefined);
    expect(copy()).toMatchObject({ method: 'POST', host: HOST, body: 'amount=1' });
  });

  test('what exceeds a rate is refused', async () => {
    await serve(filtered('/', { type: 'RateLimit', requestsPerSecond: 2 }));
    expect(await client.tally(5, `http://${HOST}/`)).toEqual({ shop: 2, 503: 3 });
  });
});

describe('services', () => {
  test('affinity binds a client to one endpoint; without the cookie clients are spread', async () => {
    const services = [serviceOf('shop', [shop, next], { sessionAffinity: { type: 'cookie', ttlSeconds: 60 } })];
    await serve([{ backendRefs: [SHOP] }], services);
    const first = await get('/');
    const [cookie = ''] = first.headers['set-cookie'] ?? [];
    expect(cookie).toContain('Max-Age=60');
    const bound = { cookie: cookie.split(';')[0] ?? '' };
    expect(await client.tally(6, `http://${HOST}/`, bound)).toEqual({ [String(first.headers['x-cluster'])]: 6 });
    expect(Object.keys(await client.tally(6, `http://${HOST}/`)).sort()).toEqual(['next', 'shop']);
  });

  test('weights split requests between services', async () => {
    await serve([
      {
        backendRefs: [
          { ...SHOP, weight: 3 },
          { ...NEXT, weight: 1 },
        ],
      },
    ]);
    expect(await client.tally(20, `http://${HOST}/`)).toEqual({ shop: 15, next: 5 });
  });
});
