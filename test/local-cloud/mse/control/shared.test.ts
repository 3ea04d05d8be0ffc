import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { core, createGroup, sdkClient, startTestCloud } from '../../control/harness.ts';
import {
  clientOf,
  createGateway,
  type Fields,
  listServices,
  type MseCloud,
  type Page,
  publishRoute,
  routeIn,
  routeOf,
  snapshot,
  startMseCloud,
} from './harness.ts';

/** Tests the parts that MSE shares with ALB: one endpoint with signatures, rates, faults, log and `/_local/`. */

/** Options of the SDK; their class is no dependency of ours, and none is set. */
const NO_OPTIONS = {} as never;

let cloud: MseCloud;

beforeEach(async () => {
  cloud = await startMseCloud();
});

afterEach(() => cloud.close());

test('one server carries both products, each by its version', async () => {
  const both = await startTestCloud({ throttle: false });
  try {
    const mse = clientOf(both.url);
    await createGroup(both);
    expect(await mse.call('ListGateway')).toMatchObject({ TotalSize: 0 });
    expect(await mse.refusal('ListRules')).toMatchObject({ status: 404, code: 'InvalidAction.NotFound' });
    expect(await both.refusal('ListGateway')).toMatchObject({ status: 404, code: 'InvalidAction.NotFound' });
    expect(both.log.entries.map(({ product, action }) => [product, action])).toEqual([
      ['alb', 'CreateServerGroup'],
      ['mse', 'ListGateway'],
      ['mse', 'ListRules'],
      ['alb', 'ListGateway'],
    ]);
  } finally {
    await both.close();
  }
});

test('the signature of the official SDKs (V3) is accepted, and a wrong key is refused by HTTP', async () => {
  const { Params, OpenApiRequest } = core.$OpenApiUtil;
  const call = (key?: { accessKeyId: string; accessKeySecret: string }) =>
    sdkClient(cloud.url, key).callApi(
      new Params({
        action: 'ListGateway',
        version: '2019-05-31',
        protocol: 'HTTP',
        pathname: '/',
        method: 'POST',
        authType: 'AK',
        style: 'RPC',
        reqBodyType: 'formData',
        bodyType: 'json',
      }),
      new OpenApiRequest({ query: { FilterParams: '{"Name":"edge"}' } }),
      NO_OPTIONS,
    );
  expect(await call()).toMatchObject({ body: { Code: 200, Success: true, Data: { TotalSize: 0 } } });
  await expect(call({ accessKeyId: 'test-key', accessKeySecret: 'wrong' })).rejects.toMatchObject({
    code: 'SignatureDoesNotMatch',
  });
});

describe('rates', () => {
  test('all actions of a region share 5 calls a second; ALB and other regions do not count', async () => {
    const both = await startTestCloud();
    try {
      const own = clientOf(both.url);
      for (let count = 0; count < 4; count += 1) await own.call('ListGateway');
      expect(await own.refusal('GetGateway', { GatewayUniqueId: 'gw-1' })).toMatchObject({ errorCode: 'NotFound' });
      const { status, code, headers } = await own.refusal('ListGateway');
      expect([status, code, headers['x-acs-retry-after']]).toEqual([400, 'Throttling.User', '1000']);
      await own.call('ListGateway', { RegionId: 'cn-beijing' });
      await both.call('ListRules');
      both.advance(1000);
      await own.call('ListGateway');
    } finally {
      await both.close();
    }
  });

  test('another rate can be set', async () => {
    const own = await startMseCloud({ throttle: { limit: 1, perSeconds: 10 } });
    try {
      await own.call('ListGateway');
      await own.advance(9999);
      expect(await own.refusal('ListGateway')).toMatchObject({ code: 'Throttling.User' });
      await own.advance(1);
      await own.call('ListGateway');
    } finally {
      await own.close();
    }
  });
});

describe('an injected fault', () => {
  test('error refuses by HTTP, body-error inside an HTTP 200; neither does anything', async () => {
    const gateway = await createGateway(cloud);
    const before = snapshot(cloud);
    cloud.faults.add({ kind: 'error', action: 'AddGatewayRoute' });
    expect(await cloud.refusal('AddGatewayRoute', routeOf(gateway))).toMatchObject({
      status: 503,
      code: 'ServiceUnavailable',
    });
    cloud.faults.add({ kind: 'body-error', action: 'AddGatewayRoute' });
    expect(await cloud.refusal('AddGatewayRoute', routeOf(gateway))).toMatchObject({
      status: 200,
      code: 500,
      errorCode: 'InternalError',
      success: false,
    });
    expect(cloud.log.entries.at(-1)).toMatchObject({ fault: 'body-error', status: 200, code: 'InternalError' });
    cloud.faults.add({ kind: 'body-error', code: 'NoPermission' });
    expect(await cloud.refusal('ListGateway')).toMatchObject({ status: 200, code: 403, errorCode: 'NoPermission' });
    expect(snapshot(cloud)).toBe(before);
  });

  test('throttle, drop, html and latency are met as by ALB', async () => {
    cloud.faults.add({ kind: 'throttle' });
    expect(await cloud.refusal('ListGateway')).toMatchObject({ status: 400, code: 'Throttling.User' });
    cloud.faults.add({ kind: 'drop' });
    await expect(cloud.call('ListGateway')).rejects.toThrow();
    cloud.faults.add({ kind: 'html' });
    await expect(cloud.call('ListGateway')).rejects.toMatchObject({ name: 'SyntaxError' });
    cloud.faults.add({ kind: 'latency', latencyMs: 5 });
    await cloud.call('ListGateway');
    expect(cloud.log.entries.map(({ fault, status }) => [fault, status])).toEqual([
      ['throttle', 400],
      ['drop', 0],
      ['html', 502],
      ['latency', 200],
    ]);
  });

  test('lost-response does the work; the route is found by its name, and a second one is refused', async () => {
    const gateway = await createGateway(cloud);
    cloud.faults.add({ kind: 'lost-response', action: 'AddGatewayRoute' });
    await expect(cloud.call('AddGatewayRoute', routeOf(gateway))).rejects.toThrow();
    expect(await cloud.refusal('AddGatewayRoute', routeOf(gateway))).toMatchObject({ errorCode: 'AlreadyExists' });
    const FilterParams = { GatewayUniqueId: gateway.id, Name: 'route-1' };
    expect(await cloud.call('ListGatewayRoute', { FilterParams })).toMatchObject({ Result: [{ Name: 'route-1' }] });
  });

  test('stale-read does not show the route that has been added since, and writes go through', async () => {
    const gateway = await createGateway(cloud);
    cloud.faults.add({ kind: 'stale-read', action: 'ListGatewayRoute' });
    await cloud.call('AddGatewayRoute', routeOf(gateway));
    const FilterParams = { GatewayUniqueId: gateway.id };
    expect(await cloud.call('ListGatewayRoute', { FilterParams })).toMatchObject({ TotalSize: 0 });
    expect(await cloud.call('ListGatewayRoute', { FilterParams })).toMatchObject({ TotalSize: 1 });
  });

  test('an update that is done and a publish that fails leave a route of status 4', async () => {
    const gateway = await createGateway(cloud);
    const id = await publishRoute(cloud, gateway);
    const { Name: _, ...route } = routeOf(gateway, { Services: [{ ServiceId: gateway.services[1] }] });
    await cloud.call('UpdateGatewayRoute', { ...route, Id: id });
    cloud.faults.add({ kind: 'body-error', action: 'ApplyGatewayRoute' });
    const apply = { GatewayUniqueId: gateway.id, RouteId: id };
    expect(await cloud.refusal('ApplyGatewayRoute', apply)).toMatchObject({ errorCode: 'InternalError' });
    await cloud.advance(60_000);
    const { Status, published } = routeIn(cloud, gateway, id);
    expect([Status, published?.Services]).toEqual([4, [{ ServiceId: gateway.services[0] }]]);
  });

  test('of one product leaves the other alone', async () => {
    const both = await startTestCloud({ throttle: false });
    try {
      both.faults.add({ kind: 'error', product: 'mse', times: 2 });
      await both.call('ListRules');
      expect(await clientOf(both.url).refusal('ListGateway')).toMatchObject({ status: 503 });
      both.faults.clear();
      both.faults.add({ kind: 'body-error' });
      await both.call('ListRules');
      expect(both.faults.list()).toHaveLength(1);
    } finally {
      await both.close();
    }
  });
});

describe('by HTTP under /_local/', () => {
  const json = async (path: string, body?: Fields) => {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${cloud.url}/_local/${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };

  test('the state shows gateways, with what is in them, beside what ALB has', async () => {
    const gateway = await createGateway(cloud);
    await publishRoute(cloud, gateway);
    expect((await json('state')).body).toMatchObject({
      loadBalancers: [],
      rules: [],
      gateways: [
        {
          Status: 2,
          dataPlaneAddress: '127.0.0.1:1',
          domains: [{ Name: 'a.example.com' }, { Name: 'b.example.com' }],
          services: [{ Name: 'pool-a', Ips: ['10.0.0.1:80', '10.0.0.2:80'] }, { Name: 'pool-b' }],
          routes: [{ Name: 'route-1', Status: 3, published: { DestinationType: 'Single' } }],
        },
      ],
    });
  });

  test('a fault may name a product', async () => {
    expect((await json('faults', { kind: 'error', product: 'mse' })).status).toBe(201);
    expect((await json('faults', { kind: 'error', product: 'slb' })).status).toBe(400);
    expect(cloud.faults.list()).toEqual([{ kind: 'error', product: 'mse', times: 1 }]);
  });

  test('objects of the Ingress controller are shown, and refuse every edit', async () => {
    const gateway = await createGateway(cloud);
    const seed = { gatewayUniqueId: gateway.id, host: 'k8s.example.com', path: '/', addresses: ['10.5.0.1:80'] };
    expect((await json('ingress', { ...seed, gatewayUniqueId: 'gw-none' })).status).toBe(400);
    expect((await json('ingress', { ...seed, addresses: '10.5.0.1:80' })).status).toBe(400);
    expect((await json('ingress', seed)).status).toBe(201);
    const GatewayUniqueId = gateway.id;
    const { Result } = await cloud.call<Page<Fields & { Id: number }>>('ListGatewayRoute', {
      FilterParams: { GatewayUniqueId },
    });
    expect(Result).toMatchObject([{ Type: 'Ingress', Status: 3, DomainNameList: ['k8s.example.com'] }]);
    const [domain] = await cloud.call<{ Id: number }[]>('ListGatewayDomain', { GatewayUniqueId, Type: 'Ingress' });
    const before = snapshot(cloud);
    const RouteId = Result[0]?.Id;
    const { Name: _, ...route } = routeOf(gateway);
    for (const [action, parameters] of [
      ['UpdateGatewayRoute', { ...route, Id: RouteId }],
      ['ApplyGatewayRoute', { GatewayUniqueId, RouteId }],
      ['OfflineGatewayRoute', { GatewayUniqueId, RouteId }],
      ['DeleteGatewayRoute', { GatewayUniqueId, RouteId }],
      ['UpdateGatewayRouteTimeout', { GatewayUniqueId, Id: RouteId, TimeoutJSON: { Status: 'off' } }],
      ['UpdateGatewayDomain', { GatewayUniqueId, Id: domain?.Id, Http2: 'open' }],
      ['DeleteGatewayDomain', { GatewayUniqueId, Id: domain?.Id }],
    ] as const) {
      expect(await cloud.refusal(action, parameters)).toMatchObject({ code: 400, errorCode: 'IllegalRequest' });
    }
    expect(snapshot(cloud)).toBe(before);
    expect((await listServices(cloud, gateway.id, { SourceType: 'K8s' })).TotalSize).toBe(1);
  });
});
