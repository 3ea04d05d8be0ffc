import { afterEach, expect, test } from 'vitest';
import { type Condition, ruleObject, sortConditions } from '../../../functions/providers/alb/compile/canonical.ts';
import { inWords } from '../../../functions/providers/alb/compile/conditions.ts';
import { alb as provider } from '../../../functions/providers/alb/index.ts';
import type { AlbObserved, OtherRule } from '../../../functions/providers/alb/observe/facts.ts';
import { shadows } from '../../../functions/providers/alb/observe/shadows.ts';
import { type Alb, member, pool, rule, startAlb } from './harness.ts';

const host = (...Values: string[]): Condition => ({ Type: 'Host', HostConfig: { Values } });
const path = (...Values: string[]): Condition => ({ Type: 'Path', PathConfig: { Values } });
const method = (...Values: string[]): Condition => ({ Type: 'Method', MethodConfig: { Values } });
const header = (Key: string, ...Values: string[]): Condition => ({ Type: 'Header', HeaderConfig: { Key, Values } });
const cookie = (Key: string, Value: string): Condition => ({
  Type: 'Cookie',
  CookieConfig: { Values: [{ Key, Value }] },
});
const query = (Key: string, Value: string): Condition => ({
  Type: 'QueryString',
  QueryStringConfig: { Values: [{ Key, Value }] },
});
const source = (...Values: string[]): Condition => ({ Type: 'SourceIp', SourceIpConfig: { Values } });

function observed(own: Condition[], other: Partial<OtherRule> & { conditions: Condition[] }): AlbObserved {
  const spec = {
    ListenerId: 'lsn-1',
    RuleName: 'ours',
    Priority: 20,
    RuleConditions: sortConditions(own),
    RuleActions: [],
  };
  const theirs = { id: 'rule-9', name: 'theirs', listenerId: 'lsn-1', priority: 5, isForeign: true, ...other };
  return {
    objects: [ruleObject('ours', spec, 'rule-1')],
    foreign: [],
    facts: {
      provider: 'alb',
      vpcId: 'vpc-1',
      edition: 'Standard',
      listenerCount: 1,
      listeners: [],
      otherRules: [theirs],
    },
  };
}

const SHOP = [host('shop.example.com'), path('/cart', '/cart/*')];

test.each<[Condition[], Condition[]]>([
  [SHOP, []],
  [SHOP, [host('shop.example.com')]],
  [SHOP, [host('*.example.com', 'other.example.com')]],
  [SHOP, [host('*')]],
  [SHOP, [path('/*')]],
  [[host('shop.example.com')], [path('/*')]],
  [SHOP, [path('/cart*')]],
  [SHOP, [path('/c*', '/other')]],
  [SHOP, [host('SHOP.example.com'), path('/cart/*', '/cart')]],
  [[path('~^/v[0-9]+$')], [path('~^/v[0-9]+$')]],
  [[method('GET')], [method('GET', 'POST')]],
  [[header('X-Canary', 'yes')], [header('x-canary', 'yes', 'no')]],
  [[cookie('a', 'b'), query('c', 'd')], [query('c', 'd')]],
])('requests of %j are all taken by a foreign rule before it with %j', (own, conditions) => {
  expect(shadows(observed(own, { conditions })).map(({ key }) => key)).toEqual(['ours']);
});

test.each<[Condition[], Condition[]]>([
  [SHOP, [host('shop.example.org')]],
  [SHOP, [path('/cart')]],
  [SHOP, [path('/cart/*')]],
  [SHOP, [host('shop.example.com'), method('GET')]],
  [[host('a.b.example.com')], [host('*.example.com')]],
  [[host('*.example.com')], [host('shop.example.com')]],
  [[path('~^/cart')], [path('/cart*')]],
  [[path('/CART')], [path('/cart*')]],
  [[header('x-canary', 'yes', 'no')], [header('x-canary', 'yes')]],
  [[header('x-a', 'yes')], [header('x-b', 'yes')]],
  [[cookie('a', 'b')], [query('a', 'b')]],
  [SHOP, [source('10.0.0.0/8')]],
])('requests of %j are not all taken by a foreign rule with %j, as far as is certain', (own, conditions) => {
  expect(shadows(observed(own, { conditions }))).toEqual([]);
});

test.each([{ priority: 21 }, { listenerId: 'lsn-2' }, { isForeign: false }])(
  'a rule with %j is not in the way',
  (other) => {
    expect(shadows(observed(SHOP, { conditions: [], ...other }))).toEqual([]);
  },
);

test.each<[Condition, string]>([
  [host('a.example.com', 'b.example.com'), 'Host: a.example.com, b.example.com'],
  [header('X-Canary', 'yes'), 'Header X-Canary: yes'],
  [cookie('a', 'b'), 'Cookie: a=b'],
  [source('10.0.0.0/8'), 'SourceIp: 10.0.0.0/8'],
  [{ Type: 'Something' }, 'Something'],
])('%j reads %s', (condition, words) => {
  expect(inWords(condition)).toBe(words);
});

let alb: Alb;
afterEach(async () => alb?.close());

test('a rule that somebody puts before ours at the gateway is found, with its priority and what it takes', async () => {
  alb = await startAlb();
  const config = { pools: [pool('a', [member('cd', [1])])], rules: [rule('/cart', { a: 100 }), rule('/', { a: 100 })] };
  await alb.reconcile(config);
  const [group] = alb.cloud.state.serverGroups.keys();
  await alb.call('CreateRules', {
    ListenerId: alb.target.listenerIds[0],
    Rules: [
      {
        RuleName: 'theirs',
        Priority: 1,
        RuleConditions: [{ Type: 'Path', PathConfig: { Values: ['/cart*'] } }],
        RuleActions: [
          { Type: 'ForwardGroup', Order: 1, ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId: group }] } },
        ],
      },
    ],
  });
  const session = alb.session();
  const seen = await provider.observe(session, 'full', new Map());
  expect(provider.shadows(seen, session)).toMatchObject([
    {
      key: `${alb.target.listenerIds[0]}/shop.example.com/cart/*`,
      foreign: { name: 'theirs', priority: 1, conditions: ['Path: /cart*'] },
    },
  ]);
  expect(provider.shadows(await provider.observe(session, 'pools', new Map()), session)).toEqual([]);
});
