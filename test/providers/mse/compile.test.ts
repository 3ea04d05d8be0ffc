import { describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import { compile } from '../../../functions/providers/mse/compile/compile.ts';
import { markOf, nameOf } from '../../../functions/providers/mse/compile/names.ts';
import type { MseTarget } from '../../../schemas/gateway.ts';
import {
  compiled,
  filter,
  isRoute,
  isService,
  matched,
  member,
  NO_FACTS,
  NOTHING,
  OWNER,
  only,
  pool,
  rule,
} from './harness.ts';

const SHOP = pool('shop-80-x', [member('cd', [1], { weight: 40 }), member('sh', [2], { weight: 60 })]);
const CART = pool('cart-80-x', [member('cd', [3], { weight: 50 }), member('sh', [4], { weight: 50 })]);
const pools = [CART, SHOP];

const routes = (config: GatewayConfig) =>
  compiled(config)
    .filter(isRoute)
    .map(({ spec, key }) => ({ ...spec, name: key }));
const routeOf = (one: ReturnType<typeof rule>) => routes({ pools, rules: [one] });
const pathsOf = (one: ReturnType<typeof rule>) =>
  routeOf(one).map(({ Predicates: { PathPredicates } }) => `${PathPredicates.Type} ${PathPredicates.Path}`);

describe('names', () => {
  test.each([
    ['a short part', 'shop-80-cd'],
    ['a long part', `shop.example.com${'/long'.repeat(40)}`],
    ['a part without letters', '*/'],
  ])('with %s have at most 63 characters with a suffix, and are the same each time', (_, readable) => {
    const name = nameOf(markOf(OWNER), readable, { x: 1 });
    expect(`${name}-e`).toMatch(/^fl-[0-9a-f]{10}-[a-z0-9-]{12,47}-e$/);
    expect(nameOf(markOf(OWNER), readable, { x: 1 })).toBe(name);
    expect(nameOf(markOf(OWNER), readable, { x: 2 })).not.toBe(name);
    expect(nameOf(markOf('fairlead/prod/other'), readable, { x: 1 }).slice(0, 14)).not.toBe(name.slice(0, 14));
  });
});

test('routes name the rule that they carry, and services the pool that they serve', () => {
  const one = rule('/cart', { 'shop-80-x': 100 });
  const objects = compiled({ pools: [SHOP], rules: [one] });
  expect(objects.filter(isRoute).map(({ rules }) => rules)).toEqual([[one.key], [one.key]]);
  expect(objects.filter(isService).map((object) => object.pool)).toEqual(['shop-80-x', 'shop-80-x']);
});

describe('a match', () => {
  test.each([
    ['a prefix', { type: 'Prefix', value: '/cart' }, ['EQUAL /cart', 'PRE /cart/']],
    ['a prefix with a slash', { type: 'Prefix', value: '/cart/' }, ['EQUAL /cart', 'PRE /cart/']],
    ['everything', { type: 'Prefix', value: '/' }, ['PRE /']],
    ['a path', { type: 'Exact', value: '/cart' }, ['EQUAL /cart']],
    ['an expression', { type: 'RegularExpression', value: '^/c.*$' }, ['ERGULAR ^/c.*$']],
  ])('of %s becomes these paths', (_, path, expected) => {
    expect(pathsOf(rule({ path }, { 'shop-80-x': 100 }))).toEqual(expected);
  });

  test('of a prefix gives way to an exact path that takes its requests, and to no other', () => {
    const prefix = rule({ path: { type: 'Prefix', value: '/a' }, headers: [{ name: 'x', value: '1' }] }, {});
    const answer = { filters: [filter({ type: 'DirectResponse', statusCode: 200 })] };
    const exact = (more: object) => rule({ path: { type: 'Exact', value: '/a' }, ...more }, {});
    const both = (first: ReturnType<typeof rule>) =>
      routes({ pools, rules: [first, prefix].map((one) => ({ ...one, ...answer })) }).map(
        ({ Predicates: { PathPredicates } }) => PathPredicates.Type,
      );
    expect(both(exact({}))).toEqual(['EQUAL', 'PRE']);
    expect(both(exact({ method: 'GET' }))).toEqual(['EQUAL', 'EQUAL', 'PRE']);
  });

  test('has the same name whoever declares it, so that a route is taken over in place', () => {
    const prefix = rule('/a', { 'shop-80-x': 100 });
    const exact = rule({ path: { type: 'Exact', value: '/a' } }, { 'cart-80-x': 100 });
    expect(routeOf(exact)[0]?.name).toBe(routeOf(prefix)[0]?.name);
  });
});

describe('services', () => {
  test('of a rule are those of all its pools, by the product of both weights', () => {
    const [route] = routeOf(rule('/', { 'cart-80-x': 30, 'shop-80-x': 70 }));
    expect(route?.DestinationType).toBe('Multiple');
    expect(route?.Services.map((service) => service.Percent).sort((a, b) => a - b)).toEqual([15, 15, 28, 42]);
  });

  test('that would get nothing are left out, and a single one has all', () => {
    const lone = pool('lone', [member('cd', [1], { weight: 1 }), member('sh', [2], { weight: 0 })]);
    const [route] = routes({ pools: [lone], rules: [rule('/', { lone: 100 })] });
    expect(route).toMatchObject({ DestinationType: 'Single', Services: [{ Percent: 100 }] });
  });

  test('tell the shares of the whole pool, whichever cluster they are named for', () => {
    const objects = compiled({ pools: [SHOP], rules: [] }, only('sh'));
    expect(objects.map((object) => object.shares)).toEqual(
      Array(2).fill([
        { cluster: 'cd', percent: 0 },
        { cluster: 'sh', percent: 100 },
      ]),
    );
  });

  test('move with the shares, and routes do not', () => {
    const config = { pools: [SHOP], rules: [rule('/', { 'shop-80-x': 100 })] };
    const [before, after] = [compiled(config), compiled(config, only('sh'))];
    expect(after.filter(isRoute)).toEqual(before.filter(isRoute));
    const ips = after.filter(isService).map(({ spec }) => spec.Ips);
    expect(ips).toEqual([['10.0.0.2:80'], ['10.0.0.2:80']]);
  });

  test.each([
    ['HTTP', 'HTTP'],
    ['HTTPS', 'HTTPS'],
    ['gRPC', 'GRPC'],
  ] as const)('speak %s as %s', (protocol, expected) => {
    const [service] = compiled({ pools: [{ ...SHOP, protocol }], rules: [] }).filter(isService);
    expect(service?.spec.ServiceProtocol).toBe(expected);
  });
});

test('domains that exist are taken as they are; only missing ones are created, each once', () => {
  const rules = [
    rule('/a', { 'shop-80-x': 100 }),
    rule('/b', { 'shop-80-x': 100 }),
    rule('/', {}, { hostname: undefined }),
  ];
  const target: MseTarget = { provider: 'mse', regionId: 'cn-hangzhou', gatewayUniqueId: 'gw-1' };
  const domains = (present: Record<string, number>, certificates: MseTarget['certificates'] = []) =>
    compile(
      matched({ pools, rules }),
      new Map(),
      { ...NOTHING, facts: { ...NO_FACTS, domains: present } },
      { owner: OWNER, target: { ...target, certificates } },
    )
      .filter((object) => object.kind === 'Domain')
      .map((object) => object.spec);
  expect(domains({})).toMatchObject([{ Name: 'shop.example.com', Protocol: 'HTTP' }, { Name: '*' }]);
  expect(domains({ 'shop.example.com': 7 })).toMatchObject([{ Name: '*' }]);
  expect(domains({ '*': 7 }, [{ hostname: '*.example.com', certificateId: 'cert-1' }])).toEqual([
    { Name: 'shop.example.com', Protocol: 'HTTPS', CertIdentifier: 'cert-1' },
  ]);
});

describe('filters', () => {
  const withFilter = (value: object, path = '/foo') =>
    routeOf(rule(path, { 'shop-80-x': 100 }, { filters: [filter(value)] }));

  test.each([
    ['/foo', '/bar', ['EQUAL /bar', 'PRE /bar/']],
    ['/foo', '/', ['EQUAL /', 'PRE /']],
    ['/', '/bar', ['PRE /bar/']],
  ])('the prefix %s is replaced by %s in both its routes', (path, value, expected) => {
    const rewrites = withFilter({ type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value } }, path);
    expect(rewrites.map(({ HttpRewrite }) => `${HttpRewrite?.PathType} ${HttpRewrite?.Path}`)).toEqual(expected);
  });

  test('a whole path is replaced whatever of it has matched; a host alone keeps the path', () => {
    const whole = withFilter({ type: 'URLRewrite', path: { type: 'ReplaceFullPath', value: '/x' } });
    expect(whole.map((route) => route.HttpRewrite)).toEqual(Array(2).fill({ PathType: 'EQUAL', Path: '/x' }));
    const [host] = withFilter({ type: 'URLRewrite', hostname: 'inner.example.com' });
    expect(host?.HttpRewrite).toEqual({ Host: 'inner.example.com' });
  });

  test('answers of the gateway itself have no service', () => {
    const answer = filter({ type: 'DirectResponse', statusCode: 418, body: 'tea' });
    expect(routeOf(rule('/', {}, { filters: [answer] }))).toMatchObject([
      { DestinationType: 'Mock', Services: [], DirectResponse: { Code: 418, Body: 'tea' } },
    ]);
    const redirect = filter({ type: 'RequestRedirect', hostname: 'b.example.com', statusCode: 301 });
    expect(routeOf(rule('/', {}, { filters: [redirect] }))).toMatchObject([
      { DestinationType: 'Redirect', Services: [], Redirect: { Code: 301, Host: 'b.example.com', Path: '' } },
    ]);
  });

  test('timeouts are always said; retries, fallback and the rest only where declared', () => {
    const [plain] = routeOf(rule('/', { 'shop-80-x': 100 }));
    expect(plain).toMatchObject({ TimeoutSeconds: 60, FallbackServices: [] });
    expect(Object.keys(plain ?? {})).not.toContain('Retry');
    const more = {
      timeouts: { requestSeconds: 3 },
      retry: { attempts: 2, statusCodes: [502, 503] },
      fallback: 'shop-80-x',
    };
    const [route] = routeOf(rule('/', { 'cart-80-x': 100 }, more));
    expect(route?.TimeoutSeconds).toBe(3);
    expect(route?.Retry).toEqual({
      Attempts: 2,
      RetryOn: ['connect-failure', 'retriable-status-codes'],
      HttpCodes: ['502', '503'],
    });
    expect(route?.FallbackServices).toEqual([expect.stringContaining('shop-80-sh')]);
  });
});
