import { describe, expect, test } from 'vitest';
import { check } from '../../../functions/providers/alb/check.ts';
import { RouteInput } from '../../../schemas/route.ts';

const backendRefs = [{ service: 'shop', port: 80 }];
const route = (match: object, more: object = {}) =>
  RouteInput.parse({
    gateways: ['edge'],
    hostnames: ['shop.example.com'],
    rules: [{ matches: [{}, match], backendRefs, ...more }],
  });
const pairs = (count: number, prefix = 'n') =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index}`, value: 'v' }));

describe('check', () => {
  test.each([
    ['nothing special', route({ path: { type: 'Prefix', value: '/a' }, headers: pairs(7) })],
    ['a path of the greatest length', route({ path: { type: 'Prefix', value: `/${'a'.repeat(125)}` } })],
    ['every character of a path', route({ path: { type: 'Exact', value: '/aZ9$-_.+/&~@:' } })],
  ])('%s is fine', (_name, spec) => {
    expect(check(spec)).toEqual([]);
  });

  test.each([
    [
      'a regular expression',
      route({ path: { type: 'RegularExpression', value: '/a.*' } }),
      '#/rules/0/matches/1/path/type',
    ],
    ['an encoded path', route({ path: { type: 'Exact', value: '/a%20b' } }), '#/rules/0/matches/1/path/value'],
    ['11 match values', route({ path: { type: 'Prefix', value: '/a' }, headers: pairs(8) }), '#/rules/0/matches/1'],
    ['a filter', route({}, { filters: [{ type: 'URLRewrite' }] }), '#/rules/0/filters/0'],
    [
      'capitals in a query',
      route({ queryParams: [{ name: 'Id', value: '1' }] }),
      '#/rules/0/matches/1/queryParams/0/name',
    ],
    [
      'a space in a query',
      route({ queryParams: [{ name: 'a', value: 'b c' }] }),
      '#/rules/0/matches/1/queryParams/0/value',
    ],
  ])('%s is refused where it stands', (_name, spec, pointer) => {
    expect(check(spec)).toEqual([{ pointer, code: 'unsupported-feature', detail: expect.any(String) }]);
  });

  test.each(['localhost', 'shop.cluster1'])('host name %s is refused', (hostname) => {
    expect(check({ ...route({}), hostnames: [hostname] })).toMatchObject([{ pointer: '#/hostnames/0' }]);
  });
});
