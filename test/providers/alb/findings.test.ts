import { describe, expect, test } from 'vitest';
import type { GatewayConfig, Rule } from '../../../functions/core/model/ir.ts';
import { alb as provider } from '../../../functions/providers/alb/index.ts';
import type { Facts } from '../../../functions/providers/alb/observe/facts.ts';
import { RouteMatch } from '../../../schemas/route.ts';
import { filters, member, pool, rule } from './harness.ts';

/** A finding names the rules and pools that it is about, so that everything else can go on. */

const octets = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const HTTP = { id: 'lsn-1', port: 80, protocol: 'HTTP' };
const HTTPS = { id: 'lsn-2', port: 443, protocol: 'HTTPS' };
const QUIC = { id: 'lsn-3', port: 443, protocol: 'QUIC' };
const at = (more: Partial<Facts>): Facts => ({
  provider: 'alb',
  vpcId: 'vpc-1',
  edition: 'Standard',
  listenerCount: 1,
  listeners: [HTTP],
  otherRules: [],
  ...more,
});
/** Finds faults in facts that have been stored as JSON and read back. */
const find = (config: GatewayConfig, more: Partial<Facts> = {}) =>
  provider.findings(config, JSON.parse(JSON.stringify(at(more))));
const routes = (count: number, pools: Record<string, number>): Rule[] =>
  octets(count).map((index) => rule(`/r${index}`, pools, { key: `r${index}` }));

describe('a quota', () => {
  const P = pool('p', [member('cd', [1])]);

  test.each([
    [70, 1, 40, 30],
    [30, 2, 40, 10],
  ])(
    'of rules: of %i rules at %i listeners of 40, %i rules in all, %i stay out',
    (count, listenerCount, allowed, excess) => {
      const found = find({ pools: [P], rules: routes(count, { p: 100 }) }, { edition: 'Basic', listenerCount });
      expect(found).toMatchObject([{ code: 'quota-exceeded', rules: [], pools: [], excess }]);
      expect(found[0]?.detail).toContain(`${count * listenerCount} used, ${allowed} allowed. 2 gateways`);
    },
  );

  test('of servers names the pools that use most of it', () => {
    const pools = [pool('big', [member('cd', octets(30))]), pool('mid', [member('cd', octets(20, 40))]), P];
    const rules = ['big', 'mid', 'p'].flatMap((key) =>
      routes(25, { [key]: 100 }).map((one) => ({ ...one, hostname: `${key}.example.com` })),
    );
    expect(find({ pools, rules })).toMatchObject([{ code: 'quota-exceeded', rules: [], pools: ['big'] }]);
  });

  test('of one rule names it', () => {
    const pools = octets(6).map((index) => pool(`p${index}`, [member('cd', [index])]));
    const backends = Object.fromEntries(pools.map((one) => [one.key, 16]));
    const rules = [...routes(1, backends), rule('/other', { p0: 100 })];
    expect(find({ pools, rules })).toMatchObject([{ code: 'quota-exceeded', rules: ['r0'], pools: [] }]);
  });

  test('of an edition names the rule that needs more', () => {
    const rules = [rule('/a', { p: 100 }, { key: 'a', filters: filters({ type: 'RateLimit', requestsPerSecond: 1 }) })];
    expect(find({ pools: [P], rules }, { edition: 'Basic' })).toMatchObject([
      { code: 'unsupported-feature', rules: ['a'], pools: [] },
    ]);
  });
});

test('a gateway that was never seen is taken to be empty', () => {
  const config = { pools: [pool('p', [member('cd', [1])])], rules: routes(101, { p: 100 }) };
  expect(provider.findings(config, undefined)).toMatchObject([{ code: 'quota-exceeded', excess: 1 }]);
});

test('equal addresses of two clusters name the pool, both clusters and the address', () => {
  const shared = pool('p', [member('cd', [1, 2]), member('sh', [2])]);
  const found = find({ pools: [pool('other', [member('cd', [2])]), shared], rules: [] });
  expect(found).toMatchObject([{ code: 'conflicting-declaration', rules: [], pools: ['p'] }]);
  for (const word of ['cd', 'sh', '10.0.0.2:80']) expect(found[0]?.detail).toContain(word);
});

test.each([
  [[HTTP], true],
  [[HTTP, QUIC], true],
  [[HTTP, HTTPS], false],
  [[], false],
])('gRPC at the listeners %j is a finding: %s', (listeners, isFound) => {
  const grpc = pool('p', [member('cd', [1])], { protocol: 'gRPC' });
  const found = find({ pools: [grpc, pool('q', [member('cd', [2])])], rules: [] }, { listeners });
  expect(found.map(({ code, pools }) => ({ code, pools }))).toEqual(
    isFound ? [{ code: 'unsupported-feature', pools: ['p'] }] : [],
  );
});

describe('a redirect', () => {
  type Redirect = Extract<Parameters<typeof filters>[0], { type: 'RequestRedirect' }>;
  const redirect = (parts: Omit<Redirect, 'type'>, more: Partial<Rule> = {}): Rule =>
    rule('/a', {}, { key: 'a', backends: [], filters: filters({ type: 'RequestRedirect', ...parts }), ...more });
  const found = (one: Rule, listeners = [HTTP, HTTPS]) => find({ pools: [], rules: [one] }, { listeners });
  const exact = RouteMatch.parse({ path: { type: 'Exact', value: '/a' } });
  const post = RouteMatch.parse({ path: { type: 'Prefix', value: '/a' }, method: 'POST' });

  test.each<[string, Rule]>([
    ['to https at an HTTPS listener', redirect({ scheme: 'https' })],
    ['to the port that it came to', redirect({ port: 443 })],
    ['to its own host', redirect({ scheme: 'https', hostname: 'shop.example.com' })],
    ['of a path to itself', redirect({ path: { type: 'ReplaceFullPath', value: '/a' } }, { match: exact })],
    ['of a prefix to itself', redirect({ path: { type: 'ReplacePrefixMatch', value: '/a/' } })],
    ['of a POST that is repeated', redirect({ scheme: 'https', statusCode: 308 }, { match: post })],
  ])('%s leads to itself', (_, one) => {
    expect(found(one)).toMatchObject([{ code: 'redirect-loop', rules: ['a'], pools: [] }]);
  });

  test.each<[string, Rule, Facts['listeners']]>([
    ['to https at an HTTP listener', redirect({ scheme: 'https' }), [HTTP]],
    ['to https at another port', redirect({ scheme: 'https' }), [{ ...HTTPS, port: 8443 }]],
    ['to another host', redirect({ scheme: 'https', hostname: 'www.example.com' }), [HTTPS]],
    ['to another path', redirect({ path: { type: 'ReplaceFullPath', value: '/b' } }), [HTTPS]],
    [
      'to a path within its prefix, which another rule may take',
      redirect({ path: { type: 'ReplaceFullPath', value: '/a/b' } }),
      [HTTPS],
    ],
    ['of a POST that becomes a GET', redirect({ scheme: 'https', statusCode: 303 }, { match: post }), [HTTPS]],
    [
      'of any host to one',
      redirect({ scheme: 'https', hostname: 'www.example.com' }, { hostname: undefined }),
      [HTTPS],
    ],
  ])('%s does not', (_, one, listeners) => {
    expect(found(one, listeners)).toEqual([]);
  });

  test('names the listeners', () => {
    expect(found(redirect({ scheme: 'https' }))[0]?.detail).toContain('the listener of port 443');
  });
});
