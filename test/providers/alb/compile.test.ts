import { describe, expect, test } from 'vitest';
import { effectiveShares } from '../../../functions/core/allocation/points.ts';
import { NO_TRAFFIC } from '../../../functions/core/failover/traffic.ts';
import type { GatewayConfig, Pool, Rule, Share } from '../../../functions/core/model/ir.ts';
import { groupsOf } from '../../../functions/providers/alb/actions.ts';
import { type AlbObject, isGroup, isRule } from '../../../functions/providers/alb/compile/canonical.ts';
import { compile } from '../../../functions/providers/alb/compile/compile.ts';
import { resourceName, tagValue } from '../../../functions/providers/alb/compile/marks.ts';
import type { Facts } from '../../../functions/providers/alb/observe/facts.ts';
import { matchGroups } from '../../../functions/providers/alb/observe/match.ts';
import { AlbTarget } from '../../../schemas/gateway.ts';
import { RouteMatch } from '../../../schemas/route.ts';
import { HealthCheck } from '../../../schemas/service.ts';
import { member, pool, rule } from './harness.ts';

const target = AlbTarget.parse({
  provider: 'alb',
  regionId: 'cn-hangzhou',
  loadBalancerId: 'alb-1',
  listenerIds: ['lsn-1', 'lsn-2'],
});
const SHOP = pool('shop-80-0a1b', [member('cd', [1], { weight: 40 }), member('sh', [2], { weight: 60 })]);
const OTHER = pool('other', [member('cd', [9])]);
const FOREIGN = { id: 'rule-1', name: 'theirs', listenerId: 'lsn-2', priority: 10, conditions: [], isForeign: true };
const facts: Facts = {
  provider: 'alb',
  vpcId: 'vpc-1',
  edition: 'Standard',
  listenerCount: 2,
  listeners: [],
  otherRules: [FOREIGN],
};

function compiled(config: Partial<GatewayConfig>, options: { shares?: Share[]; objects?: AlbObject[] } = {}) {
  const whole = { rules: [], pools: [SHOP], ...config };
  const shares = new Map(whole.pools.map((one: Pool) => [one.key, options.shares ?? effectiveShares(one, NO_TRAFFIC)]));
  const observed = { objects: options.objects ?? [], foreign: [], facts };
  return compile(matchGroups(whole, observed, { target }), shares, observed, { target });
}

const groupsIn = (...given: Parameters<typeof compiled>) => compiled(...given).filter(isGroup);
const rulesIn = (...given: Parameters<typeof compiled>) => compiled(...given).filter(isRule);

const conditionsOf = (more: Partial<Rule> & { path?: string }) =>
  rulesIn({ rules: [rule(more.path ?? '/', { [SHOP.key]: 100 }, more)] })[0]?.spec.RuleConditions;

describe('server groups', () => {
  test('a pool becomes a group with the servers of all its clusters, explicit weights and the whole health check', () => {
    expect(compiled({})).toEqual([
      {
        kind: 'ServerGroup',
        key: 'pool/shop-80-0a1b',
        pool: 'shop-80-0a1b',
        rank: 0,
        shares: [
          { cluster: 'cd', percent: 40 },
          { cluster: 'sh', percent: 60 },
        ],
        spec: {
          ServerGroupName: 'fairlead-shop-80-0a1b',
          ServerGroupType: 'Ip',
          VpcId: 'vpc-1',
          Protocol: 'HTTP',
          Scheduler: 'Wrr',
          HealthCheckConfig: {
            HealthCheckEnabled: true,
            HealthCheckProtocol: 'HTTP',
            HealthCheckConnectPort: 0,
            HealthCheckInterval: 2,
            HealthCheckTimeout: 2,
            HealthyThreshold: 2,
            UnhealthyThreshold: 2,
            HealthCheckPath: '/healthz',
            HealthCheckMethod: 'HEAD',
            HealthCheckHttpVersion: 'HTTP1.1',
            HealthCheckCodes: ['http_2xx', 'http_3xx'],
          },
          StickySessionConfig: { StickySessionEnabled: false },
          Servers: [
            { ServerId: '10.0.0.1', Port: 80, Weight: 40, RemoteIpEnabled: false },
            { ServerId: '10.0.0.2', Port: 80, Weight: 60, RemoteIpEnabled: false },
          ],
          Tagged: true,
        },
      },
    ]);
  });

  test.each([
    [{ type: 'tcp' }, 'HTTP', 'TCP'],
    [{ type: 'http' }, 'HTTPS', 'HTTPS'],
    [{ type: 'http' }, 'gRPC', 'HTTP'],
  ] as const)('health check %j of a %s pool speaks %s', (check, protocol, expected) => {
    const [group] = groupsIn({ pools: [{ ...SHOP, protocol, healthCheck: HealthCheck.parse(check) }] });
    expect(group?.spec.HealthCheckConfig.HealthCheckProtocol).toBe(expected);
  });

  test('affinity becomes a cookie that ALB sets; it is no part of the identity', () => {
    const [group] = groupsIn({ pools: [{ ...SHOP, affinity: { ttlSeconds: 600 } }] });
    expect(group?.key).toBe('pool/shop-80-0a1b');
    expect(group?.spec.StickySessionConfig).toEqual({
      StickySessionEnabled: true,
      StickySessionType: 'Insert',
      CookieTimeout: 600,
    });
  });

  test('the protocol is part of the identity: it cannot be changed later', () => {
    const keys = (['HTTP', 'HTTPS', 'gRPC'] as const).map(
      (protocol) => groupsIn({ pools: [{ ...SHOP, protocol }] })[0]?.key,
    );
    expect(new Set(keys).size).toBe(3);
  });

  test('when no cluster shall serve, weights at the gateway are kept, and the shares say so', () => {
    const nobody = ['cd', 'sh'].map((cluster) => ({ cluster, percent: 0 }));
    const [group] = groupsIn({}, { shares: nobody, objects: compiled({}) });
    expect(group?.spec.Servers.map((server) => server.Weight)).toEqual([40, 60]);
    expect(group?.shares).toEqual(nobody);
  });

  test('when requests are to be rejected, all weights are 0', () => {
    const [group] = groupsIn({}, { shares: [], objects: compiled({}) });
    expect(group?.spec.Servers.map((server) => server.Weight)).toEqual([0, 0]);
  });
});

describe('rules', () => {
  test('every listener carries every rule; tuples refer to groups by key; foreign priorities are stepped over', () => {
    const rules = [rule('/cart', { [SHOP.key]: 70, other: 30 })];
    const objects = rulesIn({ rules, pools: [OTHER, SHOP] });
    const spec = {
      RuleName: 'fairlead-shop.example.com-cart',
      RuleConditions: [
        { Type: 'Host', HostConfig: { Values: ['shop.example.com'] } },
        { Type: 'Path', PathConfig: { Values: ['/cart', '/cart/*'] } },
      ],
      RuleActions: [
        {
          Type: 'ForwardGroup',
          ForwardGroupConfig: {
            ServerGroupTuples: [
              { ServerGroup: 'pool/other', Weight: 30 },
              { ServerGroup: 'pool/shop-80-0a1b', Weight: 70 },
            ],
          },
        },
      ],
    };
    expect(objects).toEqual([
      {
        kind: 'Rule',
        key: 'lsn-1/shop.example.com/cart/*',
        rank: 1,
        spec: { ...spec, ListenerId: 'lsn-1', Priority: 10 },
        rules: ['route/0/0/cart'],
        populated: ['pool/other', 'pool/shop-80-0a1b'],
      },
      {
        kind: 'Rule',
        key: 'lsn-2/shop.example.com/cart/*',
        rank: 1,
        spec: { ...spec, ListenerId: 'lsn-2', Priority: 20 },
        rules: ['route/0/0/cart'],
        populated: ['pool/other', 'pool/shop-80-0a1b'],
      },
    ]);
  });

  test.each([
    ['Prefix', '/', undefined, ['/*']],
    ['Prefix', '/a/', undefined, ['/a', '/a/*']],
    ['Prefix', '/a/b', undefined, ['/a/b', '/a/b/*']],
    ['Exact', '/a/', undefined, ['/a/']],
    ['Exact', '/', undefined, ['/']],
    ['RegularExpression', '^/v[0-9]+$', undefined, ['~^/v[0-9]+$']],
  ] as const)('path %s %s matches %s', (type, value, hostname, values) => {
    const match = RouteMatch.parse({ path: { type, value } });
    expect(conditionsOf({ match, hostname })).toEqual([{ Type: 'Path', PathConfig: { Values: values } }]);
  });

  test('with another condition, a prefix that every path has needs none', () => {
    expect(conditionsOf({ hostname: '*.example.com' })).toEqual([
      { Type: 'Host', HostConfig: { Values: ['*.example.com'] } },
    ]);
  });

  test('each header, parameter and cookie is a condition of its own, for all of them must match', () => {
    const match = RouteMatch.parse({
      method: 'GET',
      headers: [
        { name: 'X-B', value: '2' },
        { name: 'X-A', value: '1' },
      ],
      queryParams: [{ name: 'q', value: '1' }],
      cookies: [
        { name: 'canary', value: 'yes' },
        { name: 'beta', value: 'no' },
      ],
    });
    const conditions = conditionsOf({ match, hostname: undefined });
    expect(conditions).toHaveLength(6);
    expect(conditions).toEqual(
      expect.arrayContaining([
        { Type: 'Method', MethodConfig: { Values: ['GET'] } },
        { Type: 'Header', HeaderConfig: { Key: 'x-a', Values: ['1'] } },
        { Type: 'Header', HeaderConfig: { Key: 'x-b', Values: ['2'] } },
        { Type: 'QueryString', QueryStringConfig: { Values: [{ Key: 'q', Value: '1' }] } },
        { Type: 'Cookie', CookieConfig: { Values: [{ Key: 'canary', Value: 'yes' }] } },
        { Type: 'Cookie', CookieConfig: { Values: [{ Key: 'beta', Value: 'no' }] } },
      ]),
    );
    const turned = { ...match, headers: [...match.headers].reverse() };
    expect(conditionsOf({ match: turned, hostname: undefined })).toEqual(conditions);
  });

  test('a rule is known by what it matches: its place in a route does not matter, what it forwards to neither', () => {
    const keys = (rules: Rule[]) => rulesIn({ rules }).map(({ key }) => key);
    const [first, second] = [rule('/a', { x: 100 }), rule('/b', { x: 100 })];
    expect(keys([{ ...second, key: first.key, backends: [] }])).toEqual(keys([second]));
    expect(keys([first])).not.toEqual(keys([second]));
  });

  test('of two rules that match the same only the first is there, and it stands for both', () => {
    const [first, second] = [rule('/a', { [SHOP.key]: 100 }), rule('/a/', { other: 100 })];
    const rules = rulesIn({ rules: [first, second], pools: [OTHER, SHOP] });
    expect(rules.map((one) => groupsOf(one.spec.RuleActions))).toEqual([['pool/shop-80-0a1b'], ['pool/shop-80-0a1b']]);
    expect(rules.map((one) => one.rules)).toEqual([
      [first.key, second.key],
      [first.key, second.key],
    ]);
  });
});

describe('names and tags', () => {
  test.each(['shop', '*/*', 'ünï/cödé', 'x'.repeat(300)])('the name of %s is one that ALB takes', (text) => {
    expect(resourceName(text)).toMatch(/^[A-Za-z][A-Za-z0-9._-]{1,127}$/);
  });

  test.each(['', 'x'.repeat(129), 'aliyun-shop', 'ACS:shop', 'a https://b'])(
    '%s does not fit a tag and is digested',
    (text) => {
      expect(tagValue(text)).toMatch(/^[0-9a-f]{64}$/);
    },
  );
});
