import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import { expectSameCalls } from '../planned.ts';
import { declaredShares, filter, type Mse, member, only, pool, rule, startMse } from './harness.ts';

let mse: Mse;
afterEach(() => mse.close());

const SHOP = pool('shop-80', [member('cd', [1]), member('sh', [2])]);
const shop = (path: string, more = {}): GatewayConfig => ({
  pools: [SHOP],
  rules: [rule(path, { 'shop-80': 100 }, more)],
});

test('a plan tells the calls of routes that stand half done at the gateway', async () => {
  mse = await startMse();
  await mse.reconcile(shop('/'));
  const GatewayUniqueId = mse.target.gatewayUniqueId;
  const [route] = mse.gateway.routes.values();
  if (route === undefined) throw new Error('there is no route');
  const publish = () => mse.call('ApplyGatewayRoute', { GatewayUniqueId, RouteId: route.Id });
  const edit = async () => {
    route.Status = 4;
  };
  const takeOffline = async () => {
    await mse.call('OfflineGatewayRoute', { GatewayUniqueId, RouteId: route.Id });
    await mse.session().clock.sleep(5000);
    await mse.cloud.runDue();
  };
  for (const halfDone of [publish, edit, takeOffline]) {
    await halfDone();
    const { made, planned, left } = await mse.reconcile(shop('/'));
    expectSameCalls(made, planned);
    expect(made).toHaveLength(halfDone === publish ? 0 : 1);
    expect(left.changes).toEqual([]);
  }
  await takeOffline();
  const { made, planned } = await mse.reconcile({ pools: [], rules: [] });
  expectSameCalls(made, planned);
  expect(made.map(({ action }) => action)).toEqual([
    ...['DeleteGatewayRoute', 'DeleteGatewayService', 'DeleteGatewayService'],
  ]);
});

test('a plan tells the calls that apply makes, for any change from one configuration to another', async () => {
  const Filters = fc.subarray([
    filter({ type: 'RequestHeaderModifier', set: [{ name: 'X-A', value: '1' }] }),
    filter({ type: 'URLRewrite', hostname: 'inner.example.com' }),
    filter({ type: 'CORS', allowOrigins: ['https://a.example.com'], allowMethods: ['GET'], maxAgeSeconds: 7200 }),
  ]);
  const Pool = fc.record({
    cd: fc.subarray([1, 3]),
    sh: fc.subarray([2, 4], { minLength: 1 }),
    weight: fc.constantFrom(10, 50),
    affinity: fc.constantFrom(undefined, { ttlSeconds: 600 }),
    protocol: fc.constantFrom('HTTP' as const, 'HTTPS' as const),
  });
  const Config = fc.record({
    pools: fc.record({ a: Pool, b: Pool }),
    paths: fc.shuffledSubarray(['/a', '/b', '/c', '/d', '/e', '/'], { minLength: 1 }),
    backends: fc.constantFrom({ a: 100 }, { b: 100 }, { a: 30, b: 70 }),
    hostname: fc.constantFrom('shop.example.com', '*.example.com', undefined),
    filters: Filters,
    timeouts: fc.constantFrom(undefined, { requestSeconds: 5 }),
    retry: fc.option(fc.record({ attempts: fc.constant(2), statusCodes: fc.subarray([502, 503]) }), { nil: undefined }),
    failed: fc.constantFrom(undefined, 'cd'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(Config, { minLength: 2, maxLength: 3 }), async (states) => {
      mse = await startMse();
      try {
        for (const { pools, paths, backends, failed, ...more } of states) {
          const config = {
            pools: Object.entries(pools).map(([key, { cd, sh, weight, ...rest }]) =>
              pool(key, [member('cd', cd, { weight }), member('sh', sh)], { service: key, ...rest }),
            ),
            rules: paths.map((path) => rule(path, backends, more)),
          };
          const shares = failed === undefined ? declaredShares : only('sh');
          const { planned, made, left } = await mse.reconcile(config, { shares });
          expectSameCalls(made, planned);
          expect(left.changes).toEqual([]);
        }
      } finally {
        await mse.close();
      }
    }),
    { numRuns: 8 },
  );
});
