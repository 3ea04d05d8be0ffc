import { expect, test } from 'vitest';
import type * as z from 'zod';
import type { Rule } from '../../../functions/core/model/ir.ts';
import { conditionsFor, conditionsOf } from '../../../functions/providers/alb/compile/conditions.ts';
import { actionsOf } from '../../../functions/providers/alb/compile/filters.ts';
import type { RouteFilter } from '../../../schemas/filter.ts';
import { filters, rule } from './harness.ts';

type Declared = z.input<typeof RouteFilter>;

const actions = (one: Rule) => actionsOf(one, (pool) => `pool/${pool}`);
const withFilters = (path: string, ...declared: Declared[]) =>
  rule(path, { p: 100 }, { filters: filters(...declared) });
const FORWARD = {
  Type: 'ForwardGroup',
  ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroup: 'pool/p', Weight: 100 }] },
};
const kept = { Host: `\${host}`, Path: `\${path}`, Port: `\${port}`, Protocol: `\${protocol}`, Query: `\${query}` };
const remove = (Key: string) => ({ Type: 'RemoveHeader', RemoveHeaderConfig: { Key } });
const insert = (Key: string, Value: string) => ({
  Type: 'InsertHeader',
  InsertHeaderConfig: { Key, Value, ValueType: 'UserDefined' },
});

test.each<[string, Declared, object[]]>([
  [
    'a header that is set is removed first: then there is nothing that might not be overwritten',
    { type: 'RequestHeaderModifier', set: [{ name: 'X-Env', value: 'prod' }], remove: ['X-Debug'] },
    [remove('x-debug'), remove('x-env'), insert('x-env', 'prod')],
  ],
  [
    'a header that is both removed and set is removed once',
    { type: 'RequestHeaderModifier', set: [{ name: 'X-Env', value: 'prod' }], remove: ['x-env'] },
    [remove('x-env'), insert('x-env', 'prod')],
  ],
  [
    'a rewrite of the host leaves the path',
    { type: 'URLRewrite', hostname: 'in.example.com' },
    [{ Type: 'Rewrite', RewriteConfig: { Host: 'in.example.com', Path: kept.Path, Query: kept.Query } }],
  ],
  [
    'CORS',
    {
      type: 'CORS',
      allowOrigins: ['https://b.example.com', 'https://a.example.com'],
      allowMethods: ['PUT', 'GET'],
      allowHeaders: ['X-B', 'X-A'],
      allowCredentials: true,
    },
    [
      {
        Type: 'Cors',
        CorsConfig: {
          AllowOrigin: ['https://a.example.com', 'https://b.example.com'],
          AllowMethods: ['GET', 'PUT'],
          AllowHeaders: ['x-a', 'x-b'],
          ExposeHeaders: [],
          AllowCredentials: 'on',
          MaxAge: 3600,
        },
      },
    ],
  ],
  [
    'a rate limit',
    { type: 'RateLimit', requestsPerSecond: 50 },
    [{ Type: 'TrafficLimit', TrafficLimitConfig: { QPS: 50 } }],
  ],
])('%s', (_name, filter, expected) => {
  expect(actions(withFilters('/a', filter))).toEqual([...expected, FORWARD]);
});

test('a mirror forwards a copy to the group of its pool', () => {
  expect(actions(rule('/a', { p: 100 }, { mirror: 'm' }))).toEqual([
    {
      Type: 'TrafficMirror',
      TrafficMirrorConfig: {
        TargetType: 'ForwardGroupMirror',
        MirrorGroupConfig: { ServerGroupTuples: [{ ServerGroup: 'pool/m' }] },
      },
    },
    FORWARD,
  ]);
});

test.each<[string, Declared, object]>([
  [
    'scheme: the port that is usual for it',
    { type: 'RequestRedirect', scheme: 'https', statusCode: 301 },
    { ...kept, HttpCode: '301', Protocol: 'HTTPS', Port: '443' },
  ],
  [
    'scheme and port',
    { type: 'RequestRedirect', scheme: 'https', port: 8443 },
    { ...kept, HttpCode: '302', Protocol: 'HTTPS', Port: '8443' },
  ],
  [
    'host',
    { type: 'RequestRedirect', hostname: 'new.example.com', statusCode: 308 },
    { ...kept, HttpCode: '308', Host: 'new.example.com' },
  ],
  [
    'whole path',
    { type: 'RequestRedirect', path: { type: 'ReplaceFullPath', value: '/b' } },
    { ...kept, HttpCode: '302', Path: '/b' },
  ],
  [
    'prefix',
    { type: 'RequestRedirect', path: { type: 'ReplacePrefixMatch', value: '/b' } },
    { ...kept, HttpCode: '302', Path: `/b\${1}\${2}` },
  ],
])('a redirect of the %s keeps the rest, and nothing is forwarded', (_name, filter, RedirectConfig) => {
  expect(actions(rule('/a', {}, { filters: filters(filter) }))).toEqual([{ Type: 'Redirect', RedirectConfig }]);
});

test.each([
  ['gone', { HttpCode: '410', Content: 'gone', ContentType: 'text/plain' }],
  ['', { HttpCode: '410', Content: undefined, ContentType: 'text/plain' }],
])('a direct response with the body %j', (body, FixedResponseConfig) => {
  const answered = rule('/a', {}, { filters: filters({ type: 'DirectResponse', statusCode: 410, body }) });
  expect(actions(answered)).toEqual([{ Type: 'FixedResponse', FixedResponseConfig }]);
});

/** Rewrites a path as ALB does: the first value that matches fills in the template. */
function rewritten(one: Rule, path: string): string | undefined {
  const [value] = conditionsFor(one).flatMap((condition) => condition.PathConfig?.Values ?? []);
  const template = actions(one).flatMap((action) => action.RewriteConfig?.Path ?? [])[0] ?? kept.Path;
  if (value === undefined || !value.startsWith('~')) return template.replace(kept.Path, path);
  const found = new RegExp(value.slice(1)).exec(path);
  return found ? template.replace(/\$\{(\d)\}/g, (_, index) => found[Number(index)] ?? '') : undefined;
}

test.each([
  ['/foo', '/bar', '/foo', '/bar'],
  ['/foo', '/bar', '/foo/', '/bar/'],
  ['/foo', '/bar', '/foo/x/y', '/bar/x/y'],
  ['/foo', '/bar', '/foobar', undefined],
  ['/foo', '/bar', '/a/foo', undefined],
  ['/foo', '/', '/foo', '/'],
  ['/foo', '/', '/foo/x', '/x'],
  ['/foo/', '/bar/', '/foo/x', '/bar/x'],
  ['/', '/bar', '/x', '/bar/x'],
  ['/', '/', '/x', '/x'],
  ['/v1.0', '/v2', '/v1.0/x', '/v2/x'],
  ['/v1.0', '/v2', '/v1x0/x', undefined],
  ['/a$b+c', '/d', '/a$b+c/x', '/d/x'],
])('prefix %s replaced by %s: %s becomes %s', (prefix, value, path, expected) => {
  const replaced = withFilters(prefix, { type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value } });
  expect(rewritten(replaced, path)).toBe(expected);
});

test('to replace a prefix changes how the rule says what it matches, and not what it is', () => {
  const replaced = withFilters('/foo', { type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value: '/bar' } });
  expect(conditionsOf(replaced)).toEqual(conditionsOf(withFilters('/foo')));
  expect(conditionsFor(replaced)).toContainEqual({ Type: 'Path', PathConfig: { Values: ['~^/foo(/|$)(.*)'] } });
});

test('what replaces a prefix that every path has by itself is no action', () => {
  const idle = withFilters('/', { type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value: '/' } });
  expect(actions(idle)).toEqual([FORWARD]);
});

test('whatever the order of declaration, refusals come first, the copy is what the backend gets, the final action is last', () => {
  const declared: Declared[] = [
    { type: 'URLRewrite', hostname: 'in.example.com' },
    { type: 'RequestHeaderModifier', remove: ['x-debug'] },
    { type: 'CORS', allowOrigins: ['*'], allowMethods: ['GET'] },
    { type: 'RateLimit', requestsPerSecond: 1 },
  ];
  const types = (list: Declared[]) =>
    actions(rule('/a', { p: 100 }, { filters: filters(...list), mirror: 'm' })).map((action) => action.Type);
  const order = ['TrafficLimit', 'Cors', 'RemoveHeader', 'Rewrite', 'TrafficMirror', 'ForwardGroup'];
  expect(types(declared)).toEqual(order);
  expect(types(declared.toReversed())).toEqual(order);
});
