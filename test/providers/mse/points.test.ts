import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayConfig, Pool, Share } from '../../../functions/core/model/ir.ts';
import { mse as provider } from '../../../functions/providers/mse/index.ts';
import type { Observed } from '../../../functions/providers/provider.ts';
import {
  compiled,
  declaredShares,
  type Mse,
  matched,
  member,
  NO_FACTS,
  NO_IDS,
  only,
  pool,
  rule,
  startMse,
} from './harness.ts';

const SHOP = pool('shop-80', [member('cd', [1, 3], { weight: 40 }), member('sh', [2], { weight: 60 })]);
const CART = pool('cart-80', [member('cd', [5], { weight: 33 }), member('sh', [6], { weight: 67 })], {
  service: 'cart',
});
const CONFIG: GatewayConfig = {
  pools: [CART, SHOP],
  rules: [rule('/mix', { 'cart-80': 31, 'shop-80': 69 }), rule('/', { 'shop-80': 100 })],
};
const percents = (shares: Share[] | undefined) => shares?.map(({ percent }) => percent);

let mse: Mse;

/** Returns the points that `pools` of the last reconciliation have now. */
async function pointsNow(pools: Pool[]): Promise<(number[] | undefined)[]> {
  const observed = await provider.observe(mse.session(), 'full', NO_IDS);
  return pools.map((one) => percents(provider.points(one, observed)));
}

describe('at a gateway, the points of a pool', () => {
  beforeEach(async () => {
    mse = await startMse();
  });
  afterEach(() => mse.close());

  const edit = (part: string, IpList: string[]) => {
    const service = [...mse.gateway.services.values()].find(({ Name }) => Name.includes(part));
    const { gatewayUniqueId: GatewayUniqueId } = mse.target;
    return mse.call('UpdateGatewayService', { GatewayUniqueId, Id: service?.Id ?? 0, IpList });
  };

  test.each([
    ['as declared', declaredShares, [40, 60]],
    ['while a cluster is out', only('sh'), [0, 100]],
  ])('are what its clusters are served %s', async (_, shares, expected) => {
    const { matched: config, observed } = await mse.reconcile(CONFIG, { shares });
    const [, found = SHOP] = config.pools;
    expect(percents(provider.points(found, observed))).toEqual(expected);
    for (const one of config.pools) expect(provider.points(one, observed)).toEqual(provider.served(one, shares(one)));
  });

  test('are told from services alone where routes are not read', async () => {
    const { matched: config } = await mse.reconcile(CONFIG);
    await edit('-shop-80-cd-', ['10.0.0.2:80']);
    const observed = await provider.observe(mse.session(), 'pools', NO_IDS);
    expect(config.pools.map((one) => percents(provider.points(one, observed)))).toEqual([
      [33, 67],
      [0, 100],
    ]);
  });

  test('lack what goes to an address of nobody', async () => {
    const { matched: config } = await mse.reconcile(CONFIG);
    await edit('-shop-80-cd-', ['10.0.0.1:80', '10.9.9.9:80', '10.9.9.8:80', '10.9.9.7:80']);
    expect(await pointsNow(config.pools)).toEqual([
      [33, 67],
      [10, 60],
    ]);
  });

  test('are not told while a service is missing, nor of a pool that has none', async () => {
    const { matched: config } = await mse.reconcile(CONFIG);
    const [id] = [...mse.gateway.services.values()].filter(({ Name }) => Name.includes('-shop-80-sh-'));
    mse.gateway.services.delete(id?.Id ?? 0);
    const observed = await provider.observe(mse.session(), 'pools', NO_IDS);
    expect(config.pools.map((one) => percents(provider.points(one, observed)))).toEqual([[33, 67], undefined]);
    expect(await pointsNow([...config.pools, { ...SHOP, objects: [] }, SHOP])).toEqual([
      [33, 67],
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('are not told while published routes of one pool give different percentages, nor while what is in force of it is unknown', async () => {
    const { matched: config } = await mse.reconcile(CONFIG);
    const root = [...mse.gateway.routes.values()].find((one) => one.config.Predicates.PathPredicates?.Path === '/');
    if (root === undefined) throw new Error('there is no route');
    const [first, second] = root.config.Services;
    const give = (percent: number) => {
      const given = [
        { ...first, ServiceId: first?.ServiceId ?? 0, Percent: percent },
        { ...second, ServiceId: second?.ServiceId ?? 0, Percent: 100 - percent },
      ];
      root.config = { ...root.config, Services: given };
      root.GmtModified = `edited to ${percent}`;
    };
    const declared = first?.Percent ?? 0;
    give(declared + 20);
    expect(await pointsNow(config.pools)).toEqual([[33, 67], undefined]);
    give(declared);
    expect(await pointsNow(config.pools)).toEqual([
      [33, 67],
      [40, 60],
    ]);
    root.Status = 4;
    expect(await pointsNow(config.pools)).toEqual([[33, 67], undefined]);
    root.Status = 0;
    expect(await pointsNow(config.pools)).toEqual([
      [33, 67],
      [40, 60],
    ]);
  });

  test('are not told while a route that mixes pools shares one of them out otherwise', async () => {
    const { matched: config } = await mse.reconcile(CONFIG);
    const mix = [...mse.gateway.routes.values()].find((one) => one.config.Predicates.PathPredicates?.Path === '/mix');
    if (mix === undefined) throw new Error('there is no route');
    const ids = [...mse.gateway.services.values()].filter(({ Name }) => Name.includes('-cart-80-')).map(({ Id }) => Id);
    const swapped = mix.config.Services.filter(({ ServiceId }) => ids.includes(ServiceId)).map(
      ({ Percent }) => Percent,
    );
    const Services = mix.config.Services.map((one) =>
      ids.includes(one.ServiceId) ? { ...one, Percent: swapped.pop() ?? 0 } : one,
    );
    mix.config = { ...mix.config, Services };
    mix.GmtModified = 'edited';
    expect(await pointsNow(config.pools)).toEqual([undefined, [40, 60]]);
  });
});

const MEMBERS = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 6 })
  .map((parts) =>
    parts.map(([weight, count], index) =>
      member(
        `c${index}`,
        Array.from({ length: count }, (_, offset) => index * 10 + offset),
        { weight },
      ),
    ),
  );

test('whatever is declared, mixed and in force, the points that are told are the served ones', () => {
  const property = fc.property(
    MEMBERS,
    MEMBERS,
    fc.integer({ min: 1, max: 99 }),
    fc.nat(5),
    (ones, others, weight, out) => {
      const pools = [pool('one', ones, { service: 'one' }), pool('two', others, { service: 'two' })];
      const rules = [
        rule('/mix', { one: weight, two: 100 - weight }),
        rule('/', { one: 100 }),
        rule('/two', { two: 100 }),
      ];
      const shares = (one: Pool) =>
        out < one.members.length && one.members.length > 1
          ? only(...one.members.filter((_, index) => index !== out).map(({ cluster }) => cluster))(one)
          : declaredShares(one);
      const objects = compiled({ pools, rules }, shares);
      const routeStatus = Object.fromEntries(objects.map(({ key }) => [key, 3]));
      const observed: Observed = { objects, foreign: [], facts: { ...NO_FACTS, routeStatus } };
      for (const one of matched({ pools, rules }).pools) {
        expect(provider.points(one, observed)).toEqual(provider.served(one, shares(one)));
      }
    },
  );
  fc.assert(property, { numRuns: 300 });
});
