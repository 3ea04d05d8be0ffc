import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Predicates, RoutePolicies } from '../../../../infra/local/cloud/mse/model.ts';
import { type DemoCluster, startDemoCluster } from '../../../../infra/local/demo-cluster.ts';
import { mock, path, route, service, startGateway } from './fixtures.ts';

let east: DemoCluster;
let gateway: Awaited<ReturnType<typeof startGateway>>;

beforeAll(async () => {
  east = await startDemoCluster({ name: 'east' });
});
afterAll(() => east.close());
afterEach(() => gateway.close());

async function start(policies: RoutePolicies, Predicates: Predicates = path('PRE', '/')) {
  const services = [service(1, [east.address])];
  gateway = await startGateway({ services, routes: [route(1, { Predicates })], policies });
}

async function seenBy(url: string, headers: Record<string, string> = {}) {
  return JSON.parse((await gateway.send(url, { headers })).body);
}

describe('rewrite', () => {
  const rewritten: [NonNullable<RoutePolicies['HttpRewrite']>, Predicates, string][] = [
    [{ Status: 'on', PathType: 'PRE', Path: '/v2' }, path('PRE', '/api'), '/v2/items?q=1'],
    [{ Status: 'on', PathType: 'PRE', Path: '/v2' }, path('PRE', '/api/'), '/v2items?q=1'],
    [{ Status: 'on', PathType: 'PRE', Path: '/v2' }, path('EQUAL', '/api/items'), '/v2?q=1'],
    [{ Status: 'on', PathType: 'EQUAL', Path: '/all' }, path('PRE', '/api'), '/all?q=1'],
    [
      { Status: 'on', PathType: 'ERGULAR', Pattern: '^/(a.i)/(.*)$', Substitution: '/$/\\2/\\1' },
      path('PRE', '/'),
      '/$/items/api?q=1',
    ],
    [{ Status: 'off', PathType: 'EQUAL', Path: '/all', Host: 'x.com' }, path('PRE', '/api'), '/api/items?q=1'],
  ];

  test.each(rewritten)('%j of a route for %j sends %s', async (HttpRewrite, predicates, expected) => {
    await start({ HttpRewrite }, predicates);
    expect(await seenBy('http://a.com/api/items?q=1')).toMatchObject({ path: expected, host: 'a.com' });
  });

  test('the host is replaced for the server', async () => {
    await start({ HttpRewrite: { Status: 'on', Host: 'inner.local' } });
    expect(await seenBy('http://a.com/x')).toMatchObject({ host: 'inner.local', path: '/x' });
  });

  test('of a prefix on a regular expression is answered with 501', async () => {
    await start({ HttpRewrite: { Status: 'on', PathType: 'PRE', Path: '/v2' } }, path('ERGULAR', '/a.*'));
    expect((await gateway.send('http://a.com/api')).status).toBe(501);
  });
});

describe('headers', () => {
  const HeaderOpItems: NonNullable<RoutePolicies['HeaderOp']>['HeaderOpItems'] = [
    { DirectionType: 'Request', OpType: 'Add', Key: 'X-List', Value: 'two' },
    { DirectionType: 'Request', OpType: 'Update', Key: 'X-Set', Value: 'new' },
    { DirectionType: 'Request', OpType: 'Delete', Key: 'X-Secret' },
    { DirectionType: 'Response', OpType: 'Add', Key: 'Vary', Value: 'Accept' },
    { DirectionType: 'Response', OpType: 'Update', Key: 'X-Cluster', Value: 'hidden' },
    { DirectionType: 'Response', OpType: 'Delete', Key: 'Content-Type' },
  ];

  test('are added, replaced and removed, each in its direction', async () => {
    await start({ HeaderOp: { Status: 'on', HeaderOpItems } });
    const sent = { 'x-list': 'one', 'x-set': 'old', 'x-secret': 's', vary: 'mine' };
    const answer = await gateway.send('http://a.com/', { headers: sent });
    const { headers } = JSON.parse(answer.body);
    expect(headers).toMatchObject({ 'x-list': 'one, two', 'x-set': 'new', vary: 'mine' });
    expect(headers).not.toHaveProperty('x-secret');
    expect(answer.headers).toMatchObject({ vary: 'Accept', 'x-cluster': 'hidden' });
    expect(answer.headers).not.toHaveProperty('content-type');
  });

  test('of answers without a service are changed too', async () => {
    gateway = await startGateway({
      routes: [route(1, mock('x'))],
      policies: { HeaderOp: { Status: 'on', HeaderOpItems } },
    });
    expect((await gateway.send('http://a.com/')).headers).toMatchObject({ vary: 'Accept', 'x-cluster': 'hidden' });
  });

  test('stay when the policy is off', async () => {
    await start({ HeaderOp: { Status: 'off', HeaderOpItems } });
    expect((await gateway.send('http://a.com/')).headers).toMatchObject({ 'x-cluster': 'east' });
  });
});

describe('CORS', () => {
  const Cors: NonNullable<RoutePolicies['Cors']> = {
    Status: 'on',
    AllowOrigins: 'https://one.com, https://two.com',
    AllowMethods: 'GET,POST',
    AllowHeaders: 'X-Token',
    ExposeHeaders: 'X-Cluster',
    AllowCredentials: true,
    UnitNum: 2,
    TimeUnit: 'h',
  };
  const ask = (origin: string, headers: Record<string, string> = { 'access-control-request-method': 'POST' }) =>
    gateway.send('http://a.com/', { method: 'OPTIONS', headers: { origin, ...headers } });

  test('a preflight of an allowed origin is answered without the server', async () => {
    await start({ Cors });
    const before = east.requestCount;
    const answer = await ask('https://two.com');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': 'https://two.com',
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'X-Token',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '7200',
    });
    expect(east.requestCount).toBe(before);
  });

  test('a preflight of another origin, and OPTIONS that is none, go to the server', async () => {
    await start({ Cors });
    const foreign = await ask('https://three.com');
    expect(foreign.headers['x-cluster']).toBe('east');
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await ask('https://one.com', {})).headers['x-cluster']).toBe('east');
  });

  test('answers to an allowed origin say so, to others nothing', async () => {
    await start({ Cors: { ...Cors, AllowCredentials: false } });
    const { headers } = await gateway.send('http://a.com/', { headers: { origin: 'https://one.com' } });
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://one.com',
      'access-control-expose-headers': 'X-Cluster',
    });
    expect(headers).not.toHaveProperty('access-control-allow-credentials');
    expect((await gateway.send('http://a.com/')).headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('* allows every origin; off allows none', async () => {
    await start({ Cors: { ...Cors, AllowOrigins: '*' } });
    expect((await ask('https://any.com')).headers['access-control-allow-origin']).toBe('https://any.com');
    await gateway.close();
    await start({ Cors: { ...Cors, Status: 'off' } });
    expect((await ask('https://one.com')).headers['x-cluster']).toBe('east');
  });
});

test('a change of a policy holds from the next request on, without another publication', async () => {
  await start({});
  expect(await seenBy('http://a.com/x')).toMatchObject({ path: '/x' });
  const current = gateway.gateway.routes.get(1);
  if (current) current.policies = { HttpRewrite: { Status: 'on', PathType: 'EQUAL', Path: '/y' } };
  expect(await seenBy('http://a.com/x')).toMatchObject({ path: '/y' });
});
