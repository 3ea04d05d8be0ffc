import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type * as z from 'zod';
import type { Json } from '../../../functions/core/gateway/provider-object.ts';
import type { GatewayConfig, Rule } from '../../../functions/core/model/ir.ts';
import type { RouteFilter } from '../../../schemas/filter.ts';
import { type Alb, filters, member, pool, rule, startAlb } from './harness.ts';

type Declared = z.input<typeof RouteFilter>;

const SHOP = pool('shop-80', [member('cd', [1]), member('sh', [2])]);
const COPY = pool('copy-80', [member('cd', [3])]);

const serving = (more: Partial<Rule> = {}): GatewayConfig => ({
  pools: more.mirror === undefined ? [SHOP] : [COPY, SHOP],
  rules: [rule('/a', { 'shop-80': 100 }, more)],
});
const filtered = (...declared: Declared[]) => serving({ filters: filters(...declared) });
const answering = (declared: Declared): GatewayConfig => ({
  pools: [],
  rules: [rule('/a', {}, { filters: filters(declared) })],
});

const CASES: [string, GatewayConfig][] = [
  [
    'headers',
    filtered({ type: 'RequestHeaderModifier', set: [{ name: 'X-A', value: 'a b' }], remove: ['X-B', 'x-c'] }),
  ],
  ['a host', filtered({ type: 'URLRewrite', hostname: 'in.example.com' })],
  ['a path', filtered({ type: 'URLRewrite', path: { type: 'ReplaceFullPath', value: '/b' } })],
  ['a prefix', filtered({ type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value: '/b' } })],
  ['CORS', filtered({ type: 'CORS', allowOrigins: ['https://a.example.com'], allowMethods: ['GET'] })],
  ['a rate limit', filtered({ type: 'RateLimit', requestsPerSecond: 100 })],
  ['a mirror', serving({ mirror: 'copy-80' })],
  [
    'five actions',
    serving({
      mirror: 'copy-80',
      filters: filters(
        { type: 'URLRewrite', hostname: 'in.example.com', path: { type: 'ReplacePrefixMatch', value: '/' } },
        { type: 'RateLimit', requestsPerSecond: 100 },
        { type: 'CORS', allowOrigins: ['*'], allowMethods: ['PUT', 'GET'], allowHeaders: ['X-B', 'X-A'] },
      ),
    }),
  ],
  ['a redirect', answering({ type: 'RequestRedirect', scheme: 'https', statusCode: 308 })],
  [
    'a redirect of a prefix',
    answering({
      type: 'RequestRedirect',
      path: { type: 'ReplacePrefixMatch', value: '/b' },
      hostname: 'b.example.com',
    }),
  ],
  ['an answer', answering({ type: 'DirectResponse', statusCode: 503, body: 'back at noon\n' })],
  ['an empty answer', answering({ type: 'DirectResponse', statusCode: 404 })],
];

let alb: Alb;
beforeEach(async () => {
  alb = await startAlb();
});
afterEach(() => alb.close());

const onlyRule = () => {
  const [found] = [...alb.cloud.state.rules.values()];
  if (found === undefined) throw new Error('no rule');
  return found;
};
/** The tuple of a mirror is listed with a weight and written without. */
const edit = (RuleActions: object[]) => {
  const written: Json = JSON.parse(JSON.stringify(RuleActions), (key, value) =>
    key === 'MirrorGroupConfig'
      ? { ServerGroupTuples: [{ ServerGroupId: value.ServerGroupTuples[0].ServerGroupId }] }
      : value,
  );
  return alb.call('UpdateRulesAttribute', { Rules: [{ RuleId: onlyRule().RuleId, RuleActions: written }] });
};

describe.each(CASES)('%s', (_name, config) => {
  test('reads back as it was written, made anew and put on a rule that is there', async () => {
    expect((await alb.reconcile(config)).left.changes).toEqual([]);
    const id = onlyRule().RuleId;
    const without = config.rules[0]?.backends.length
      ? serving()
      : answering({ type: 'DirectResponse', statusCode: 200 });
    expect((await alb.reconcile(without)).left.changes).toEqual([]);
    expect((await alb.reconcile(config)).left.changes).toEqual([]);
    expect(onlyRule().RuleId).toBe(id);
  });

  test('any action that someone takes away is put back', async () => {
    await alb.reconcile(config);
    const actions = onlyRule().RuleActions;
    for (const taken of actions.slice(0, -1)) {
      await edit(actions.filter((action) => action !== taken));
      const { plan, left } = await alb.reconcile(config);
      expect(plan.changes, taken.Type).toMatchObject([{ verb: 'update', reason: 'differs in RuleActions' }]);
      expect(left.changes).toEqual([]);
      expect(onlyRule().RuleActions).toEqual(actions);
    }
  });
});

test.each<[string, object]>([
  ['a limit', { Type: 'TrafficLimit', TrafficLimitConfig: { PerIpQps: 5 } }],
  ['a header', { Type: 'InsertHeader', InsertHeaderConfig: { Key: 'x', Value: 'SLBId', ValueType: 'SystemDefined' } }],
  ['another path', { Type: 'Rewrite', RewriteConfig: { Path: '/c' } }],
])('%s that someone adds is taken away', async (_name, action) => {
  await alb.reconcile(serving());
  const [forward] = onlyRule().RuleActions;
  await edit([
    { ...action, Order: 1 },
    { ...forward, Order: 2 },
  ]);
  expect((await alb.reconcile(serving())).plan.changes).toHaveLength(1);
  expect(onlyRule().RuleActions).toEqual([forward]);
});

test('other numbers of the same order are no difference', async () => {
  const config = filtered({ type: 'RateLimit', requestsPerSecond: 100 });
  await alb.reconcile(config);
  await edit(onlyRule().RuleActions.map((action) => ({ ...action, Order: action.Order * 100 })));
  expect((await alb.reconcile(config)).plan.changes).toEqual([]);
});

test('a prefix that begins to be replaced changes its rule in one call, so that no request finds a gap', async () => {
  await alb.reconcile(serving());
  alb.writes();
  await alb.reconcile(filtered({ type: 'URLRewrite', path: { type: 'ReplacePrefixMatch', value: '/b' } }));
  expect(alb.writes()).toEqual(['UpdateRulesAttribute']);
  expect(onlyRule()).toMatchObject({
    RuleConditions: expect.arrayContaining([{ Type: 'Path', PathConfig: { Values: ['~^/a(/|$)(.*)'] } }]),
  });
});

test('the group of a mirror comes before the rule that copies to it, and goes after', async () => {
  await alb.reconcile(serving());
  alb.writes();
  await alb.reconcile(serving({ mirror: 'copy-80' }));
  expect(alb.writes()).toEqual(['CreateServerGroup', 'AddServersToServerGroup', 'UpdateRulesAttribute']);
  await alb.reconcile(serving());
  expect(alb.writes()).toEqual(['UpdateRulesAttribute', 'DeleteServerGroup']);
});

test('affinity is switched on, changed and switched off in place', async () => {
  await alb.reconcile(serving());
  alb.writes();
  for (const affinity of [{ ttlSeconds: 600 }, { ttlSeconds: 60 }, undefined]) {
    const config = { ...serving(), pools: [{ ...SHOP, affinity }] };
    expect((await alb.reconcile(config)).left.changes).toEqual([]);
    expect(alb.writes()).toEqual(['UpdateServerGroupAttribute']);
  }
});
