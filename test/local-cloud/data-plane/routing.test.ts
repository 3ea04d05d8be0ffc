import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Rule, RuleCondition } from '../../../infra/local/cloud/alb/model.ts';
import { type DemoCluster, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import { forwardTo, group, header, host, path, rule, type Setup, sendTo, server, startPlane } from './fixtures.ts';

let east: DemoCluster;
let west: DemoCluster;
let plane: Awaited<ReturnType<typeof startPlane>>;

beforeAll(async () => {
  east = await startDemoCluster({ name: 'east' });
  west = await startDemoCluster({ name: 'west' });
});
afterAll(() => Promise.all([east.close(), west.close()]));
afterEach(() => plane.close());

/** East serves what the rules send to it, west is the default. */
async function startWithRules(rules: Rule[], listener: Setup['listener'] = {}) {
  plane = await startPlane({
    listener,
    groups: [group('sgp-default', [server(west.address)]), group('sgp-east', [server(east.address)])],
    rules,
  });
}

async function clusterOf(url: string, options = {}) {
  return (await plane.send(url, options)).headers['x-cluster'];
}

const toEast = forwardTo({ 'sgp-east': 100 });

describe('selection of a rule', () => {
  test('a request that meets no rule goes to the default server group', async () => {
    await startWithRules([rule(1, [host('shop.example.com')], [toEast])]);
    expect(await clusterOf('http://shop.example.com/')).toBe('east');
    expect(await clusterOf('http://other.example.com/')).toBe('west');
  });

  test('the rule with the smallest priority wins, in whatever order the rules were written', async () => {
    const rules = [
      rule(20, [path('/*')], [forwardTo({ 'sgp-default': 100 })]),
      rule(10, [path('/a/*')], [toEast]),
      rule(30, [path('/a/b')], [forwardTo({ 'sgp-default': 100 })]),
    ];
    await startWithRules(rules);
    expect(await clusterOf('http://shop.example.com/a/b')).toBe('east');
    expect(await clusterOf('http://shop.example.com/c')).toBe('west');
  });

  test.each([
    ['Provisioning', 'west'],
    ['Configuring', 'east'],
    ['Available', 'east'],
  ] as const)('a rule in %s sends the request to %s', async (RuleStatus, cluster) => {
    await startWithRules([rule(1, [path('/*')], [toEast], { RuleStatus })]);
    expect(await clusterOf('http://shop.example.com/')).toBe(cluster);
  });

  test('a rule of another listener has no say', async () => {
    await startWithRules([rule(1, [path('/*')], [toEast], { ListenerId: 'lsn-2' })]);
    expect(await clusterOf('http://shop.example.com/')).toBe('west');
  });

  test('a header that pins a cluster gets that cluster every time', async () => {
    await startWithRules([rule(1, [header('X-Cluster-Pin', 'east')], [toEast])]);
    expect(await plane.tally(100, 'http://shop.example.com/', { 'x-cluster-pin': 'east' })).toEqual({ east: 100 });
    expect(await plane.tally(10, 'http://shop.example.com/', { 'x-cluster-pin': 'EAST' })).toEqual({ west: 10 });
  });

  test('all conditions must be met, one value of each is enough', async () => {
    await startWithRules([rule(1, [host('a.example.com', 'b.example.com'), path('/x', '/y')], [toEast])]);
    expect(await clusterOf('http://b.example.com/y')).toBe('east');
    expect(await clusterOf('http://b.example.com/z')).toBe('west');
    expect(await clusterOf('http://c.example.com/y')).toBe('west');
  });

  test('an absolute request target, as a client of a forward proxy sends it, is read like any other', async () => {
    await startWithRules([rule(1, [path('/a')], [toEast])]);
    const answer = await sendTo(plane.address, {
      path: 'http://shop.example.com/a?b=c',
      headers: { host: 'shop.example.com' },
    });
    expect(answer.headers['x-cluster']).toBe('east');
    expect(JSON.parse(answer.body).path).toBe('/a?b=c');
  });
});

describe('conditions', () => {
  const method = (...Values: string[]): RuleCondition => ({ Type: 'Method', MethodConfig: { Values } });
  const query = (Key: string, Value: string): RuleCondition => ({
    Type: 'QueryString',
    QueryStringConfig: { Values: [{ Key, Value }] },
  });
  const cookie = (Key: string, Value: string): RuleCondition => ({
    Type: 'Cookie',
    CookieConfig: { Values: [{ Key, Value }] },
  });
  const sourceIp = (...Values: string[]): RuleCondition => ({ Type: 'SourceIp', SourceIpConfig: { Values } });

  const cases: [string, RuleCondition, string, { method?: string; headers?: Record<string, string> }, boolean][] = [
    ['host in another case', host('shop.example.com'), 'http://SHOP.example.com/', {}, true],
    ['host with a port', host('shop.example.com'), 'http://shop.example.com:8080/', {}, true],
    ['wildcard host', host('*.example.com'), 'http://a.example.com/', {}, true],
    ['wildcard host, the bare domain', host('*.example.com'), 'http://example.com/', {}, false],
    ['wildcard host, another domain', host('*.example.com'), 'http://a.example.org/', {}, false],
    ['host with ?', host('shop-?.example.com'), 'http://shop-1.example.com/', {}, true],
    ['host with ?, two characters', host('shop-?.example.com'), 'http://shop-12.example.com/', {}, false],
    ['host by regular expression', host('~^shop-[0-9]+\\.'), 'http://shop-12.example.com/', {}, true],
    ['path by segments, itself', path('/foo', '/foo/*'), 'http://a.com/foo', {}, true],
    ['path by segments, with a query', path('/foo', '/foo/*'), 'http://a.com/foo?a=/bar', {}, true],
    ['path by segments, below', path('/foo', '/foo/*'), 'http://a.com/foo/bar/baz', {}, true],
    ['path by segments, only a text prefix', path('/foo', '/foo/*'), 'http://a.com/foobar', {}, false],
    ['path in another case', path('/foo'), 'http://a.com/Foo', {}, false],
    ['path with two stars', path('/*/items/*'), 'http://a.com/shop/items/items/1', {}, true],
    ['path by regular expression', path('~^/v[0-9]+/'), 'http://a.com/v12/x', {}, true],
    ['path by regular expression, another case', path('~^/v[0-9]+/'), 'http://a.com/V12/x', {}, false],
    ['path by regular expression without case', path('~*^/v[0-9]+/'), 'http://a.com/V12/x', {}, true],
    [
      'header with a wildcard',
      header('x-tenant', 'gold-*'),
      'http://a.com/',
      { headers: { 'X-Tenant': 'gold-7' } },
      true,
    ],
    ['header absent', header('x-tenant', '*'), 'http://a.com/', {}, false],
    ['query parameter', query('version', 'v?'), 'http://a.com/?a=b&version=v2', {}, true],
    ['query parameter, another value', query('version', 'v?'), 'http://a.com/?version=v22', {}, false],
    ['query parameter, encoded', query('name', 'a b'), 'http://a.com/?name=a%20b', {}, true],
    ['method', method('POST', 'PUT'), 'http://a.com/', { method: 'PUT' }, true],
    ['another method', method('POST', 'PUT'), 'http://a.com/', {}, false],
    ['cookie', cookie('canary', 'yes'), 'http://a.com/', { headers: { cookie: 'a=b; canary=yes' } }, true],
    ['cookie, another value', cookie('canary', 'yes'), 'http://a.com/', { headers: { cookie: 'canary=no' } }, false],
    ['source network', sourceIp('10.0.0.0/8', '127.0.0.0/8'), 'http://a.com/', {}, true],
    ['another source network', sourceIp('10.0.0.0/8'), 'http://a.com/', {}, false],
  ];

  test.each(cases)('%s', async (_, condition, url, options, met) => {
    await startWithRules([rule(1, [condition], [toEast])]);
    expect(await clusterOf(url, options)).toBe(met ? 'east' : 'west');
  });
});

describe('listener', () => {
  test('serves while it is being configured, and breaks off connections when it is stopped', async () => {
    await startWithRules([]);
    plane.listener.ListenerStatus = 'Configuring';
    expect(await clusterOf('http://shop.example.com/')).toBe('west');
    plane.listener.ListenerStatus = 'Stopped';
    await expect(plane.send('http://shop.example.com/')).rejects.toThrow();
  });

  test('takes the first preferred port that is free, and gives it back when it is closed', async () => {
    await startWithRules([]);
    const second = await startPlane({
      groups: [group('sgp-default', [server(east.address)])],
      options: { ports: [plane.address.port] },
    });
    expect(second.address.port).not.toBe(plane.address.port);
    expect((await second.send('http://shop.example.com/')).headers['x-cluster']).toBe('east');
    await second.plane.closeListener('lsn-1');
    await expect(second.send('http://shop.example.com/')).rejects.toThrow();
    await second.close();
  });
});
