import { expect, test } from 'vitest';
import type { Rule } from '../../../functions/core/model/ir.ts';
import { mse } from '../../../functions/providers/mse/index.ts';
import { filter, member, NO_FACTS, pool, rule } from './harness.ts';

const SHOP = pool('shop-80', [member('cd', [1])]);
const found = (rules: Rule[], pools = [SHOP], facts: unknown = NO_FACTS) => mse.findings({ rules, pools }, facts);

test('a route with more destinations than percent names its rule', () => {
  const wide = (key: string, from: number) =>
    pool(
      key,
      Array.from({ length: 51 }, (_, index) => member(`c${index}`, [from + index])),
    );
  const config = {
    pools: [wide('a', 0), wide('b', 100)],
    rules: [rule('/', { a: 50, b: 50 }), rule('/a', { a: 100 })],
  };
  expect(mse.findings(config, NO_FACTS)).toMatchObject([
    { code: 'quota-exceeded', rules: [config.rules[0]?.key], pools: [] },
  ]);
  expect(mse.quotas(config, NO_FACTS)).toMatchObject([{ used: 102, allowed: 100 }]);
});

test('a fallback needs HTTP on both sides', () => {
  const secure = pool('secure', [member('cd', [2])], { protocol: 'HTTPS' });
  const between = (from: string, fallback: string) => found([rule('/', { [from]: 100 }, { fallback })], [SHOP, secure]);
  const refused = [{ code: 'unsupported-feature', rules: [rule('/', {}).key], pools: [] }];
  expect(between('shop-80', 'shop-80')).toEqual([]);
  expect(between('shop-80', 'secure')).toMatchObject(refused);
  expect(between('secure', 'shop-80')).toMatchObject(refused);
});

test('a pool that no cluster serves is named', () => {
  expect(found([], [pool('empty', [member('cd', [])])])).toMatchObject([
    { code: 'empties-pool', rules: [], pools: ['empty'] },
  ]);
});

test('an address that two clusters claim is named with both, and only the pool that has both is refused', () => {
  const both = pool('both', [member('cd', [1, 2]), member('sh', [2], { weight: 0, tier: 1 })]);
  const [finding, ...others] = found([], [SHOP, both, pool('one', [member('sh', [2])])]);
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ code: 'conflicting-declaration', rules: [], pools: ['both'] });
  for (const name of ['10.0.0.2:80', 'cd', 'sh']) expect(finding?.detail).toContain(name);
});

test('somebody else at the gateway concerns no rule and no pool, but the gateway as a whole', () => {
  const facts = { ...NO_FACTS, impostors: ['fl-1-x'], ofIngressController: true };
  expect(found([rule('/', { 'shop-80': 100 })], [SHOP], facts)).toMatchObject([
    { code: 'foreign-object', rules: [], pools: [] },
    { code: 'foreign-object', rules: [], pools: [] },
  ]);
});

test('a gateway that was never observed is judged by what is declared; facts of another gateway are an error', () => {
  expect(found([], [pool('empty', [])], undefined)).toHaveLength(1);
  expect(() => found([], [SHOP], { listenerCount: 1 })).toThrow('MSE');
});

// ----------------------------------------------------------------------------------------------------- redirect loops

const path = (type: string, value: string) => ({ path: { type, value } });
const redirect = (match: object, to: object, more: Partial<Rule> = {}) => {
  const parsed = filter({ type: 'RequestRedirect', ...to });
  return { ...rule(match as never, {}, { filters: [parsed] }), key: 'loop/00/00/x', ...more };
};
const full = (value: string) => ({ path: { type: 'ReplaceFullPath', value } });
const SAME = 'shop.example.com';
const loops = (...rules: Rule[]) => found(rules).filter(({ code }) => code === 'redirect-loop');

test.each<[string, Rule, ...Rule[]]>([
  ['the host that is asked for', redirect(path('Prefix', '/'), { hostname: SAME })],
  ['the path that is asked for', redirect(path('Exact', '/a'), full('/a'))],
  ['a path under its own prefix', redirect(path('Prefix', '/a'), full('/a/b'))],
  ['its own prefix', redirect(path('Prefix', '/a/'), full('/a'))],
  [
    'a host under its own wildcard',
    redirect(path('Prefix', '/'), { hostname: 'x.example.com' }, { hostname: '*.example.com' }),
  ],
  ['itself, whatever the host', redirect(path('Exact', '/a'), full('/a'), { hostname: undefined })],
  [
    'the same with the same method',
    redirect({ ...path('Exact', '/a'), method: 'POST' }, { ...full('/a'), statusCode: 308 }),
  ],
  [
    'what it was asked for, which an earlier rule takes under a condition only',
    redirect(path('Exact', '/a'), full('/a')),
    rule({ ...path('Exact', '/a'), headers: [{ name: 'x', value: '1' }] } as never, { 'shop-80': 100 }),
  ],
  ['the same with GET', redirect({ ...path('Exact', '/a'), method: 'GET' }, full('/a'))],
])('a redirect to %s is a loop', (_, one, ...earlier) => {
  expect(loops(...earlier, one)).toMatchObject([{ rules: ['loop/00/00/x'], pools: [] }]);
});

test.each([
  ['another host', [redirect(path('Prefix', '/'), { hostname: 'other.example.com' })]],
  ['another path', [redirect(path('Prefix', '/a'), full('/ab'))]],
  ['another path of an exact one', [redirect(path('Exact', '/a'), full('/a/b'))]],
  ['what an expression may or may not match', [redirect(path('RegularExpression', '^/a.*$'), full('/ab'))]],
  ['GET after POST', [redirect({ ...path('Exact', '/a'), method: 'POST' }, full('/a'))]],
  [
    'clients that may send another header',
    [redirect({ ...path('Exact', '/a'), headers: [{ name: 'x', value: '1' }] }, full('/a'))],
  ],
  [
    'what an earlier rule serves',
    [rule(path('Exact', '/a/b') as never, { 'shop-80': 100 }), redirect(path('Prefix', '/a'), full('/a/b'))],
  ],
  [
    'what an earlier expression may serve',
    [rule(path('RegularExpression', '^/.*$') as never, {}), redirect(path('Prefix', '/a'), full('/a/b'))],
  ],
  [
    'a host of its wildcard that an earlier rule serves',
    [
      { ...rule('/', { 'shop-80': 100 }), hostname: 'x.example.com' },
      redirect(path('Prefix', '/'), { hostname: 'x.example.com' }, { hostname: '*.example.com' }),
    ],
  ],
])('a redirect to %s is not certain to be a loop', (_, rules) => {
  expect(loops(...rules)).toEqual([]);
});

test('an earlier rule for another host or path does not break a loop', () => {
  const others = [{ ...rule('/', {}), hostname: 'other.example.com' }, rule(path('Exact', '/a/c') as never, {})];
  expect(loops(...others, redirect(path('Prefix', '/a'), full('/a/b')))).toHaveLength(1);
});
