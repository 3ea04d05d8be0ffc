import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GatewayConfig } from '../../../functions/core/model/ir.ts';
import type { CloudRequest } from '../../../functions/deps.ts';
import { type Mse, member, pool, rule, startMse } from './harness.ts';

const NAMES = ['a', 'b', 'c'];
const exact = (name: string, weights: Record<string, number>) =>
  rule({ path: { type: 'Exact', value: `/${name}` } }, weights);
const CONFIG: GatewayConfig = {
  pools: NAMES.map((name, index) => pool(name, [member('cd', [index])], { service: name })),
  rules: NAMES.map((name) => exact(name, { [name]: 100 })),
};

let mse: Mse;
const published = () => [...mse.gateway.routes.values()].filter(({ Status }) => Status === 3);
const pathsOf = (routes: ReturnType<typeof published>) =>
  routes.map(({ config }) => config.Predicates.PathPredicates?.Path).sort();

describe('what the cloud refuses', () => {
  beforeEach(async () => {
    mse = await startMse();
  });
  afterEach(() => mse.close());

  test.each([
    ['invalid', 'InvalidParameter'],
    ['quota', 'QuotaExceeded.Services'],
    ['gone', 'NotFound'],
    ['denied', 'NoPermission'],
  ])('of class %s is one service, and the route that needs it; everything else is in force', async (_, code) => {
    mse.cloud.faults.add({ kind: 'error', code, action: 'ImportServices' });
    const { refused, left } = await mse.reconcile(CONFIG);
    const [service, route, ...others] = refused;
    expect(others).toEqual([]);
    expect(service).toMatchObject({ kind: 'Service', code });
    expect(route).toMatchObject({ kind: 'Route', code: 'DependsOnRefused' });
    expect(route?.detail).toContain(service?.key);
    expect(published()).toHaveLength(2);
    expect(left.changes.map(({ key }) => key)).toEqual([service?.key, route?.key]);
    expect((await mse.reconcile(CONFIG)).left.changes).toEqual([]);
  });

  test('is one domain, and the routes that need it', async () => {
    await mse.reconcile(CONFIG);
    const elsewhere = { ...exact('x', { a: 100 }), hostname: 'x.example.com' };
    mse.cloud.faults.add({ kind: 'error', code: 'InvalidParameter', action: 'AddGatewayDomain' });
    const { refused } = await mse.reconcile({ ...CONFIG, rules: [elsewhere, exact('y', { a: 100 }), ...CONFIG.rules] });
    expect(refused).toMatchObject([
      { kind: 'Domain', key: 'x.example.com', code: 'InvalidParameter' },
      { kind: 'Route', code: 'DependsOnRefused', detail: expect.stringContaining('x.example.com') },
    ]);
    expect(pathsOf(published())).toEqual(['/a', '/b', '/c', '/y']);
  });

  test.each(['AddGatewayRoute', 'ApplyGatewayRoute'])(
    'is one new route at %s; the others are in force',
    async (action) => {
      mse.cloud.faults.add({ kind: 'body-error', code: 'IllegalRequest', action });
      const { refused, left } = await mse.reconcile(CONFIG);
      expect(refused).toMatchObject([{ kind: 'Route', code: 'IllegalRequest' }]);
      expect(published()).toHaveLength(2);
      expect(left.changes.map(({ key }) => key)).toEqual(refused.map(({ key }) => key));
    },
  );

  test('is one update of a service; the failover of the other pools goes on', async () => {
    const two = CONFIG.pools.map((one, index) => ({ ...one, members: [...one.members, member('sh', [index + 10])] }));
    const config = { ...CONFIG, pools: two };
    await mse.reconcile(config);
    mse.cloud.faults.add({ kind: 'error', code: 'InvalidParameter', action: 'UpdateGatewayService' });
    const shares = () => [
      { cluster: 'cd', percent: 0 },
      { cluster: 'sh', percent: 100 },
    ];
    const { refused, left } = await mse.reconcile({ ...config, rules: [] }, { scope: 'pools', shares });
    expect(refused).toMatchObject([{ kind: 'Service', code: 'InvalidParameter' }]);
    expect(left.changes.map(({ key }) => key)).toEqual(refused.map(({ key }) => key));
  });

  test('is one update of a route, which stays as it is; deletes go on', async () => {
    await mse.reconcile(CONFIG);
    mse.cloud.faults.add({ kind: 'error', code: 'InvalidParameter', action: 'UpdateGatewayRoute' });
    const { refused } = await mse.reconcile({ pools: CONFIG.pools.slice(1), rules: [exact('a', { b: 100 })] });
    const key = refused[0]?.key;
    expect(refused).toMatchObject([
      { kind: 'Route', code: 'InvalidParameter' },
      { kind: 'Service', code: 'DependsOnRefused' },
    ]);
    expect(pathsOf(published())).toEqual(['/a']);
    expect(published()[0]?.Name).toBe(key);
  });

  test('to delete leaves what it is about, and deletes the rest', async () => {
    await mse.reconcile(CONFIG);
    mse.cloud.faults.add({ kind: 'error', code: 'IllegalRequest', action: 'OfflineGatewayRoute' });
    const { refused } = await mse.reconcile({ pools: [], rules: [] });
    expect(refused).toMatchObject([
      { kind: 'Route', code: 'IllegalRequest' },
      { kind: 'Service', code: 'DependsOnRefused' },
    ]);
    expect(refused[1]?.detail).toContain(refused[0]?.key);
    expect(pathsOf(published())).toHaveLength(1);
    expect(mse.gateway.services.size).toBe(1);
  });

  test('never takes a service away from what is in force of a route, though MSE might let it go', async () => {
    await mse.reconcile(CONFIG);
    const [a] = published().filter(({ config }) => config.Predicates.PathPredicates?.Path === '/a');
    const served = a?.config.Services[0]?.ServiceId ?? 0;
    const unwatchful = {
      call: (request: CloudRequest) => {
        if (request.action === 'DeleteGatewayService')
          mse.gateway.services.delete(Number(request.parameters['ServiceId']));
        return mse.client.call(request);
      },
    };
    mse.cloud.faults.add({ kind: 'error', code: 'InvalidParameter', action: 'ApplyGatewayRoute' });
    const moved = { pools: CONFIG.pools.slice(1), rules: [exact('a', { b: 100 }), ...CONFIG.rules.slice(1)] };
    const { refused } = await mse.reconcile(moved, { session: mse.session({ cloud: unwatchful }) });
    expect(refused).toMatchObject([
      { kind: 'Route', code: 'InvalidParameter' },
      { kind: 'Service', code: 'DependsOnRefused' },
    ]);
    expect(a?.Status).toBe(4);
    expect(mse.gateway.services.has(served)).toBe(true);
    const healed = await mse.reconcile(moved, { session: mse.session({ cloud: unwatchful }) });
    expect(healed.left.changes).toEqual([]);
    expect(mse.gateway.services.has(served)).toBe(false);
  });

  test('is a route that MSE cannot publish; the others are waited for', async () => {
    let isFirst = true;
    const failing = {
      call: async (request: CloudRequest) => {
        if (request.action !== 'ApplyGatewayRoute' || !isFirst) return mse.client.call(request);
        isFirst = false;
        const route = mse.gateway.routes.get(Number(request.parameters['RouteId']));
        if (route) route.Status = 6;
        return {};
      },
    };
    const { refused } = await mse.reconcile(CONFIG, { session: mse.session({ cloud: failing }) });
    expect(refused).toMatchObject([{ kind: 'Route', code: 'RoutePublishFailed' }]);
    expect(published()).toHaveLength(2);
  });
});

test.each([
  ['the key is not valid', 'InvalidAccessKeyId.NotFound'],
  ['the signature does not match', 'SignatureDoesNotMatch'],
  ['the cloud does not answer properly', 'InternalError'],
  ['it throttles', 'Throttling.User'],
])('nothing is told of single objects when %s', async (_, code) => {
  mse = await startMse();
  try {
    mse.cloud.faults.add({ kind: 'error', code, action: 'ImportServices', times: 100 });
    await expect(mse.reconcile(CONFIG)).rejects.toMatchObject({ code });
    expect(mse.gateway.services.size).toBe(0);
  } finally {
    await mse.close();
  }
});
