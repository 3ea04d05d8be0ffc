import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CARRIED } from '../../../../infra/local/cloud/mse/actions/index.ts';
import { TABLE } from '../../../../infra/local/cloud/mse/table.ts';
import type { ParameterNode } from '../../../../infra/local/cloud/table.ts';
import {
  createGateway,
  type Fields,
  type MseCloud,
  popClient,
  publishRoute,
  snapshot,
  startMseCloud,
  type TestGateway,
} from './harness.ts';

let cloud: MseCloud;
let gateway: TestGateway;

beforeAll(async () => {
  cloud = await startMseCloud();
  gateway = await createGateway(cloud);
  await publishRoute(cloud, gateway);
});

afterAll(() => cloud.close());

/** Returns every required parameter of a table, with some value that it accepts. */
function required(members: Map<string, ParameterNode>): Fields {
  const needed = [...members].filter(([, { spec }]) => spec.required);
  return Object.fromEntries(needed.map(([name, node]) => [name, sample(node)]));
}

function sample({ spec, members }: ParameterNode): unknown {
  if (spec.type === 'object') return required(members);
  if (spec.type === 'array<object>') return [required(members)];
  if (spec.type === 'array<string>') return ['one'];
  if (spec.type === 'array<integer>') return [1];
  if (spec.type === 'integer') return Number(spec.enum?.[0] ?? spec.range?.[0] ?? 1);
  if (spec.type === 'boolean') return true;
  return spec.enum?.[0] ?? 'sample';
}

const all = [...TABLE.actions.values()].map((spec) => [spec.name, spec] as const);

test('the table holds the 90 gateway actions of the API', () => {
  expect(TABLE.actions.size).toBe(90);
  expect([...CARRIED.keys()].filter((name) => !TABLE.actions.has(name))).toEqual([]);
});

test.each(all)('%s refuses a parameter that it does not have, and changes nothing', async (name, spec) => {
  const before = snapshot(cloud);
  const ours = spec.members.has('GatewayUniqueId') ? { GatewayUniqueId: gateway.id } : {};
  const { message, ...refused } = await cloud.refusal(name, { ...required(spec.members), ...ours, Bogus: 1 });
  expect(refused).toMatchObject({ status: 200, code: 400, errorCode: 'InvalidParameter', success: false });
  expect(message).toContain('Bogus');
  expect(snapshot(cloud)).toBe(before);
});

test.each(all.filter(([name]) => !CARRIED.has(name)))('%s is checked, then refused by name', async (name, spec) => {
  const { status, code, message } = await cloud.refusal(name, required(spec.members));
  expect({ status, code }).toEqual({ status: 400, code: 'UnsupportedOperation' });
  expect(message).toContain(name);
});

const named = all.filter(([name]) => CARRIED.has(name) && name !== 'AddGateway' && name !== 'ListGateway');

test.each(named)('%s needs a gateway, and one that is there', async (name, spec) => {
  const { GatewayUniqueId: _, FilterParams: __, ...rest } = required(spec.members);
  expect(await cloud.refusal(name, rest)).toMatchObject({ errorCode: 'InvalidParameter' });
  expect(await cloud.refusal(name, required(spec.members))).toMatchObject({ code: 404, errorCode: 'NotFound' });
});

describe('a parameter is refused when', () => {
  const service = { GatewayUniqueId: 'gw-1', SourceType: 'VIP' };
  const cases: [string, string, Fields, string][] = [
    ['it is missing', 'GetGatewayRouteDetail', { GatewayUniqueId: 'gw-1' }, 'RouteId'],
    ['it is empty', 'GetGateway', { GatewayUniqueId: '' }, 'GatewayUniqueId'],
    ['it is no integer', 'GetGatewayRouteDetail', { GatewayUniqueId: 'gw-1', RouteId: 'one' }, 'RouteId'],
    ['its text is no JSON', 'ImportServices', { ...service, ServiceList: '[{' }, 'ServiceList'],
    ['its JSON is of another type', 'ImportServices', { ...service, ServiceList: {} }, 'ServiceList'],
    ['an item of its JSON is of another type', 'ImportServices', { ...service, ServiceList: ['x'] }, 'ServiceList.1'],
    ['its JSON is null', 'ImportServices', { ...service, ServiceList: 'null' }, 'ServiceList'],
    ['a member is missing', 'ImportServices', { ...service, ServiceList: [{}] }, 'ServiceList.1.Name'],
    ['a member is unknown', 'ImportServices', { ...service, ServiceList: [{ Name: 'x', Weight: 1 }] }, 'Weight'],
    ['a member has another type', 'ImportServices', { ...service, ServiceList: [{ Name: 1 }] }, 'ServiceList.1.Name'],
    ['it is flat instead of JSON', 'ImportServices', { ...service, 'ServiceList.1.Name': 'x' }, 'ServiceList'],
    ['a page is too long', 'ListGateway', { PageSize: 101 }, 'PageSize'],
    ['the language is unknown', 'ListGateway', { AcceptLanguage: 'de' }, 'AcceptLanguage'],
  ];
  test.each(cases)('%s: %s', async (_, action, parameters, name) => {
    const { message, ...refused } = await cloud.refusal(action, parameters);
    expect(refused).toMatchObject({ status: 200, code: 400, errorCode: 'InvalidParameter' });
    expect(message).toContain(name);
  });
});

test('a body has the whole envelope, whether it grants or refuses', async () => {
  const pop = popClient(cloud.url);
  // This is a GET, so that the parameters travel in the query.
  const granted = await pop.request('GetGateway', { GatewayUniqueId: gateway.id });
  expect(granted).toMatchObject({ HttpStatusCode: 200, Code: 200, Success: true, Message: 'success' });
  expect(granted).toMatchObject({ RequestId: expect.any(String), Data: { GatewayUniqueId: gateway.id } });
  await expect(pop.request('GetGateway', { GatewayUniqueId: 'gw-none' })).rejects.toMatchObject({
    data: { RequestId: expect.any(String), HttpStatusCode: 404, Code: 404, Success: false, ErrorCode: 'NotFound' },
  });
});
