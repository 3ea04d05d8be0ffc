import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json } from '../../../functions/core/gateway/provider-object.ts';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import type { CloudRequest } from '../../../functions/deps.ts';
import { mse as provider } from '../../../functions/providers/mse/index.ts';
import type { Route } from '../../../infra/local/cloud/mse/model.ts';
import { type Mse, member, NO_IDS, pool, rule, startMse } from './harness.ts';

const SHOP = pool('shop-80', [member('cd', [1])]);
const CART = pool('cart-80', [member('cd', [2])], { service: 'cart' });
const exact = (index: number, more = {}) =>
  rule({ path: { type: 'Exact', value: `/r${index}` } }, { 'shop-80': 100 }, more);
const routes = (count: number): GatewayConfig => ({
  pools: [CART, SHOP],
  rules: Array.from({ length: count }, (_, index) => exact(index)),
});

let mse: Mse;
const details = () => mse.cloud.counts().byAction['GetGatewayRouteDetail'] ?? 0;
async function detailsReadBy(work: () => Promise<unknown>): Promise<number> {
  const before = details();
  await work();
  return details() - before;
}

describe('routes that have been read', () => {
  beforeEach(async () => {
    mse = await startMse();
    await mse.reconcile(routes(5));
  });
  afterEach(() => mse.close());

  const edit = (action: string, parameters: Record<string, Json>, route: Route) =>
    mse.call(action, {
      GatewayUniqueId: mse.target.gatewayUniqueId,
      ...(/Apply|Offline/.test(action) ? { RouteId: route.Id } : { Id: route.Id }),
      ...parameters,
    });
  const firstRoute = (): Route => {
    const [route] = mse.gateway.routes.values();
    if (route === undefined) throw new Error('there is no route');
    return route;
  };

  test('are not read again while nobody edits them', async () => {
    expect(await detailsReadBy(() => mse.reconcile(routes(5)))).toBe(0);
  });

  test('are read again when they were written, and no others', async () => {
    const config = {
      ...routes(5),
      rules: [exact(0, { timeouts: { requestSeconds: 5 } }), ...routes(5).rules.slice(1)],
    };
    expect(await detailsReadBy(() => mse.reconcile(config))).toBe(1);
    expect((await mse.reconcile(config)).plan.changes).toEqual([]);
  });

  test.each([
    ['a policy', 'UpdateGatewayRouteTimeout', { TimeoutJSON: '{"Status":"on","UnitNum":7,"TimeUnit":"s"}' }],
    ['its publishing', 'OfflineGatewayRoute', {}],
  ])('are seen as they are when somebody has edited %s', async (_, action, parameters) => {
    await edit(action, parameters, firstRoute());
    const { plan, left } = await mse.reconcile(routes(5));
    expect(plan.changes.map(({ key }) => key)).toEqual([firstRoute().Name]);
    expect(left.changes).toEqual([]);
  });

  test('are seen as they are when their destination was edited, though the list tells no later time', async () => {
    const route = firstRoute();
    const { GmtModified, config } = route;
    const cart = [...mse.gateway.services.values()].find((service) => service.Name.includes('cart'));
    route.config = { ...config, Services: [{ ServiceId: cart?.Id ?? 0 }] };
    route.GmtModified = GmtModified;
    expect((await mse.reconcile(routes(5))).plan.changes.map(({ reason }) => reason)).toEqual(['differs in Services']);
  });

  test('are read again after our own writes, though the list tells no later time', async () => {
    const times = new Map([...mse.gateway.routes.values()].map(({ Id, GmtModified }) => [Id, GmtModified]));
    const frozen = {
      call: async (request: CloudRequest) => {
        const answer = await mse.client.call(request);
        for (const route of mse.gateway.routes.values()) route.GmtModified = times.get(route.Id) ?? route.GmtModified;
        return answer;
      },
    };
    const rules = routes(5).rules.map((one) => ({ ...one, timeouts: { requestSeconds: 5 } }));
    const { plan, left } = await mse.reconcile({ ...routes(5), rules }, { session: mse.session({ cloud: frozen }) });
    expect(plan.changes).toHaveLength(5);
    expect(left.changes).toEqual([]);
  });

  test('are told in full when what is remembered cannot be read', async () => {
    const session = mse.session();
    const entries = await session.memory.recall();
    await session.memory.remember(new Map([...entries.keys()].map((name) => [name, { told: 7 }])));
    expect((await mse.reconcile(routes(5))).plan.changes).toEqual([]);
  });
});

test('an observation that is cut short goes on the next time from where it stopped', async () => {
  mse = await startMse();
  try {
    await mse.reconcile(routes(70));
    const session = mse.session();
    await session.memory.remember(new Map([...(await session.memory.recall()).keys()].map((name) => [name, null])));
    let calls = 0;
    const failing = {
      call: async (request: CloudRequest) => {
        if (request.action === 'GetGatewayRouteDetail' && ++calls > 45) throw new Error('the invocation is over');
        return mse.client.call(request);
      },
    };
    await expect(provider.observe(mse.session({ cloud: failing }), 'full', NO_IDS)).rejects.toThrow('invocation');
    expect(await detailsReadBy(() => provider.observe(mse.session(), 'full', NO_IDS))).toBe(70 - 45);
  } finally {
    await mse.close();
  }
});
