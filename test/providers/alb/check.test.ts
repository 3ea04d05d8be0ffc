import { describe, expect, test } from 'vitest';
import { FEATURES, type Feature, featuresOf } from '../../../functions/core/routing/features.ts';
import { alb } from '../../../functions/providers/alb/index.ts';
import { RouteInput } from '../../../schemas/route.ts';

const backendRefs = [{ service: 'shop', port: 80 }];
const route = (match: object, more: object = {}) =>
  RouteInput.parse({
    gateways: ['edge'],
    hostnames: ['shop.example.com'],
    rules: [{ matches: [{}, match], backendRefs, ...more }],
  });
const filtered = (...filters: object[]) => route({}, { filters });
const answered = (...filters: object[]) => route({}, { filters, backendRefs: [] });
const pairs = (count: number, prefix = 'n') =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}`, value: 'v' }));
const replacePrefix = { type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value: '/b' } };
const cors = (...allowOrigins: string[]) => ({ type: 'CORS', allowOrigins, allowMethods: ['GET'] });
const setHeaders = (...set: object[]) => ({ type: 'RequestHeaderModifier', set });

describe('check', () => {
  test.each([
    ['nothing special', route({ path: { type: 'Prefix', value: '/a' }, headers: pairs(7) })],
    ['a path of the greatest length', route({ path: { type: 'Prefix', value: `/${'a'.repeat(119)}` } })],
    ['every character of a path', route({ path: { type: 'Exact', value: '/aZ9$-_.+/&~@:' } })],
    ['a pattern', route({ path: { type: 'RegularExpression', value: '^/v[0-9]+/(a|b)?$' } })],
    ['cookies', route({ cookies: pairs(8) })],
    [
      'a prefix that is replaced takes one value',
      route({ path: { value: '/a', type: 'Prefix' }, headers: pairs(8) }, { filters: [replacePrefix] }),
    ],
    ['five actions', filtered(setHeaders(...pairs(2)))],
    ['an origin with a port', filtered(cors('https://a.example.com:8443', 'http://b.example.com'))],
    ['every origin', filtered(cors('*'))],
    ['a redirect', answered({ type: 'RequestRedirect', scheme: 'https', hostname: 'a.example.com', port: 63_335 })],
    ['an answer', answered({ type: 'DirectResponse', statusCode: 503, body: 'x'.repeat(1000) })],
  ])('%s is fine', (_name, spec) => {
    expect(alb.check(spec)).toEqual([]);
  });

  const at = (place: string) => `#/rules/0/matches/1${place}`;
  const filter = (place: string) => `#/rules/0/filters/0${place}`;

  test.each([
    ['an escape in a pattern', route({ path: { type: 'RegularExpression', value: '^/a\\d$' } }), at('/path/value')],
    ['an encoded path', route({ path: { type: 'Exact', value: '/a%20b' } }), at('/path/value')],
    [
      'a prefix that is replaced, with a character that patterns lack',
      route({ path: { type: 'Prefix', value: '/a@b' } }, { filters: [replacePrefix] }),
      at('/path/value'),
    ],
    [
      'a prefix that is replaced and too long for a pattern',
      route({ path: { type: 'Prefix', value: `/${'a'.repeat(119)}` } }, { filters: [replacePrefix] }),
      at('/path/value'),
    ],
    ['11 match values', route({ path: { type: 'Prefix', value: '/a' }, headers: pairs(8) }), at('')],
    ['11 match values with cookies', route({ headers: pairs(8), cookies: pairs(2) }), at('')],
    ['capitals in a query', route({ queryParams: [{ name: 'Id', value: '1' }] }), at('/queryParams/0/name')],
    ['a space in a query', route({ queryParams: [{ name: 'a', value: 'b c' }] }), at('/queryParams/0/value')],
    ['capitals in a cookie', route({ cookies: [{ name: 'Id', value: '1' }] }), at('/cookies/0/name')],
    ['a semicolon in a cookie', route({ cookies: [{ name: 'a', value: 'b;c' }] }), at('/cookies/0/value')],
    [
      'six actions',
      filtered(setHeaders(...pairs(2)), { type: 'RateLimit', requestsPerSecond: 1 }),
      '#/rules/0/filters',
    ],
    ['a reserved header', filtered(setHeaders({ name: 'Host', value: 'a' })), filter('/set/0/name')],
    ['a header name of 41', filtered({ type: 'RequestHeaderModifier', remove: ['x'.repeat(41)] }), filter('/remove/0')],
    ['a quotation mark', filtered(setHeaders({ name: 'a', value: '"' })), filter('/set/0/value')],
    [
      'a header set twice',
      filtered(setHeaders({ name: 'a', value: '1' }, { name: 'A', value: '2' })),
      filter('/set/1/name'),
    ],
    ['a short host', filtered({ type: 'URLRewrite', hostname: 'shop' }), filter('/hostname')],
    [
      'a rewrite of what is not forwarded',
      answered({ type: 'URLRewrite', hostname: 'a.example.com' }, { type: 'DirectResponse', statusCode: 503 }),
      filter(''),
    ],
    ['a redirect to HTTP', answered({ type: 'RequestRedirect', scheme: 'http' }), filter('/scheme')],
    ['a redirect to a high port', answered({ type: 'RequestRedirect', port: 63_336 }), filter('/port')],
    ['a redirect to a short host', answered({ type: 'RequestRedirect', hostname: 'shop' }), filter('/hostname')],
    [
      'a redirect that leads to itself',
      answered({ type: 'RequestRedirect', path: { type: 'ReplacePrefixMatch', value: '/' } }),
      filter('/path'),
    ],
    ['every origin and another', filtered(cors('*', 'https://a.example.com')), filter('/allowOrigins')],
    ['an origin without a domain', filtered(cors('http://localhost:3000')), filter('/allowOrigins/0')],
  ])('%s is refused where it stands', (_name, spec, pointer) => {
    expect(alb.check(spec)).toMatchObject([{ pointer, code: 'unsupported-feature', reason: expect.any(String) }]);
  });

  test.each(['localhost', 'shop.cluster1'])('host name %s is refused', (hostname) => {
    expect(alb.check({ ...route({}), hostnames: [hostname] })).toMatchObject([{ pointer: '#/hostnames/0' }]);
  });
});

describe('capabilities', () => {
  test('every feature is either carried or has a reason', () => {
    expect(Object.keys(alb.capabilities).sort()).toEqual(Object.keys(FEATURES).sort());
    for (const answer of Object.values(alb.capabilities)) expect(answer === true || answer.text.length > 10).toBe(true);
  });

  test.each<[Feature, ReturnType<typeof route>]>([
    ['header.RegularExpression', route({ headers: [{ type: 'RegularExpression', name: 'a', value: '^b$' }] })],
    ['query.RegularExpression', route({ queryParams: [{ type: 'RegularExpression', name: 'a', value: '^b$' }] })],
    ['filter.RequestHeaderModifier.add', filtered({ type: 'RequestHeaderModifier', add: pairs(1) })],
    ['filter.ResponseHeaderModifier', filtered({ type: 'ResponseHeaderModifier', set: pairs(1) })],
    ['timeout', route({}, { timeouts: { requestSeconds: 5 } })],
    ['retry', route({}, { retry: { attempts: 2 } })],
    ['fallback', route({}, { fallback: { service: 'shop', port: 81 } })],
  ])('%s is refused with a reason', (feature, spec) => {
    const refused = featuresOf(spec).filter((use) => alb.capabilities[use.feature] !== true);
    expect(refused.map((use) => use.feature)).toEqual([feature]);
  });

  test('ALB takes our order', () => {
    expect(alb.checkOrder([], () => true)).toEqual([]);
  });
});
