import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayConfig, Member } from '../../../functions/core/model/ir.ts';
import { markOf, servesOf, serviceName } from '../../../functions/providers/mse/compile/names.ts';
import { crashing, filter, type Mse, matched, member, OWNER, only, pool, rule, startMse } from './harness.ts';

/** The pool of the service. Its key changes with its distribution, as `resolve` makes it. */
function shop(version: string, members: Member[], paths = ['/a', '/b']): GatewayConfig {
  const key = `shop-80-${version}`;
  const rules = paths.map((value) => rule({ path: { type: 'Exact', value } }, { [key]: 100 }));
  return { pools: [pool(key, members)], rules };
}
const weighted = (cd: number, sh: number) => [member('cd', [1], { weight: cd }), member('sh', [2], { weight: sh })];

let mse: Mse;
const services = () => [...mse.gateway.services.values()].map(({ Id, Name }) => `${Id} ${Name}`).sort();
const percentagesOf = (path: string) => {
  const route = [...mse.gateway.routes.values()].find((one) => one.config.Predicates.PathPredicates?.Path === path);
  return route?.config.Services.map(({ Percent }) => Percent).sort();
};

describe('the services of a pool', () => {
  beforeEach(async () => {
    mse = await startMse();
  });
  afterEach(() => mse.close());

  test.each([1, 7])('stay when weights are edited, which takes two calls for each of %i routes', async (count) => {
    const paths = Array.from({ length: count }, (_, index) => `/r${index}`);
    await mse.reconcile(shop('v1', weighted(60, 40), paths));
    const before = services();
    mse.calls('write');
    const { left } = await mse.reconcile(shop('v2', weighted(50, 50), paths));
    expect(mse.calls('write').sort()).toEqual([
      ...paths.map(() => 'ApplyGatewayRoute'),
      ...paths.map(() => 'UpdateGatewayRoute'),
    ]);
    expect(left.changes).toEqual([]);
    expect(services()).toEqual(before);
    expect(percentagesOf('/r0')).toEqual([50, 50]);
  });

  test('stay when a cluster joins, leaves, stands by or gets other addresses', async () => {
    await mse.reconcile(shop('v1', weighted(60, 40)));
    const before = services();
    const members = [...weighted(50, 20), member('bj', [3], { weight: 30 })];
    await mse.reconcile(shop('v2', members));
    const [joined, ...others] = services().filter((one) => !before.includes(one));
    expect(others).toEqual([]);
    expect(joined).toContain('-shop-80-bj-');
    expect(services()).toEqual(expect.arrayContaining(before));

    const standby = [member('cd', [1, 7], { weight: 50 }), member('sh', [2], { weight: 50, tier: 1 })];
    expect((await mse.reconcile(shop('v3', standby))).left.changes).toEqual([]);
    expect(services()).toEqual(before.filter((one) => one.includes('-shop-80-cd-')));
    expect(mse.addresses('-shop-80-cd-')).toEqual(['10.0.0.1:80', '10.0.0.7:80']);
  });

  test('stay with the routes that have most of them in common; others get services of their own', async () => {
    await mse.reconcile(shop('v1', weighted(60, 40), ['/a', '/b', '/c']));
    const before = services();
    const [own, rest] = [shop('v2', weighted(10, 90), ['/a']), shop('v1', weighted(60, 40), ['/b', '/c'])];
    const split = { pools: [...rest.pools, ...own.pools], rules: [...own.rules, ...rest.rules] };
    expect((await mse.reconcile(split)).left.changes).toEqual([]);
    expect(services()).toEqual(expect.arrayContaining(before));
    expect(services()).toHaveLength(4);
    expect([percentagesOf('/a'), percentagesOf('/b')]).toEqual([
      [10, 90],
      [40, 60],
    ]);
    expect((await mse.reconcile(shop('v1', weighted(60, 40), ['/a', '/b', '/c']))).left.changes).toEqual([]);
    expect(services()).toEqual(before);
  });

  test('get another name where theirs serves somebody else, whatever write a run stops after', async () => {
    const edited = shop('v2', weighted(10, 90), ['/a']);
    const again = shop('v1', weighted(60, 40), ['/b']);
    const both = { pools: [...again.pools, ...edited.pools], rules: [...edited.rules, ...again.rules] };
    await mse.reconcile(shop('v1', weighted(60, 40), ['/a']));
    await mse.reconcile(edited);
    const before = services();
    let crashed = true;
    for (let write = 1; crashed; write++) {
      const session = mse.session({ cloud: crashing(mse.client, write, 'after') });
      crashed = await mse.reconcile(both, { session }).then(
        () => false,
        () => true,
      );
      expect((await mse.reconcile(both)).left.changes, `write ${write}`).toEqual([]);
      expect(services()).toEqual(expect.arrayContaining(before));
      expect(services()).toHaveLength(4);
      await mse.reconcile(edited);
      expect(services()).toEqual(before);
    }
  });

  test('that routes only fall back to stay, and those that none names do not change their names from run to run', async () => {
    const target = rule('/', { web: 100 }, { fallback: 'shop-80-v2' });
    const web = pool('web', [member('cd', [9])], { service: 'web' });
    const fallback = (version: string, members: Member[]): GatewayConfig => ({
      pools: [pool(`shop-80-${version}`, members), web],
      rules: [{ ...target, fallback: `shop-80-${version}` }],
    });
    await mse.reconcile(fallback('v1', weighted(60, 40)));
    const named = services().find((one) => one.includes('-shop-80-cd-'));
    for (const version of ['v2', 'v1', 'v2']) {
      const config = fallback(version, weighted(70, 30));
      expect((await mse.reconcile(config)).left.changes).toEqual([]);
      expect(services()).toHaveLength(3);
      expect(services()).toContain(named);
    }
  });

  test('move to a cluster that took over by the percentages that routes have, not by weights that were not pushed', async () => {
    await mse.reconcile(shop('v1', weighted(60, 40)));
    mse.calls('write');
    const unpushed = { ...shop('v1', weighted(0, 100)), rules: [] };
    const { left } = await mse.reconcile(unpushed, { scope: 'pools', shares: only('sh') });
    expect(mse.calls('write')).toEqual(['UpdateGatewayService']);
    expect(left.changes).toEqual([]);
    expect(mse.addresses('-shop-80-cd-')).toEqual(['10.0.0.2:80']);
  });
});

describe('names of services', () => {
  const LONG = ['a', 'b'].map((end) => `cn-hangzhou-production-cluster-${end}`);

  test('tell clusters apart that differ only where a name has no room, so that each keeps its own', async () => {
    mse = await startMse();
    try {
      const long = (first: number) =>
        LONG.map((cluster, index) => member(cluster, [index + 1], { weight: [first, 50][index] ?? 0 }));
      await mse.reconcile(shop('v1', long(10)));
      const addresses = () => new Map([...mse.gateway.services.values()].map(({ Id, Ips }) => [Id, Ips]));
      const before = addresses();
      for (let weight = 20; weight < 60; weight += 5) {
        mse.calls('write');
        expect((await mse.reconcile(shop(`v${weight}`, long(weight)))).left.changes).toEqual([]);
        expect(mse.calls('write').filter((action) => action.includes('Service'))).toEqual([]);
      }
      expect(addresses()).toEqual(before);
    } finally {
      await mse.close();
    }
  });

  test('have at most 60 characters and tell the same whatever the pool', () => {
    const mark = markOf('fairlead/prod/edge');
    const names = [...LONG, 'cd', 'all'].flatMap((cluster) =>
      ['k1', 'k2'].map((key) => serviceName(mark, pool(key, []), cluster, 1)),
    );
    expect(names.filter((name) => !/^[a-z0-9-]{14,60}$/.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(8);
    expect(new Set(names.map((name) => servesOf(mark, name))).size).toBe(4);
    expect(servesOf(mark, names[4] ?? '')).toBe('shop-80-cd');
    // This is the key of the younger of two services with one name, which must not serve any pool.
    expect(servesOf(mark, `${names[4]}#9`)).toContain('#9');
  });
});

test('a matched pool tells its services: cluster and percentage, or the pool as a whole where clients stay', () => {
  const [plain] = matched({ pools: [pool('shop', weighted(60, 40))], rules: [] }).pools;
  expect(plain?.objects?.map(({ cluster, percent, remoteId }) => [cluster, percent, remoteId])).toEqual([
    ['cd', 60, undefined],
    ['sh', 40, undefined],
  ]);
  expect(plain?.objects?.[0]?.key).toBe(serviceName(markOf(OWNER), pool('shop', []), 'cd', 1));
  const sticky = pool('shop', weighted(60, 40), { affinity: { ttlSeconds: 60 } });
  expect(matched({ pools: [sticky], rules: [] }).pools[0]?.objects).toEqual([
    { key: expect.stringContaining('-shop-80-all-'), percent: 100 },
  ]);
});

test('rules that gateways answer by themselves lead to no service', () => {
  const answer = rule('/', {}, { filters: [filter({ type: 'DirectResponse', statusCode: 200 })] });
  expect(matched({ pools: [], rules: [answer] }).pools).toEqual([]);
});
