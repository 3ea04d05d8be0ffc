import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createGateway,
  type Fields,
  type MseCloud,
  type Page,
  PUBLISH_LATENCY_MS,
  publishRoute,
  routeIn,
  routeOf,
  snapshot,
  startMseCloud,
  type TestGateway,
} from './harness.ts';

let cloud: MseCloud;
let gateway: TestGateway;
let names = 0;

beforeAll(async () => {
  cloud = await startMseCloud();
  gateway = await createGateway(cloud);
});

afterAll(() => cloud.close());

const fresh = (fields: Fields = {}) => {
  names += 1;
  return routeOf(gateway, { Name: `fresh-${names}`, ...fields });
};
const path = (Path: string, Type: string) => ({ PathPredicates: { Path, Type } });
const list = (filter: Fields = {}, page: Fields = {}) =>
  cloud.call<Page<Fields & { Name: string }>>('ListGatewayRoute', {
    FilterParams: { GatewayUniqueId: gateway.id, ...filter },
    ...page,
  });

/** Parameters of a route that gives these percentages to the two services. */
const shares = (...percents: (number | undefined)[]) => ({
  DestinationType: 'Multiple',
  Services: percents.map((Percent, index) => ({ ServiceId: gateway.services[index], Percent })),
});

describe('a route is refused when', () => {
  const cases: [string, () => Fields][] = [
    ['its name is longer than 63', () => ({ Name: 'x'.repeat(64) })],
    ['it has no domain', () => ({ DomainIdListJSON: [] })],
    ['a domain is there twice', () => ({ DomainIdListJSON: [gateway.domains[0], gateway.domains[0]] })],
    ['its domains are no list', () => ({ DomainIdListJSON: '90' })],
    ['it has no path', () => ({ Predicates: {} })],
    ['its path does not begin with /', () => ({ Predicates: path('shop', 'PRE') })],
    ['its kind of path is none of the three', () => ({ Predicates: path('/', 'REGULAR') })],
    ['its expression is broken', () => ({ Predicates: path('/(', 'ERGULAR') })],
    ['its expression looks around', () => ({ Predicates: path('/(?=x)', 'ERGULAR') })],
    ['a method is unknown', () => ({ Predicates: { ...path('/', 'PRE'), MethodPredicates: ['FETCH'] } })],
    [
      'a header has no value',
      () => ({ Predicates: { ...path('/', 'PRE'), HeaderPredicates: [{ Key: 'x', Type: 'EQUAL' }] } }),
    ],
    ['a predicate is unknown', () => ({ Predicates: { ...path('/', 'PRE'), CookiePredicates: [] } })],
    ['percents total 99', () => shares(59, 40)],
    ['percents total 101', () => shares(61, 40)],
    ['a percent is 0', () => shares(100, 0)],
    ['a percent is missing', () => shares(100, undefined)],
    ['Multiple has one service', () => shares(100)],
    [
      'Multiple has one service twice',
      () => ({
        DestinationType: 'Multiple',
        Services: [50, 50].map((Percent) => ({ ServiceId: gateway.services[0], Percent })),
      }),
    ],
    ['Single has none', () => ({ Services: [] })],
    ['Single has two', () => ({ Services: gateway.services.map((ServiceId) => ({ ServiceId })) })],
    ['Single has a percent', () => ({ Services: [{ ServiceId: gateway.services[0], Percent: 100 }] })],
    ['an id is a text', () => ({ Services: [{ ServiceId: String(gateway.services[0]) }] })],
    ['fallback has no service', () => ({ Fallback: true })],
    ['a service to fall back to is given without Fallback', () => ({ FallbackServices: [{ ServiceId: 1 }] })],
    ['Mock has no answer', () => ({ DestinationType: 'Mock', Services: [] })],
    ['Mock has a service', () => ({ DestinationType: 'Mock', DirectResponseJSON: { Code: 200 } })],
    ['Single has an answer', () => ({ DirectResponseJSON: { Code: 200 } })],
    ['a redirect goes nowhere', () => ({ DestinationType: 'Redirect', Services: [], RedirectJSON: { Code: 302 } })],
    [
      'a redirect has another status',
      () => ({ DestinationType: 'Redirect', Services: [], RedirectJSON: { Code: 200, Path: '/' } }),
    ],
    ['a policy is no text', () => ({ Policies: { Timeout: { status: 'on', unitNum: 5, timeUnit: 's' } } })],
    ['a policy is unknown', () => ({ Policies: { Mirror: '{}' } })],
    ['Predicates are no JSON', () => ({ Predicates: 'PathPredicates=/' })],
  ];
  test.each(cases)('%s', async (_, fields) => {
    const before = snapshot(cloud);
    expect(await cloud.refusal('AddGatewayRoute', fresh(fields()))).toMatchObject({
      status: 200,
      code: 400,
      errorCode: 'InvalidParameter',
      success: false,
    });
    expect(snapshot(cloud)).toBe(before);
  });

  test('a domain or a service is not there', async () => {
    for (const fields of [{ DomainIdListJSON: [1] }, { Services: [{ ServiceId: 1 }] }]) {
      expect(await cloud.refusal('AddGatewayRoute', fresh(fields))).toMatchObject({ code: 404, errorCode: 'NotFound' });
    }
  });

  test('its name is there already', async () => {
    const route = fresh();
    await cloud.call('AddGatewayRoute', route);
    expect(await cloud.refusal('AddGatewayRoute', route)).toMatchObject({ code: 409, errorCode: 'AlreadyExists' });
  });

  test('versions of a service are asked for, which the local cloud does not carry', async () => {
    const { code, message } = await cloud.refusal('AddGatewayRoute', fresh({ DestinationType: 'VersionOriented' }));
    expect([code, message]).toEqual(['UnsupportedOperation', expect.stringContaining('VersionOriented')]);
  });
});

test('a route is read back as it was sent, parsed and as text', async () => {
  const Predicates = {
    PathPredicates: { Path: '/shop/', Type: 'PRE', IgnoreCase: false },
    HeaderPredicates: [{ Key: 'x-user', Value: 'a|b', Type: 'ERGULAR' }],
    QueryPredicates: [{ Key: 'v', Value: '1', Type: 'EQUAL' }],
    MethodPredicates: ['GET'],
  };
  const route = fresh({ ...shares(60, 40), Predicates, DomainIdListJSON: gateway.domains, RouteOrder: 7 });
  const Id = await cloud.call<number>('AddGatewayRoute', { ...route, Description: 'ours' });
  const { Result } = await list({ Name: route['Name'] });
  expect(Result).toMatchObject([
    {
      Id,
      Type: 'Op',
      Status: 0,
      RouteOrder: 7,
      DomainIdList: gateway.domains,
      DomainNameList: ['a.example.com', 'b.example.com'],
      DestinationType: 'Multiple',
      RoutePredicates: Predicates,
      RouteServices: [
        { ServiceId: gateway.services[0], ServiceName: 'pool-a', Percent: 60 },
        { ServiceId: gateway.services[1], ServiceName: 'pool-b', Percent: 40 },
      ],
      Fallback: false,
    },
  ]);
  expect(JSON.parse(String(Result[0]?.['Predicates']))).toEqual(Predicates);
  const detail = await cloud.call<Fields>('GetGatewayRouteDetail', { GatewayUniqueId: gateway.id, RouteId: Id });
  expect(detail).toMatchObject({ Id, Description: 'ours', DestinationType: 'Multiple' });
  expect(Object.keys(detail)).not.toContain('Type');
});

test('answers of the gateway itself and redirects are kept', async () => {
  const mock = { DestinationType: 'Mock', Services: [], DirectResponseJSON: { Code: 503, Body: 'closed' } };
  const redirect = { DestinationType: 'Redirect', Services: [], RedirectJSON: { Code: 308, Host: 'new.example.com' } };
  const mockId = await cloud.call<number>('AddGatewayRoute', fresh(mock));
  const redirectId = await cloud.call<number>('AddGatewayRoute', fresh(redirect));
  expect(routeIn(cloud, gateway, mockId).config.DirectResponse).toEqual({ Code: 503, Body: 'closed' });
  expect(routeIn(cloud, gateway, redirectId).config.Redirect).toEqual({ Code: 308, Host: 'new.example.com' });
});

test('the list of routes comes whole whatever PageSize says, and is filtered', async () => {
  for (let count = 0; count < 12; count += 1) await cloud.call('AddGatewayRoute', fresh({ RouteOrder: 99 }));
  const all = await list({ RouteOrder: 99 }, { PageSize: 5 });
  expect(all).toMatchObject({ PageSize: 5, TotalSize: 12 });
  expect(all.Result).toHaveLength(12);
  const id = await publishRoute(cloud, gateway, { Name: 'only', Predicates: path('/only', 'EQUAL') });
  for (const filter of [{ Name: 'onl' }, { Path: '/only' }, { Status: 3, DomainId: gateway.domains[0] }]) {
    expect((await list(filter)).Result).toMatchObject([{ Id: id, Name: 'only' }]);
  }
  expect((await list({ DomainName: 'b.example', Path: '/only' })).Result).toEqual([]);
});

test('an update replaces match and destination as a whole and keeps name, order and policies', async () => {
  const [first, second] = gateway.services;
  const Policies = { Timeout: JSON.stringify({ status: 'on', unitNum: 3, timeUnit: 's' }) };
  const fallback = { Fallback: true, FallbackServices: [{ ServiceId: second }] };
  const Id = await cloud.call<number>('AddGatewayRoute', fresh({ ...fallback, Policies, RouteOrder: 5 }));
  const { Name } = routeIn(cloud, gateway, Id);
  const update = {
    GatewayUniqueId: gateway.id,
    Id,
    DomainIdListJSON: [gateway.domains[1]],
    Predicates: path('/new', 'EQUAL'),
    DestinationType: 'Single',
    Services: [{ ServiceId: first }],
  };
  await cloud.call('UpdateGatewayRoute', update);
  expect(routeIn(cloud, gateway, Id)).toMatchObject({
    Name,
    RouteOrder: 5,
    Status: 0,
    config: {
      DomainIds: [gateway.domains[1]],
      Predicates: path('/new', 'EQUAL'),
      Fallback: false,
      FallbackServices: [],
    },
    policies: { Timeout: { Status: 'on', UnitNum: 3, TimeUnit: 's' } },
  });
  const { Services: _, ...withoutServices } = update;
  for (const refused of [withoutServices, { ...update, Name: 'other' }, { ...update, Predicates: undefined }]) {
    expect(await cloud.refusal('UpdateGatewayRoute', refused)).toMatchObject({ errorCode: 'InvalidParameter' });
  }
  expect(await cloud.refusal('UpdateGatewayRoute', { ...update, Id: 1 })).toMatchObject({ errorCode: 'NotFound' });
});

test('the time of its last edit moves with every edit of a route or a policy, and not with publishing', async () => {
  const { Name } = fresh();
  const RouteId = await cloud.call<number>('AddGatewayRoute', routeOf(gateway, { Name }));
  const modified = async () => (await list({ Name })).Result[0]?.['GmtModified'];
  let last = await modified();
  const { Name: _, RouteType: __, Policies: ___, ...destination } = routeOf(gateway, { Name });
  const Policy = { GatewayUniqueId: gateway.id, Id: RouteId };
  const edits: [string, Fields][] = [
    ['UpdateGatewayRoute', { ...destination, Id: RouteId }],
    ['UpdateGatewayRouteTimeout', { ...Policy, TimeoutJSON: { Status: 'on', UnitNum: 5, TimeUnit: 's' } }],
    ['UpdateGatewayRouteHeaderOp', { ...Policy, HeaderOpJSON: { status: 'off', headerOpItems: [] } }],
  ];
  for (const [action, parameters] of edits) {
    await cloud.advance(1000);
    await cloud.call(action, parameters);
    expect(await modified(), action).not.toBe(last);
    last = await modified();
  }
  await cloud.advance(1000);
  await cloud.call('ApplyGatewayRoute', { GatewayUniqueId: gateway.id, RouteId });
  await cloud.advance(PUBLISH_LATENCY_MS);
  expect(await modified()).toBe(last);
});
