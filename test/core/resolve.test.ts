import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePrecedence, type Precedence } from '../../functions/core/routing/precedence.ts';
import { resolve } from '../../functions/core/routing/resolve.ts';
import { cluster, gateway, route, service } from './fixtures.ts';

const clusters = [cluster('a', 1), cluster('b', 2)];
const shop = service('shop', { a: 3, b: 1 });
const snapshot = (routes: ReturnType<typeof route>[], services = [shop]) => ({
  gateway: gateway(),
  clusters,
  services,
  distributions: [],
  routes,
});

describe('resolve', () => {
  it('makes one rule for each host name and match, and one pool for equal backends and distributions', () => {
    const first = route('first', { hostnames: ['x.example.com', 'y.example.com'] });
    const second = route('second', { hostnames: ['z.example.com'] });
    const config = resolve(snapshot([first, second]));
    expect(config.rules.map((rule) => rule.key)).toEqual([
      'first/00/00/x.example.com',
      'first/00/00/y.example.com',
      'second/00/00/z.example.com',
    ]);
    expect(config.pools).toHaveLength(1);
  });

  it('lets the order of its rules decide within a route, also beyond the tenth', () => {
    const rules = Array.from({ length: 12 }, (_, index) => ({
      matches: [{ headers: [{ name: `x-${index}`, value: '1' }] }],
      backendRefs: [{ service: 'shop', port: 80 }],
    }));
    const names = resolve(snapshot([route('long', { rules })])).rules.map((rule) => rule.match.headers[0]?.name);
    expect(names).toEqual(rules.map((_, index) => `x-${index}`));
  });

  it('gives routes with other distributions other pools', () => {
    const pinned = route('pinned', {
      distribution: { strategy: 'weighted', clusters: [{ cluster: 'b' }], pin: 'strict' },
    });
    const config = resolve(snapshot([route('plain', {}), pinned]));
    expect(config.pools).toHaveLength(2);
    expect(config.pools.filter((pool) => pool.pinned).map((pool) => pool.members.map((item) => item.cluster))).toEqual([
      ['b'],
    ]);
  });

  it('weights clusters by replicas when nothing else is declared', () => {
    const [pool] = resolve(snapshot([route('plain', {})])).pools;
    expect(pool?.members.map(({ cluster, weight }) => [cluster, weight])).toEqual([
      ['a', 3],
      ['b', 1],
    ]);
  });

  it('adds every other exporting cluster behind a preferred one', () => {
    const prefer = route('prefer', {
      distribution: { strategy: 'weighted', clusters: [{ cluster: 'b' }], pin: 'prefer' },
    });
    const [pool] = resolve(snapshot([prefer])).pools;
    expect(pool?.members.map(({ cluster, tier }) => [cluster, tier])).toEqual([
      ['b', 0],
      ['a', 1],
    ]);
  });

  it('leaves out clusters that do not export the service', () => {
    const both = route('both', {
      distribution: { strategy: 'weighted', clusters: [{ cluster: 'a' }, { cluster: 'b' }] },
    });
    const [pool] = resolve(snapshot([both], [service('shop', { a: 1 })])).pools;
    expect(pool?.members.map((item) => item.cluster)).toEqual(['a']);
  });

  it('drops backends of weight 0 and lets the rest total 100', () => {
    const backendRefs = [
      { service: 'shop', port: 80, weight: 2 },
      { service: 'pay', port: 80, weight: 1 },
      { service: 'old', port: 80, weight: 0 },
    ];
    const services = [shop, service('pay', { a: 1 }), service('old', { a: 1 })];
    const config = resolve(snapshot([route('mixed', { rules: [{ backendRefs }] })], services));
    expect(config.rules[0]?.backends.map((backend) => backend.weight)).toEqual([67, 33]);
  });

  it('adds up what is expected of a pool: by the weight of the backend, and evenly over the gateways of the route', () => {
    const split = [
      { service: 'shop', port: 80, weight: 3 },
      { service: 'pay', port: 80, weight: 1 },
    ];
    const rules = [
      { backendRefs: split, peakRequestsPerSecond: 800 },
      { backendRefs: [{ service: 'shop', port: 80 }], peakRequestsPerSecond: 100 },
    ];
    const two = route('two', { rules, gateways: ['edge', 'other'], hostnames: ['x.example.com', 'y.example.com'] });
    const config = resolve(snapshot([two, route('silent', {})], [shop, service('pay', { a: 1 })]));
    expect(config.pools.map(({ service: name, load }) => [name, load])).toEqual([
      ['pay', 100],
      ['shop', 350],
    ]);
    expect(resolve(snapshot([route('silent', {})])).pools[0]).not.toHaveProperty('load');
  });

  it('gives the same result whatever the order of what it is given', () => {
    const routes = [
      route('r1', {}),
      route('r2', { hostnames: ['*.example.com'] }),
      route('r3', { hostnames: ['x.example.com'] }),
    ];
    const services = [shop, service('pay', { b: 1, a: 2 })];
    const expected = resolve(snapshot(routes, services));
    const shuffled = fc.tuple(
      fc.shuffledSubarray(routes, { minLength: 3 }),
      fc.shuffledSubarray(clusters, { minLength: 2 }),
    );
    fc.assert(
      fc.property(shuffled, ([someRoutes, someClusters]) => {
        expect(resolve({ clusters: someClusters, services, distributions: [], routes: someRoutes })).toEqual(expected);
      }),
    );
  });
});

describe('precedence', () => {
  const at = (
    hostname: string | undefined,
    match: Partial<Precedence['match']>,
    key = 'k',
    createdAt = '2026',
  ): Precedence => ({
    hostname,
    match: { path: { type: 'Prefix', value: '/' }, headers: [], queryParams: [], cookies: [], ...match },
    createdAt,
    key,
  });
  const header = { type: 'Exact' as const, name: 'x', value: '1' };

  it.each<[string, Precedence, Precedence]>([
    ['an exact host before a wildcard', at('x.example.com', {}), at('*.very.long.example.com', {})],
    ['a longer wildcard before a shorter', at('*.a.example.com', {}), at('*.example.com', {})],
    ['a wildcard before any host', at('*.com', {}), at(undefined, { path: { type: 'Exact', value: '/foo' } })],
    [
      'an exact path before a longer prefix',
      at('h', { path: { type: 'Exact', value: '/' } }),
      at('h', { path: { type: 'Prefix', value: '/foo' } }),
    ],
    [
      'a longer prefix before a shorter',
      at('h', { path: { type: 'Prefix', value: '/foo' } }),
      at('h', { path: { type: 'Prefix', value: '/f' } }),
    ],
    [
      'a longer path before more headers',
      at('h', { path: { type: 'Prefix', value: '/foo' } }),
      at('h', { headers: [header] }),
    ],
    ['a method before headers', at('h', { method: 'GET' }), at('h', { headers: [header, { ...header, name: 'y' }] })],
    [
      'headers before query parameters',
      at('h', { headers: [header] }),
      at('h', { queryParams: [{ ...header, name: 'q' }] }),
    ],
    ['the older route', at('h', {}, 'z', '2025'), at('h', {}, 'a', '2026')],
    ['the key at last', at('h', {}, 'a'), at('h', {}, 'b')],
  ])('puts %s', (_, first, second) => {
    expect(comparePrecedence(first, second)).toBeLessThan(0);
    expect(comparePrecedence(second, first)).toBeGreaterThan(0);
  });

  it('is a strict total order', () => {
    const precedence = fc.record({
      hostname: fc.constantFrom(undefined, 'a.example.com', '*.example.com', '*.a.example.com'),
      match: fc.record({
        path: fc.record({
          type: fc.constantFrom('Exact' as const, 'Prefix' as const),
          value: fc.constantFrom('/', '/a', '/a/', '/b'),
        }),
        method: fc.constantFrom(undefined, 'GET' as const),
        headers: fc.constantFrom<Precedence['match']['headers']>([], [header]),
        queryParams: fc.constantFrom<Precedence['match']['queryParams']>([], [header]),
        cookies: fc.constantFrom<Precedence['match']['cookies']>([], [{ name: 'c', value: '1' }]),
      }),
      createdAt: fc.constantFrom('2025', '2026'),
      key: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(precedence, precedence, precedence, (a, b, c) => {
        expect(Math.sign(comparePrecedence(a, b)) + Math.sign(comparePrecedence(b, a))).toBe(0);
        if (comparePrecedence(a, b) < 0 && comparePrecedence(b, c) < 0) expect(comparePrecedence(a, c)).toBeLessThan(0);
      }),
    );
  });
});
