import { describe, expect, test } from 'vitest';
import type { GatewayConfig, Rule } from '../../../functions/core/model/ir.ts';
import type { Facts } from '../../../functions/providers/alb/observe/facts.ts';
import { findings, quotas } from '../../../functions/providers/alb/observe/findings.ts';
import { filters, member, pool, rule } from './harness.ts';

const octets = (count: number, from = 0) => Array.from({ length: count }, (_, index) => index + from);
const rules = (count: number, pools: Record<string, number>): Rule[] =>
  octets(count).map((index) => rule(`/r${index}`, pools));
const at = (more: Partial<Facts>): Facts => ({
  provider: 'alb',
  vpcId: 'vpc-1',
  edition: 'Standard',
  listenerCount: 1,
  listeners: [],
  otherRules: [],
  ...more,
});
const others = (count: number) =>
  octets(count).map((index) => ({
    id: `rule-${index}`,
    name: 'theirs',
    listenerId: 'lsn-9',
    priority: index + 1,
    conditions: [],
    isForeign: true,
  }));
const check = (config: GatewayConfig, more: Partial<Facts> = {}) =>
  findings(config, at(more)).map(({ code, detail }) => `${code}: ${detail}`);

const P = pool('p', [member('cd', [1])]);
const Q = pool('q', [member('cd', [2])]);

test('what fits is fine: 100 rules, 50 for each group, 10 servers for each rule', () => {
  const wide = ['p', 'q'].map((key, index) => pool(key, [member('cd', octets(10, index * 10))]));
  expect(check({ pools: wide, rules: [...rules(50, { p: 100 }), ...rules(100, { q: 100 }).slice(50)] })).toEqual([]);
});

test('rules count on every listener, and foreign ones count too', () => {
  const config = { pools: [P, Q], rules: [...rules(25, { p: 100 }), ...rules(50, { q: 100 }).slice(25)] };
  expect(check(config, { listenerCount: 2 })).toEqual([]);
  expect(check(config, { listenerCount: 2, otherRules: others(1) })).toEqual([
    'quota-exceeded: Quota of ALB: rules of the load balancer: 101 used, 100 allowed. 2 gateways like this one would hold it.',
  ]);
});

test('any number of rules may lead to a pool', () => {
  expect(check({ pools: [P], rules: rules(100, { p: 100 }) })).toEqual([]);
});

test('servers count again for each reference', () => {
  const wide = pool('p', [member('cd', octets(21))]);
  expect(check({ pools: [wide], rules: rules(48, { p: 100 }) })).toEqual([
    'quota-exceeded: Quota of ALB: servers of the load balancer, counted per reference: 1008 used, 1000 allowed. 2 gateways like this one would hold it.',
  ]);
});

test('an address is referred to at most 200 times, over all groups', () => {
  const pools = octets(5).map((index) => pool(`p${index}`, [member('cd', [1])]));
  const backends = Object.fromEntries(pools.map((one) => [one.key, 20]));
  expect(check({ pools, rules: rules(41, backends) })).toEqual([
    'quota-exceeded: Quota of ALB: references to the address 10.0.0.1: 205 used, 200 allowed. 2 gateways like this one would hold it.',
  ]);
});

test('a rule has at most 5 groups', () => {
  const pools = octets(6).map((index) => pool(`p${index}`, [member('cd', [index])]));
  const backends = Object.fromEntries(pools.map((one) => [one.key, 16]));
  expect(check({ pools, rules: rules(1, backends) })).toEqual([
    expect.stringMatching(/backends of rule .*: 6 used, 5 allowed/),
  ]);
});

test('the Basic edition has fewer actions, and only some of them', () => {
  const actions = filters(
    { type: 'RateLimit', requestsPerSecond: 1 },
    { type: 'URLRewrite', hostname: 'a.example.com' },
  );
  const config = { pools: [P, Q], rules: [rule('/a', { p: 100 }, { filters: actions, mirror: 'q' })] };
  expect(check(config)).toEqual([]);
  expect(check(config, { edition: 'Basic' })).toEqual([
    'quota-exceeded: Quota of ALB: actions of rule shop.example.com/a/*: 4 used, 3 allowed.',
    ...['TrafficLimit', 'Rewrite', 'TrafficMirror'].map(
      (type) => `unsupported-feature: The Basic edition of ALB has no ${type}, which rule shop.example.com/a/* needs.`,
    ),
  ]);
});

test('the Basic edition has less', () => {
  expect(check({ pools: [P], rules: rules(41, { p: 100 }) }, { edition: 'Basic' })).toEqual([
    'quota-exceeded: Quota of ALB: rules of the load balancer: 41 used, 40 allowed. 2 gateways like this one would hold it.',
  ]);
});

test('an address that two clusters claim is a conflict', () => {
  const shared = pool('p', [member('cd', [1, 2]), member('sh', [2])]);
  expect(check({ pools: [shared], rules: [] })).toEqual([
    'conflicting-declaration: 10.0.0.2:80 of shop is claimed by the clusters cd and sh: let one of them serve it.',
  ]);
});

test('what is used is told by the largest user of each quota, whether it is too much or not', () => {
  const wide = pool('p', [member('cd', octets(7))]);
  const [busy, idle] = [rule('/a', { p: 60, q: 40 }), rule('/b', { q: 100 })];
  const told = quotas({ pools: [wide, Q], rules: [busy, idle] }, at({ listenerCount: 2, otherRules: others(1) }));
  expect(told.map(({ quota, used, allowed }) => `${quota}: ${used}/${allowed}`)).toEqual([
    'rules of the load balancer: 5/100',
    'servers of the load balancer, counted per reference: 18/1000',
    'references to the address 10.0.0.2: 6/200',
    'backends of rule shop.example.com/a/*: 2/5',
    'match values of rule shop.example.com/a/*: 3/10',
    'actions of rule shop.example.com/a/*: 1/5',
    'servers of p: 7/1000',
  ]);
});

describe('a refusal tells how many gateways would hold the set', () => {
  const sets: [string, GatewayConfig, Partial<Facts>][] = [
    ['1,000 rules', { pools: [P, Q], rules: rules(1_000, { p: 100 }) }, {}],
    ['rules beside foreign ones', { pools: [P], rules: rules(45, { p: 100 }) }, { otherRules: others(70) }],
    ['many servers', { pools: [pool('p', [member('cd', octets(120))])], rules: rules(40, { p: 100 }) }, {}],
  ];

  test.each(sets)('%s: that many do, and each of them alone passes', (_, config, facts) => {
    const [issue] = findings(config, at(facts));
    const count = Number(/(\d+) gateways like this one/.exec(issue?.detail ?? '')?.[1]);
    const share = Math.ceil(config.rules.length / count);
    for (let gateway = 0; gateway < count; gateway++) {
      const part = config.rules.slice(gateway * share, (gateway + 1) * share);
      expect(findings({ ...config, rules: part }, at(facts))).toEqual([]);
    }
    const fewer = config.rules.slice(0, Math.ceil(config.rules.length / (count - 1)));
    expect(findings({ ...config, rules: fewer }, at(facts))).not.toEqual([]);
  });

  test('none is told where no number would do', () => {
    const huge = pool('p', [member('cd', octets(251)), member('sh', octets(250, 1_000))]);
    const issues = findings({ pools: [huge], rules: rules(1, { p: 100 }) }, at({ edition: 'Basic' }));
    expect(issues.map((issue) => issue.detail)).toEqual([
      'Quota of ALB: servers of the load balancer, counted per reference: 501 used, 200 allowed.',
    ]);
  });
});
