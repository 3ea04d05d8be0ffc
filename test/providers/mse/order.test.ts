import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Rule } from '../../../functions/core/model/ir.ts';
import { comparePrecedence } from '../../../functions/core/routing/precedence.ts';
import { checkOrder } from '../../../functions/providers/mse/observe/order.ts';
import { selectRoute } from '../../../infra/local/cloud/mse/data-plane/matcher.ts';
import type { Domain, Gateway, Predicates, Route } from '../../../infra/local/cloud/mse/model.ts';
import { compiled, isRoute, member, pool, rule } from './harness.ts';

const exact = (value: string, more: object = {}) => ({ path: { type: 'Exact', value }, ...more });
const prefix = (value: string, more: object = {}) => ({ path: { type: 'Prefix', value }, ...more });
const regex = (value: string, more: object = {}) => ({ path: { type: 'RegularExpression', value }, ...more });
const header = (name: string, value = '1') => ({ headers: [{ name, value }] });
const query = (name: string) => ({ queryParams: [{ name, value: '1' }] });

type Place = Pick<Rule, 'key' | 'hostname' | 'match'>;

/** Rules in our order; of equal rules the one that is given first is the oldest. */
function inOrder(matches: readonly object[], hostnames: (string | undefined)[] = []): Rule[] {
  return matches
    .map((match, index) => ({ ...rule(match, {}), key: `r${index}/0/0/*`, hostname: hostnames[index] }))
    .sort((a, b) => comparePrecedence({ ...a, createdAt: a.key }, { ...b, createdAt: b.key }));
}

const refused = (...matches: object[]) => checkOrder(inOrder(matches)).map((disorder) => disorder.reason);

describe('rules that MSE would order otherwise are refused', () => {
  test.each([
    ['a method against a header', prefix('/a', { method: 'GET' }), prefix('/a', header('x'))],
    ['a method against none', prefix('/a', { method: 'GET' }), prefix('/a')],
    ['two headers that are not the same', prefix('/a', header('x')), prefix('/a', header('y'))],
    ['two parameters that are not the same', exact('/a', query('x')), exact('/a', query('y'))],
    ['expressions of one length', regex('^/a.*$'), regex('^/.*a$')],
    [
      'an exact path with a header against the prefix with two',
      exact('/a', header('x')),
      prefix('/a', { headers: [...header('y').headers, ...header('z').headers] }),
    ],
    ['an exact path with a method against the prefix', exact('/a', { method: 'GET' }), prefix('/a')],
  ])('%s', (_, first, second) => {
    const [detail, ...others] = refused(first, second);
    expect(others).toEqual([]);
    expect(detail).toContain('r0/0/0/*');
    expect(detail).toContain('r1/0/0/*');
  });

  test('and both are told, ours first', () => {
    expect(checkOrder(inOrder([prefix('/a', { method: 'GET' }), prefix('/a')]))).toMatchObject([
      { first: { key: 'r0/0/0/*' }, second: { key: 'r1/0/0/*' } },
    ]);
  });
});

test.each([
  ['other methods', prefix('/a', { method: 'GET' }), prefix('/a', { method: 'POST' })],
  ['other values of one header', prefix('/a', header('x', '1')), prefix('/a', header('X', '2'))],
  ['more conditions', prefix('/a', { ...header('x'), ...query('y') }), prefix('/a', header('z'))],
  ['other paths', exact('/a', { method: 'GET' }), exact('/b', header('x'))],
  ['other segments', prefix('/a', { method: 'GET' }), prefix('/ab', header('x'))],
  ['expressions that begin otherwise', regex('^/a/.*$'), regex('^/b/.*$')],
  ['an exact path against the same prefix', exact('/a'), prefix('/a', header('x'))],
])('%s tell rules apart', (_, first, second) => {
  expect(refused(first, second)).toEqual([]);
});

// ------------------------------------------------------------------------------------------- against the data plane

const MATCH = fc.record(
  {
    path: fc.constantFrom(
      ...['/', '/a', '/a/b', '/ab'].map((value) => ({ type: 'Prefix', value })),
      ...['/', '/a', '/a/b'].map((value) => ({ type: 'Exact', value })),
      ...['^/a.*$', '^/[a-z]+$', '^/.*b$'].map((value) => ({ type: 'RegularExpression', value })),
    ),
    method: fc.constantFrom('GET', 'POST'),
    headers: fc.subarray([
      { name: 'X', value: '1' },
      { name: 'Y', value: '1' },
    ]),
    queryParams: fc.subarray([{ name: 'q', value: '1' }]),
  },
  { requiredKeys: ['path'] },
);
const HOST = fc.constantFrom(undefined, '*.example.com', 'a.example.com', 'b.example.com');
const RULES = fc.array(fc.tuple(MATCH, HOST), { minLength: 1, maxLength: 6 });
const REQUEST = fc.record({
  host: fc.constantFrom('a.example.com', 'b.example.com', 'c.example.com', 'else.org'),
  path: fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/bc', '/ab', '/abc'),
  method: fc.constantFrom('GET', 'POST'),
  headers: fc.subarray(['X', 'Y']),
  query: fc.constantFrom('', 'q=1'),
});
type Request = typeof REQUEST extends fc.Arbitrary<infer T> ? T : never;

/** Evaluates a rule in the plainest possible way. */
function matches({ hostname, match }: Place, request: Request): boolean {
  const { type, value } = match.path;
  const base = value.replace(/\/$/, '');
  const paths = {
    Exact: request.path === value,
    Prefix: request.path === base || request.path.startsWith(`${base}/`),
    RegularExpression: new RegExp(value).test(request.path),
  };
  return (
    (hostname === undefined ||
      hostname === request.host ||
      (hostname.startsWith('*') && request.host !== 'else.org')) &&
    paths[type] &&
    (match.method ?? request.method) === request.method &&
    match.headers.every(({ name }) => request.headers.includes(name)) &&
    (match.queryParams.length === 0 || request.query === 'q=1')
  );
}

/** The gateway that the compiled routes make; ids, and so ages, run against our order. */
function gatewayOf(rules: readonly Rule[]): Gateway {
  const config = { rules: [...rules], pools: rules.map((one) => pool(one.key, [member('cd', [1])])) };
  const objects = compiled(config);
  const domains = new Map<number, Domain>();
  const ids = new Map<string, number>();
  for (const { key } of objects.filter((object) => object.kind === 'Domain')) {
    const Id = domains.size + 1;
    ids.set(key, Id);
    domains.set(Id, { Id, Name: key, Protocol: 'HTTP', MustHttps: false, Type: 'Op', Status: 3 });
  }
  const routes = new Map<number, Route>();
  const specs = objects.filter(isRoute).map(({ spec }) => spec);
  specs.reverse().forEach((spec, Id) => {
    const published = {
      DomainIds: spec.Domains.map((name) => ids.get(name) ?? 0),
      Predicates: spec.Predicates as Predicates,
      DestinationType: 'Mock' as const,
      Services: [],
      Fallback: false,
      FallbackServices: [],
      DirectResponse: spec.DirectResponse ?? { Code: 0, Body: '' },
    };
    const GmtCreate = '';
    routes.set(Id, {
      ...{ Id, Name: '', Type: 'Op', Status: 3, RouteOrder: 0, GmtCreate, GmtModified: GmtCreate },
      config: published,
      policies: {},
      published,
    });
  });
  return { domains, routes } as Gateway;
}

test('rules that pass serve the requests that they serve by our order', () => {
  const property = fc.property(RULES, fc.array(REQUEST, { minLength: 20, maxLength: 20 }), (places, requests) => {
    const answered = inOrder(
      places.map(([match]) => match),
      places.map(([, host]) => host),
    ).map((one) => ({
      ...one,
      filters: [{ type: 'DirectResponse' as const, statusCode: 200, body: one.key }],
    }));
    fc.pre(checkOrder(answered).length === 0);
    const gateway = gatewayOf(answered);
    for (const { headers, ...request } of requests) {
      const expected = answered.find((one) => matches(one, { headers, ...request }))?.key;
      const pairs = headers.map((name): [string, string] => [name.toLowerCase(), '1']);
      const found = selectRoute(gateway, { ...request, headers: pairs, protocol: 'http' } as never);
      expect(found?.config.DirectResponse?.Body).toBe(expected);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
