import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createGateway,
  GATEWAY,
  GATEWAY_LATENCY_MS,
  gatewayIn,
  type MseCloud,
  type Page,
  publishRoute,
  routeOf,
  startMseCloud,
} from './harness.ts';

let cloud: MseCloud;

beforeEach(async () => {
  cloud = await startMseCloud();
});

afterEach(() => cloud.close());

const add = (fields = {}) => cloud.call<{ GatewayUniqueId: string }>('AddGateway', { ...GATEWAY, ...fields });
const statusOf = async (GatewayUniqueId: string) =>
  (await cloud.call<{ Status: number }>('GetGateway', { GatewayUniqueId })).Status;
const domain = (GatewayUniqueId: string) => ({ GatewayUniqueId, Name: 'x.example.com', Protocol: 'HTTP' });

test('a gateway is created, refuses writes until it runs, and only then accepts connections', async () => {
  const { GatewayUniqueId } = await add({ Name: 'edge', Spec: 'MSE_GTW_4_8_200_c', Replica: 3 });
  expect(GatewayUniqueId).toMatch(/^gw-[0-9a-f]{32}$/);
  expect(await statusOf(GatewayUniqueId)).toBe(0);
  expect(await cloud.refusal('AddGatewayDomain', domain(GatewayUniqueId))).toMatchObject({
    status: 200,
    code: 409,
    errorCode: 'GatewayNotRunning',
    success: false,
  });
  await cloud.advance(GATEWAY_LATENCY_MS - 1);
  expect([await statusOf(GatewayUniqueId), cloud.open.size]).toEqual([0, 0]);
  await cloud.advance(1);
  expect([await statusOf(GatewayUniqueId), [...cloud.open]]).toEqual([2, [GatewayUniqueId]]);
  expect(gatewayIn(cloud, GatewayUniqueId).dataPlaneAddress).toBe('127.0.0.1:1');
  expect(await cloud.call('GetGateway', { GatewayUniqueId })).toMatchObject({
    Name: 'edge',
    Vpc: 'vpc-1',
    Spec: 'MSE_GTW_4_8_200_c',
    Replica: 3,
    StatusDesc: 'running',
  });
  await cloud.call('AddGatewayDomain', domain(GatewayUniqueId));
});

test('a gateway that cannot open its port is a failed one, and can be deleted', async () => {
  const { GatewayUniqueId } = await add({ Name: 'doomed' });
  await cloud.advance(GATEWAY_LATENCY_MS);
  expect(await statusOf(GatewayUniqueId)).toBe(1);
  await cloud.call('DeleteGateway', { GatewayUniqueId });
  await cloud.advance(GATEWAY_LATENCY_MS);
  expect(await cloud.refusal('GetGateway', { GatewayUniqueId })).toMatchObject({ code: 404, errorCode: 'NotFound' });
});

test('while its size changes, a gateway serves and can be read, but not written to', async () => {
  const gateway = await createGateway(cloud);
  const target = { GatewayUniqueId: gateway.id };
  await cloud.call('UpdateGatewaySpec', { ...target, Spec: 'MSE_GTW_8_16_200_c', Replica: 5 });
  expect(await statusOf(gateway.id)).toBe(3);
  for (const [action, parameters] of [
    ['AddGatewayRoute', routeOf(gateway)],
    ['UpdateGatewayService', { ...target, Id: gateway.services[0], IpList: ['10.0.0.9:80'] }],
    ['UpdateGatewaySpec', { ...target, Spec: 'MSE_GTW_8_16_200_c', Replica: 6 }],
    ['AddGatewayDomain', domain(gateway.id)],
  ] as const) {
    expect(await cloud.refusal(action, parameters)).toMatchObject({ code: 409, errorCode: 'GatewayNotRunning' });
  }
  expect([...cloud.open]).toEqual([gateway.id]);
  await cloud.call('ListGatewayRoute', { FilterParams: target });
  await cloud.advance(GATEWAY_LATENCY_MS);
  expect(await cloud.call('GetGateway', target)).toMatchObject({ Status: 2, Spec: 'MSE_GTW_8_16_200_c', Replica: 5 });
});

test('a deleted gateway closes and takes everything with it', async () => {
  const gateway = await createGateway(cloud);
  await publishRoute(cloud, gateway);
  await cloud.call('DeleteGateway', { GatewayUniqueId: gateway.id });
  expect([await statusOf(gateway.id), cloud.open.size]).toEqual([8, 1]);
  await cloud.advance(GATEWAY_LATENCY_MS);
  expect([cloud.mse.gateways.size, cloud.open.size]).toEqual([0, 0]);
});

test('gateways are listed by page, by part of the name, by VPC and by region', async () => {
  for (let count = 0; count < 11; count += 1) await add({ Name: `edge-${count}` });
  await add({ Name: 'inner', Vpc: 'vpc-2', Region: 'cn-beijing' });
  const list = (parameters = {}) => cloud.call<Page<{ Name: string; VpcId: string }>>('ListGateway', parameters);
  expect(await list()).toMatchObject({ PageNumber: 1, PageSize: 10, TotalSize: 12 });
  expect((await list({ PageNumber: 2 })).Result).toHaveLength(2);
  expect((await list({ FilterParams: { Name: 'edge-1' } })).Result.map(({ Name }) => Name)).toEqual([
    'edge-1',
    'edge-10',
  ]);
  for (const parameters of [{ FilterParams: { Vpc: 'vpc-2' } }, { RegionId: 'cn-beijing' }]) {
    expect((await list(parameters)).Result).toMatchObject([{ Name: 'inner', VpcId: 'vpc-2' }]);
  }
  expect(await cloud.refusal('ListGateway', { FilterParams: { MseTag: 'x' } })).toMatchObject({
    status: 400,
    code: 'UnsupportedOperation',
  });
});

test('a load balancer in front becomes ready, is shown and removed', async () => {
  const { id: GatewayUniqueId } = await createGateway(cloud);
  const slb = { GatewayUniqueId, SlbId: 'lb-1' };
  const list = () => cloud.call('ListGatewaySlb', { GatewayUniqueId });
  await cloud.call('AddGatewaySlb', { ...slb, Type: 'PUB_NET', HttpPort: 80 });
  expect(await cloud.refusal('AddGatewaySlb', slb)).toMatchObject({ errorCode: 'AlreadyExists' });
  expect(await list()).toMatchObject([{ SlbId: 'lb-1', Type: 'PUB_NET', HttpPort: 80, GatewaySlbStatus: 'Creating' }]);
  await cloud.advance(GATEWAY_LATENCY_MS);
  expect(await list()).toMatchObject([{ GatewaySlbStatus: 'Ready' }]);
  await cloud.call('DeleteGatewaySlb', slb);
  expect(await list()).toEqual([]);
  expect(await cloud.refusal('DeleteGatewaySlb', slb)).toMatchObject({ errorCode: 'NotFound' });
});
