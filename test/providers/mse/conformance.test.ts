import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { plan } from '../../../functions/core/gateway/plan.ts';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import { mse as provider } from '../../../functions/providers/mse/index.ts';
import { crashing, declaredShares, filter, type Mse, member, NO_IDS, only, pool, rule, startMse } from './harness.ts';

const SHOP = pool('shop-80', [member('cd', [1], { weight: 40 }), member('sh', [2], { weight: 60 })]);
const CART = pool('cart-80', [member('cd', [1, 3]), member('sh', [2, 4])], { service: 'cart' });
const CONFIG: GatewayConfig = {
  pools: [CART, SHOP],
  rules: [
    rule('/cart', { 'cart-80': 100 }),
    rule('/mix', { 'cart-80': 30, 'shop-80': 70 }),
    rule('/', { 'shop-80': 100 }),
  ],
};
const EMPTY: GatewayConfig = { pools: [], rules: [] };

let mse: Mse;
const routes = () => [...mse.gateway.routes.values()];
const paths = () =>
  routes()
    .map((route) => route.config.Predicates.PathPredicates?.Path)
    .sort();

describe('a gateway', () => {
  beforeEach(async () => {
    mse = await startMse();
  });
  afterEach(() => mse.close());

  test('that is empty gets everything, and a second plan is empty', async () => {
    const { plan, left } = await mse.reconcile(CONFIG);
    expect(plan.changes.map(({ verb, kind }) => `${verb} ${kind}`)).toEqual([
      'create Domain',
      ...Array.from({ length: 4 }, () => 'create Service'),
      ...Array.from({ length: 5 }, () => 'create Route'),
    ]);
    expect(left.changes).toEqual([]);
    expect(paths()).toEqual(['/', '/cart', '/cart/', '/mix', '/mix/']);
    expect(routes().every((route) => route.Status === 3)).toBe(true);
  });

  test('moves a failed cluster with one call for each pool, and neither reads nor writes a route', async () => {
    await mse.reconcile(CONFIG);
    mse.calls('write');
    const before = mse.cloud.counts().byAction;
    const failed = await mse.reconcile({ ...CONFIG, rules: [] }, { shares: only('sh'), scope: 'pools' });
    expect(failed.left.changes).toEqual([]);
    expect(mse.calls('write')).toEqual(['UpdateGatewayService', 'UpdateGatewayService']);
    for (const action of ['ListGatewayRoute', 'GetGatewayRouteDetail', 'ListGatewayDomain']) {
      expect(mse.cloud.counts().byAction[action]).toBe(before[action]);
    }
    expect(mse.addresses('shop-80-cd')).toEqual(['10.0.0.2:80']);
    expect(mse.addresses('cart-80-cd')).toEqual(['10.0.0.2:80', '10.0.0.4:80']);
    await mse.reconcile({ ...CONFIG, rules: [] }, { scope: 'pools' });
    expect(mse.addresses('shop-80-cd')).toEqual(['10.0.0.1:80']);
    expect((await mse.reconcile(CONFIG)).plan.changes).toEqual([]);
  });

  test('keeps routes also when everything is reconciled while a cluster is out', async () => {
    await mse.reconcile(CONFIG);
    const { plan: changes, left } = await mse.reconcile(CONFIG, { shares: only('sh') });
    expect(changes.changes.map((change) => change.kind)).toEqual(['Service', 'Service']);
    expect(left.changes).toEqual([]);
  });

  test('follows when clusters fail one after the other, and when they come back in another order', async () => {
    const three = pool('shop-80', [member('a', [1]), member('b', [2]), member('c', [3])]);
    const config = { pools: [three], rules: [rule('/', { 'shop-80': 100 })] };
    await mse.reconcile(config);
    const at = async (...serving: string[]) => {
      const { left } = await mse.reconcile({ ...config, rules: [] }, { shares: only(...serving), scope: 'pools' });
      expect(left.changes).toEqual([]);
      return ['a', 'b', 'c'].map((cluster) => mse.addresses(`shop-80-${cluster}-`).join());
    };
    expect(await at('b', 'c')).toEqual(['10.0.0.2:80,10.0.0.3:80', '10.0.0.2:80', '10.0.0.3:80']);
    expect(await at('c')).toEqual(['10.0.0.3:80', '10.0.0.3:80', '10.0.0.3:80']);
    expect(await at('a', 'c')).toEqual(['10.0.0.1:80', '10.0.0.1:80,10.0.0.3:80', '10.0.0.3:80']);
  });

  test('takes weights that were edited while a cluster was out, and keeps them when it is back', async () => {
    await mse.reconcile(CONFIG);
    await mse.reconcile({ ...CONFIG, rules: [] }, { shares: only('sh'), scope: 'pools' });
    const edited = {
      ...CONFIG,
      pools: [CART, pool('shop-80', [member('cd', [1], { weight: 10 }), member('sh', [2], { weight: 90 })])],
    };
    await mse.reconcile(edited, { shares: only('sh') });
    mse.calls('write');
    await mse.reconcile({ ...edited, rules: [] }, { scope: 'pools' });
    expect(mse.calls('write')).toEqual(['UpdateGatewayService', 'UpdateGatewayService']);
    const root = routes().find((route) => route.config.Predicates.PathPredicates?.Path === '/');
    expect(root?.config.Services.map((service) => service.Percent).sort()).toEqual([10, 90]);
    expect((await mse.reconcile(edited)).plan.changes).toEqual([]);
  });

  test('gets policies with a new route, and each that changes by its own call', async () => {
    const one = (more: object) => ({ pools: [SHOP], rules: [rule('/', { 'shop-80': 100 }, more)] });
    const filters = [
      filter({
        type: 'RequestHeaderModifier',
        set: [{ name: 'X-A', value: '1' }],
        add: [{ name: 'X-B', value: '2' }],
        remove: ['X-C'],
      }),
      filter({ type: 'ResponseHeaderModifier', remove: ['Server'] }),
      filter({ type: 'URLRewrite', hostname: 'inner.example.com', path: { type: 'ReplaceFullPath', value: '/x' } }),
      filter({ type: 'CORS', allowOrigins: ['https://a.example.com'], allowMethods: ['GET'], maxAgeSeconds: 7200 }),
    ];
    const full = { filters, timeouts: { requestSeconds: 5 }, retry: { attempts: 3, statusCodes: [503] } };
    expect((await mse.reconcile(one(full))).left.changes).toEqual([]);
    expect(mse.calls('write').filter((action) => /Route/.test(action))).toEqual([
      'AddGatewayRoute',
      'ApplyGatewayRoute',
    ]);
    const less = { ...full, filters: filters.slice(1), timeouts: { requestSeconds: 6 } };
    expect((await mse.reconcile(one(less))).left.changes).toEqual([]);
    expect(mse.calls('write')).toEqual([
      'UpdateGatewayRouteTimeout',
      'UpdateGatewayRouteHeaderOp',
      'ApplyGatewayRoute',
    ]);
    expect((await mse.reconcile(one({}))).left.changes).toEqual([]);
    expect((await mse.reconcile(one(full))).left.changes).toEqual([]);
  });

  test('reads every kind of match and destination back as it was written', async () => {
    const conditions = {
      path: { type: 'RegularExpression', value: '^/v[0-9]+/.*$' },
      method: 'POST',
      headers: [
        { name: 'X-Tenant', value: 'A b' },
        { type: 'RegularExpression', name: 'X-Canary', value: '^y(es)?$' },
      ],
      queryParams: [{ name: 'v', value: '2' }],
    };
    const answers = [
      filter({ type: 'DirectResponse', statusCode: 200, body: 'ok' }),
      filter({ type: 'RequestRedirect', hostname: 'b.example.com', statusCode: 308 }),
      filter({ type: 'RequestRedirect', path: { type: 'ReplaceFullPath', value: '/new' } }),
    ];
    const rules = [
      rule({ path: { type: 'Exact', value: '/x' } }, { 'shop-80': 100 }, { fallback: 'cart-80' }),
      rule(conditions, { 'shop-80': 50, 'cart-80': 50 }),
      ...answers.map((answer, index) => rule(`/answer-${index}`, {}, { filters: [answer] })),
      rule('/', { 'shop-80': 100 }, { hostname: '*.example.com' }),
      rule('/', { 'shop-80': 100 }, { hostname: undefined }),
    ];
    expect((await mse.reconcile({ ...CONFIG, rules })).left.changes).toEqual([]);
    expect((await mse.reconcile({ ...CONFIG, rules })).plan.changes).toEqual([]);
  });

  test('takes another health check, protocol and affinity in place', async () => {
    const one = (more: object) => ({
      pools: [pool('shop-80', [member('cd', [1])], more)],
      rules: [rule('/', { 'shop-80': 100 })],
    });
    const thresholds = { intervalSeconds: 3, timeoutSeconds: 4, healthyThreshold: 5, unhealthyThreshold: 6 };
    await mse.reconcile(one({}));
    mse.calls('write');
    expect((await mse.reconcile(one({ healthCheck: { type: 'tcp', ...thresholds } }))).left.changes).toEqual([]);
    expect(mse.calls('write')).toEqual(['UpdateGatewayServiceCheck']);
    const secure = one({ healthCheck: { type: 'tcp', ...thresholds }, protocol: 'HTTPS' });
    expect((await mse.reconcile(secure)).left.changes).toEqual([]);
    expect(mse.calls('write')).toEqual(['UpdateGatewayService']);
  });

  test('holds a client to one address of the whole pool when it has affinity', async () => {
    const config = { pools: [{ ...SHOP, affinity: { ttlSeconds: 600 } }], rules: CONFIG.rules.slice(2) };
    expect((await mse.reconcile(config)).left.changes).toEqual([]);
    const [service, ...others] = [...mse.gateway.services.values()];
    expect(others).toEqual([]);
    expect(service?.Ips).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    expect(service?.TrafficPolicy.LoadBalancerSettings).toMatchObject({
      LoadbalancerType: 'CONSISTENT_HASH',
      ConsistentHashLBConfig: { HttpCookie: { TTL: 600 } },
    });
    mse.calls('write');
    await mse.reconcile({ ...config, rules: [] }, { shares: only('sh'), scope: 'pools' });
    expect(mse.calls('write')).toEqual(['UpdateGatewayService']);
    expect((await mse.reconcile({ pools: [SHOP], rules: config.rules })).left.changes).toEqual([]);
  });

  test('creates a route that matches something else before the old one goes', async () => {
    await mse.reconcile(CONFIG);
    mse.calls('write');
    const rules = [rule({ path: { type: 'Exact', value: '/basket' } }, { 'cart-80': 100 }), ...CONFIG.rules.slice(1)];
    expect((await mse.reconcile({ ...CONFIG, rules })).left.changes).toEqual([]);
    expect(mse.calls('write')).toEqual([
      'AddGatewayRoute',
      'ApplyGatewayRoute',
      ...['OfflineGatewayRoute', 'OfflineGatewayRoute'],
      ...['DeleteGatewayRoute', 'DeleteGatewayRoute'],
    ]);
  });

  test('that has nothing declared loses all of ours and nothing else', async () => {
    const other = mse.session({ owner: 'fairlead/prod/other' });
    await mse.reconcile(CONFIG);
    await mse.reconcile({ pools: [SHOP], rules: [rule('/other', { 'shop-80': 100 })] }, { session: other });
    expect((await mse.reconcile(EMPTY)).left.changes).toEqual([]);
    expect(paths()).toEqual(['/other', '/other/']);
    expect(mse.gateway.services.size).toBe(2);
    expect([...mse.gateway.domains.values()].map((domain) => domain.Name)).toEqual(['shop.example.com']);
  });

  test('finds and sets right what others have edited', async () => {
    await mse.reconcile(CONFIG);
    const [route] = routes();
    const [service] = mse.gateway.services.values();
    await mse.call('OfflineGatewayRoute', { GatewayUniqueId: mse.target.gatewayUniqueId, RouteId: route?.Id });
    await mse.call('UpdateGatewayService', {
      GatewayUniqueId: mse.target.gatewayUniqueId,
      Id: service?.Id,
      IpList: ['10.9.9.9:80'],
    });
    const { plan: found, left } = await mse.reconcile(CONFIG);
    expect(found.changes.map(({ kind, reason }) => `${kind} ${reason}`)).toEqual([
      'Service differs in Ips',
      'Route differs in Published',
    ]);
    expect(left.changes).toEqual([]);
  });

  test('only publishes again what was written and not published', async () => {
    await mse.reconcile(CONFIG);
    const edited = { ...CONFIG, rules: [...CONFIG.rules.slice(0, 2), rule('/', { 'cart-80': 100 })] };
    mse.cloud.faults.add({ kind: 'error', code: 'InvalidParameter', action: 'ApplyGatewayRoute' });
    const { refused } = await mse.reconcile(edited);
    expect(refused).toMatchObject([{ kind: 'Route', code: 'InvalidParameter' }]);
    expect(routes().map((route) => route.Status)).toContain(4);
    mse.calls('write');
    const { plan: healed, left } = await mse.reconcile(edited);
    expect(healed.changes.map((change) => change.reason)).toEqual(['differs in Published']);
    expect(mse.calls('write')).toEqual(['ApplyGatewayRoute']);
    expect(left.changes).toEqual([]);
  });

  test('is not written to while it does not run', async () => {
    mse.gateway.Status = 12;
    const observing = provider.observe(mse.session(), 'pools', NO_IDS);
    await expect(observing).rejects.toMatchObject({ code: 'GatewayNotRunning', errorClass: 'busy' });
  });

  test('reads lists that are longer than a page to the end', async () => {
    const pools = Array.from({ length: 110 }, (_, index) => pool(`p${index}`, [member('cd', [index + 1])]));
    const rules = [rule('/', { p0: 100 })];
    expect((await mse.reconcile({ pools, rules })).left.changes).toEqual([]);
    expect(mse.gateway.services.size).toBe(110);
  });

  test.each(['lost-response', 'throttle', 'drop', 'html', 'body-error'] as const)(
    'ends up the same when calls meet %s',
    async (kind) => {
      const actions = [
        'AddGatewayDomain',
        'ImportServices',
        'UpdateGatewayServiceCheck',
        'AddGatewayRoute',
        'ApplyGatewayRoute',
        'ListGatewayService',
        'ListGatewayRoute',
      ];
      for (const action of actions) mse.cloud.faults.add({ kind, action, times: 2 });
      expect((await mse.reconcile(CONFIG)).left.changes).toEqual([]);
      expect(routes()).toHaveLength(5);
      expect(mse.gateway.services.size).toBe(4);
      for (const action of ['OfflineGatewayRoute', 'DeleteGatewayRoute', 'DeleteGatewayService']) {
        mse.cloud.faults.add({ kind, action, times: 2 });
      }
      expect((await mse.reconcile(EMPTY)).left.changes).toEqual([]);
    },
  );

  test('gets no twins from a batch that is applied again by what was observed before', async () => {
    const shares = new Map(CONFIG.pools.map((one) => [one.key, declaredShares(one)]));
    const session = mse.session();
    const observed = await provider.observe(session, 'full', NO_IDS);
    const { changes } = plan(
      provider.compile(provider.match(CONFIG, observed, session), shares, observed, session),
      observed.objects,
      'sync',
    );
    for (const batch of provider.batch(changes)) {
      await provider.apply(batch, observed, session);
      await provider.apply(batch, observed, session);
    }
    expect(routes()).toHaveLength(5);
    expect((await mse.reconcile(CONFIG)).plan.changes).toEqual([]);
  });

  test('loses the younger of two routes or services with one name', async () => {
    await mse.reconcile(CONFIG);
    const [route] = routes();
    const [service] = mse.gateway.services.values();
    if (route === undefined || service === undefined) throw new Error('nothing was created');
    mse.gateway.routes.set(9001, { ...structuredClone(route), Id: 9001 });
    mse.gateway.services.set(9002, { ...structuredClone(service), Id: 9002 });
    const { plan: found, left } = await mse.reconcile(CONFIG);
    expect(found.changes.map(({ verb, key }) => `${verb} ${key}`)).toEqual([
      `delete ${route.Name}#9001`,
      `delete ${service.Name}#9002`,
    ]);
    expect(left.changes).toEqual([]);
  });

  test('gets no write after the lease is lost', async () => {
    let writes = 0;
    const session = mse.session();
    session.ensureLease = async () => {
      if (++writes > 3) throw new Error('lease lost');
    };
    await expect(mse.reconcile(CONFIG, { session })).rejects.toThrow('lease lost');
    expect(mse.calls('write').length).toBeLessThanOrEqual(3);
  });
});

test('routes and services that are not ours are shown, whoever made them', async () => {
  mse = await startMse();
  try {
    await mse.reconcile(CONFIG);
    const other = mse.session({ owner: 'fairlead/prod/other' });
    await mse.reconcile({ pools: [SHOP], rules: [rule('/', { 'shop-80': 100 })] }, { session: other });
    const [ours, theirs] = [
      await provider.observe(mse.session(), 'full', NO_IDS),
      await provider.observe(other, 'full', NO_IDS),
    ];
    expect(ours.foreign.map(({ kind }) => kind)).toEqual(['Route', 'Service', 'Service']);
    for (const observed of [ours, theirs]) {
      const keys = new Set(observed.objects.map(({ key }) => key));
      expect(observed.foreign.filter(({ name }) => keys.has(name))).toEqual([]);
    }
    expect(theirs.foreign.map(({ name }) => name).sort()).toEqual(ours.objects.map(({ key }) => key).sort());
    expect((await provider.observe(mse.session(), 'pools', NO_IDS)).foreign).toEqual([]);
  } finally {
    await mse.close();
  }
});

test('a gateway of the Ingress controller, and objects under our names that are not ours, are refused', async () => {
  mse = await startMse({ tags: [{ Key: 'ack.aliyun.com', Value: 'c-1' }] });
  try {
    await mse.reconcile(CONFIG);
    const [route] = routes();
    if (route) route.Type = 'Ingress';
    const observed = await provider.observe(mse.session(), 'full', NO_IDS);
    expect(provider.findings(CONFIG, observed.facts)).toMatchObject([
      { reason: 'MseOfIngressController' },
      { reason: 'MseNameTaken', detail: expect.stringContaining(`${route?.Name} at the gateway`) },
    ]);
    expect(observed.objects.map((object) => object.key)).not.toContain(route?.Name);
  } finally {
    await mse.close();
  }
});

test.each(['before', 'after'] as const)(
  'a crash %s any write is healed by the next run, without twins',
  async (when) => {
    const NEXT: GatewayConfig = {
      pools: [
        pool('cart-80', [member('cd', [1, 5]), member('sh', [2])], { service: 'cart', protocol: 'HTTPS' }),
        pool('new-80', [member('sh', [7])], { service: 'new' }),
      ],
      rules: [
        rule({ path: { type: 'Exact', value: '/new' } }, { 'new-80': 100 }),
        rule('/cart', { 'cart-80': 50, 'new-80': 50 }, { timeouts: { requestSeconds: 9 } }),
        rule('/', { 'cart-80': 100 }, { hostname: 'new.example.com' }),
      ],
    };
    let crashed = true;
    for (let write = 1; crashed; write++) {
      mse = await startMse();
      try {
        await mse.reconcile(CONFIG);
        const session = mse.session({ cloud: crashing(mse.client, write, when) });
        crashed = await mse.reconcile(NEXT, { session }).then(
          () => false,
          () => true,
        );
        expect((await mse.reconcile(NEXT)).left.changes, `write ${write}`).toEqual([]);
        expect(paths()).toEqual(['/', '/cart', '/cart/', '/new']);
        expect(mse.gateway.services.size).toBe(3);
      } finally {
        await mse.close();
      }
    }
  },
);
