import { expect, test } from 'vitest';
import { plan } from '../../../functions/core/gateway/plan.ts';
import { mse } from '../../../functions/providers/mse/index.ts';
import { compiled, filter, member, only, pool, rule } from './harness.ts';

const SHOP = pool('shop', [member('cd', [1], { weight: 60 }), member('sh', [2], { weight: 40 })]);
const HEADERS = filter({ type: 'RequestHeaderModifier', set: [{ name: 'x', value: '1' }] });

function changesTo(variant: Variant) {
  const current = config({}).map((object) => ({ ...object, remoteId: '1' }));
  return plan(config(variant), current, 'sync').changes;
}

function changeTo(variant: Variant) {
  const [change, ...others] = changesTo(variant);
  if (change === undefined || others.length > 0) throw new Error('there is not one change');
  return change;
}

interface Variant {
  weight?: number;
  octet?: number;
  out?: boolean;
  more?: Partial<ReturnType<typeof rule>>;
}

function config({ weight = 60, octet = 1, out = false, more = {} }: Variant = {}) {
  const members = [member('cd', [octet], { weight }), member('sh', [2], { weight: 100 - weight })];
  const rules = [rule({ path: { type: 'Exact', value: '/a' } }, { shop: 100 }, more)];
  return compiled({ pools: [{ ...SHOP, members }], rules }, out ? only('sh') : undefined);
}

test.each<[string, Variant]>([
  ['a cluster goes out', { out: true }],
  ['an address changes', { octet: 7 }],
  ['percentages change', { weight: 50 }],
])('only traffic moves when %s', (_, variant) => {
  expect(mse.movesPoints(changeTo(variant))).toBe(true);
});

test.each<[string, Variant]>([
  ['percentages change with the policies', { weight: 50, more: { filters: [HEADERS] } }],
  ['a policy changes', { more: { filters: [HEADERS] } }],
  ['a destination goes', { weight: 100 }],
])('more than traffic moves when %s', (_, variant) => {
  const changes = changesTo(variant).filter(({ kind }) => kind === 'Route');
  expect(changes.map(mse.movesPoints)).toEqual([false]);
});

test('more than traffic moves when addresses change with the check, or an object comes or goes', () => {
  const [service] = compiled({ pools: [SHOP], rules: [] });
  if (service === undefined || service.kind !== 'Service') throw new Error('there is no service');
  const { kind, key, rank } = service;
  const change = { verb: 'update' as const, kind, key, rank, reason: 'test' };
  const moved = { ...service, spec: { ...service.spec, Ips: ['10.9.9.9:80'] } };
  const checked = { ...moved, spec: { ...moved.spec, HealthCheck: { ...moved.spec.HealthCheck, Interval: 99 } } };
  expect(mse.movesPoints({ ...change, before: service, after: moved })).toBe(true);
  expect(mse.movesPoints({ ...change, before: service, after: checked })).toBe(false);
  expect(mse.movesPoints({ ...change, verb: 'create', after: service })).toBe(false);
  expect(mse.movesPoints({ ...change, verb: 'delete', before: service })).toBe(false);
});

test('more than traffic moves when a route leads to another service', () => {
  const route = config({ weight: 100 }).find(({ kind }) => kind === 'Route');
  if (route === undefined || route.kind !== 'Route') throw new Error('there is no route');
  const other = { ...route, spec: { ...route.spec, Services: [{ Service: 'other', Percent: 100 }] } };
  const { kind, key, rank } = route;
  expect(mse.movesPoints({ verb: 'update', kind, key, rank, reason: 'test', before: route, after: other })).toBe(false);
});

test('no change puts back a mark, since MSE renames nothing', () => {
  expect(mse.restoresMarks(changeTo({ weight: 50 }))).toBe(false);
});
