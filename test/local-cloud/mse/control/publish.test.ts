import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createGateway,
  type Fields,
  type MseCloud,
  PUBLISH_LATENCY_MS,
  publishRoute,
  routeIn,
  routeOf,
  startMseCloud,
  type TestGateway,
} from './harness.ts';

let cloud: MseCloud;
let gateway: TestGateway;

beforeEach(async () => {
  cloud = await startMseCloud();
  gateway = await createGateway(cloud);
});

afterEach(() => cloud.close());

const of = (RouteId: number) => ({ GatewayUniqueId: gateway.id, RouteId });
const statusOf = async (id: number) => (await cloud.call<{ Status: number }>('GetGatewayRouteDetail', of(id))).Status;
const inForce = (id: number) => routeIn(cloud, gateway, id).published?.Services.map(({ ServiceId }) => ServiceId);
const update = (Id: number, service: number): Fields => {
  const { Name: _, ...route } = routeOf(gateway, { Services: [{ ServiceId: service }] });
  return { ...route, Id };
};

test('a route is in force when its publishing ends and not before', async () => {
  const id = await cloud.call<number>('AddGatewayRoute', routeOf(gateway));
  expect([await statusOf(id), inForce(id)]).toEqual([0, undefined]);
  expect(await cloud.call('ApplyGatewayRoute', of(id))).toBe(true);
  await cloud.advance(PUBLISH_LATENCY_MS - 1);
  expect([await statusOf(id), inForce(id)]).toEqual([2, undefined]);
  await cloud.advance(1);
  expect([await statusOf(id), inForce(id)]).toEqual([3, [gateway.services[0]]]);
});

test('an edit of a published route waits, as status 4, for the next publish; the old one serves meanwhile', async () => {
  const [first, second] = gateway.services;
  const id = await publishRoute(cloud, gateway);
  await cloud.call('UpdateGatewayRoute', update(id, second));
  await cloud.advance(PUBLISH_LATENCY_MS * 10);
  expect([await statusOf(id), inForce(id)]).toEqual([4, [first]]);
  await cloud.call('ApplyGatewayRoute', of(id));
  expect([await statusOf(id), inForce(id)]).toEqual([2, [first]]);
  await cloud.advance(PUBLISH_LATENCY_MS);
  expect([await statusOf(id), inForce(id)]).toEqual([3, [second]]);
});

test('while a route is being published or taken offline it refuses edits, and nothing is lost', async () => {
  const id = await publishRoute(cloud, gateway);
  for (const [action, rest] of [
    ['ApplyGatewayRoute', 3],
    ['OfflineGatewayRoute', 0],
  ] as const) {
    await cloud.call(action, of(id));
    for (const [edit, parameters] of [
      ['UpdateGatewayRoute', update(id, gateway.services[1])],
      ['ApplyGatewayRoute', of(id)],
      ['OfflineGatewayRoute', of(id)],
      ['DeleteGatewayRoute', of(id)],
    ] as const) {
      expect(await cloud.refusal(edit, parameters)).toMatchObject({ code: 409, errorCode: 'RouteBusy' });
    }
    await cloud.advance(PUBLISH_LATENCY_MS);
    expect(await statusOf(id)).toBe(rest);
  }
});

test('a route must be offline before it is deleted, and serves until then', async () => {
  const id = await publishRoute(cloud, gateway);
  expect(await cloud.refusal('DeleteGatewayRoute', of(id))).toMatchObject({ code: 400, errorCode: 'IllegalRequest' });
  await cloud.call('OfflineGatewayRoute', of(id));
  expect([await statusOf(id), inForce(id)]).toEqual([5, [gateway.services[0]]]);
  await cloud.advance(PUBLISH_LATENCY_MS);
  expect([await statusOf(id), inForce(id)]).toEqual([0, undefined]);
  expect(await cloud.refusal('OfflineGatewayRoute', of(id))).toMatchObject({ errorCode: 'IllegalRequest' });
  expect(await cloud.call('DeleteGatewayRoute', of(id))).toMatchObject({ Id: id, Name: 'route-1' });
  for (const action of ['DeleteGatewayRoute', 'GetGatewayRouteDetail', 'ApplyGatewayRoute']) {
    expect(await cloud.refusal(action, of(id))).toMatchObject({ code: 404, errorCode: 'NotFound' });
  }
});

const POLICIES = {
  Timeout: ['UpdateGatewayRouteTimeout', 'TimeoutJSON', { Status: 'on', UnitNum: 5, TimeUnit: 's' }],
  Retry: ['UpdateGatewayRouteRetry', 'RetryJSON', { Status: 'on', Attempts: 1, RetryOn: ['5xx'], HttpCodes: ['502'] }],
  CORS: [
    'UpdateGatewayRouteCORS',
    'CorsJSON',
    { Status: 'on', AllowOrigins: 'https://x', AllowMethods: 'GET', AllowCredentials: true, UnitNum: 1, TimeUnit: 'h' },
  ],
  HeaderOp: [
    'UpdateGatewayRouteHeaderOp',
    'HeaderOpJSON',
    { status: 'on', headerOpItems: [{ directionType: 'Request', opType: 'Add', key: 'x-a', value: '1' }] },
  ],
  HTTPRewrite: [
    'UpdateGatewayRouteHTTPRewrite',
    'HttpRewriteJSON',
    { status: 'on', pathType: 'PRE', path: '/v2/', host: 'inner.example.com' },
  ],
} as const;

/** Spells names of members as the texts in `Policies` do. */
function lowerCamel(value: object): object {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.charAt(0).toLowerCase() + name.slice(1), member]),
  );
}

test('policies are in force at once, and Policies of a new route says the same as an action for each', async () => {
  const one = await publishRoute(cloud, gateway);
  for (const [action, parameter, policy] of Object.values(POLICIES)) {
    await cloud.call(action, { GatewayUniqueId: gateway.id, Id: one, [parameter]: policy });
  }
  expect(await statusOf(one)).toBe(3);
  const Policies = Object.fromEntries(
    Object.entries(POLICIES).map(([key, [, , policy]]) => [key, JSON.stringify(lowerCamel(policy))]),
  );
  const other = await cloud.call<number>('AddGatewayRoute', routeOf(gateway, { Name: 'other', Policies }));
  const { policies } = routeIn(cloud, gateway, one);
  expect(routeIn(cloud, gateway, other).policies).toEqual(policies);
  expect(policies).toEqual({
    Timeout: { Status: 'on', UnitNum: 5, TimeUnit: 's' },
    Retry: { Status: 'on', Attempts: 1, RetryOn: ['5xx'], HttpCodes: ['502'] },
    Cors: {
      Status: 'on',
      AllowOrigins: 'https://x',
      AllowMethods: 'GET',
      AllowHeaders: '',
      ExposeHeaders: '',
      AllowCredentials: true,
      UnitNum: 1,
      TimeUnit: 'h',
    },
    HeaderOp: {
      Status: 'on',
      HeaderOpItems: [{ DirectionType: 'Request', OpType: 'Add', Key: 'x-a', Value: '1' }],
    },
    HttpRewrite: { Status: 'on', PathType: 'PRE', Path: '/v2/', Host: 'inner.example.com' },
  });
  expect(await cloud.call('GetGatewayRouteDetail', of(other))).toMatchObject({
    Timeout: policies.Timeout,
    Cors: policies.Cors,
    HTTPRewrite: policies.HttpRewrite,
  });
});

test.each([
  ['UpdateGatewayRouteTimeout', { TimeoutJSON: { Status: 'on' } }],
  ['UpdateGatewayRouteTimeout', { TimeoutJSON: { Status: 'on', UnitNum: 5, TimeUnit: 'm' } }],
  ['UpdateGatewayRouteRetry', { RetryJSON: { Status: 'on' } }],
  ['UpdateGatewayRouteRetry', { RetryJSON: { Status: 'on', Attempts: 1, HttpCodes: ['5xx'] } }],
  ['UpdateGatewayRouteCORS', { CorsJSON: { Status: 'on' } }],
  ['UpdateGatewayRouteHeaderOp', { HeaderOpJSON: { Status: 'on', HeaderOpItems: [] } }],
  [
    'UpdateGatewayRouteHeaderOp',
    { HeaderOpJSON: { status: 'on', headerOpItems: [{ directionType: 'Request', opType: 'Add', key: 'x' }] } },
  ],
  ['UpdateGatewayRouteHTTPRewrite', { HttpRewriteJSON: { status: 'on' } }],
  ['UpdateGatewayRouteHTTPRewrite', { HttpRewriteJSON: { status: 'on', pathType: 'ERGULAR', pattern: '(' } }],
])('%s refuses %j and leaves the policies alone', async (action, policy) => {
  const Id = await publishRoute(cloud, gateway);
  expect(await cloud.refusal(action, { GatewayUniqueId: gateway.id, Id, ...policy })).toMatchObject({
    status: 200,
    errorCode: 'InvalidParameter',
  });
  expect(routeIn(cloud, gateway, Id).policies).toEqual({});
});

test('a policy that is off needs nothing else', async () => {
  const Id = await publishRoute(cloud, gateway);
  for (const [action, parameter, policy] of Object.values(POLICIES)) {
    const off = 'Status' in policy ? { Status: 'off' } : { status: 'off' };
    await cloud.call(action, { GatewayUniqueId: gateway.id, Id, [parameter]: off });
  }
  expect(Object.values(routeIn(cloud, gateway, Id).policies).map(({ Status }) => Status)).toEqual(Array(5).fill('off'));
});
