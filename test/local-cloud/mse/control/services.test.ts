import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { seedIngress } from '../../../../infra/local/cloud/mse/ingress.ts';
import {
  createGateway,
  type Fields,
  listServices,
  type MseCloud,
  routeOf,
  serviceIn,
  snapshot,
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

const importing = (ServiceList: Fields[], SourceType = 'VIP') => ({
  GatewayUniqueId: gateway.id,
  SourceType,
  ServiceList,
});
const detail = (ServiceId: number) =>
  cloud.call<Fields>('GetGatewayServiceDetail', { GatewayUniqueId: gateway.id, ServiceId });

test('an import answers true and not the id; a list by name finds it, checked by TCP from the start', async () => {
  expect(await cloud.call('ImportServices', importing([{ Name: 'pool-c', Ips: ['10.2.0.1:8080'] }]))).toBe(true);
  expect((await listServices(cloud, gateway.id, { Name: 'pool-c' })).Result).toMatchObject([
    {
      Name: 'pool-c',
      SourceType: 'VIP',
      ServiceProtocol: 'HTTP',
      Ips: ['10.2.0.1:8080'],
      Ports: [8080],
      HealthCheck: true,
      HealthCheckInfo: { Check: true, Protocol: 'TCP' },
      HealthStatus: 'Unknown',
      UnhealthyEndpoints: [],
    },
  ]);
});

test('a service of a name that is there is refused in the body, and nothing of the import is done', async () => {
  const before = snapshot(cloud);
  const twice = importing([
    { Name: 'pool-c', Ips: ['10.2.0.1:80'] },
    { Name: 'pool-a', Ips: ['10.2.0.1:80'] },
  ]);
  const { status, code, message } = await cloud.refusal('ImportServices', twice);
  expect({ status, code }).toEqual({ status: 200, code: 409 });
  expect(message).toContain('同名服务');
  expect(snapshot(cloud)).toBe(before);
});

test.each([
  ['it has no address', { Ips: [] }, 'VIP'],
  ['an address has no port', { Ips: ['10.0.0.1'] }, 'VIP'],
  ['an address is a name', { Ips: ['example.com:80'] }, 'VIP'],
  ['a port is too great', { Ips: ['10.0.0.1:65536'] }, 'VIP'],
  ['an address is there twice', { Ips: ['10.0.0.1:80', '10.0.0.1:80'] }, 'VIP'],
  ['its name is too long', { Name: 'x'.repeat(64), Ips: ['10.0.0.1:80'] }, 'VIP'],
  ['a DNS service has no port', { Ips: ['example.com'] }, 'DNS'],
  ['a DNS service has addresses with ports', { Ips: ['example.com:80'], ServicePort: 80 }, 'DNS'],
])('a service is refused when %s', async (_, fields, type) => {
  expect(await cloud.refusal('ImportServices', importing([{ Name: 'pool-c', ...fields }], type))).toMatchObject({
    status: 200,
    code: 400,
    errorCode: 'InvalidParameter',
  });
});

test('a service of a registry is not carried, and said to be so', async () => {
  const { status, code, message } = await cloud.refusal('ImportServices', importing([{ Name: 'x' }], 'K8s'));
  expect({ status, code }).toEqual({ status: 400, code: 'UnsupportedOperation' });
  expect(message).toContain('K8s');
});

test('a list has 10 entries by default and is read whole by page', async () => {
  const services = Array.from({ length: 23 }, (_, count) => ({ Name: `bulk-${count}`, Ips: [`10.9.0.${count}:80`] }));
  await cloud.call('ImportServices', importing(services));
  const first = await listServices(cloud, gateway.id);
  expect(first).toMatchObject({ PageNumber: 1, PageSize: 10, TotalSize: 25 });
  expect(first.Result).toHaveLength(10);
  expect((await listServices(cloud, gateway.id, {}, { PageNumber: 3 })).Result).toHaveLength(5);
  expect((await listServices(cloud, gateway.id, { Name: 'bulk' }, { PageSize: 100 })).Result).toHaveLength(23);
  expect((await listServices(cloud, gateway.id, { SourceType: 'DNS' })).TotalSize).toBe(0);
});

describe('an update of a service', () => {
  const update = (fields: Fields) => ({ GatewayUniqueId: gateway.id, Id: gateway.services[0], ...fields });

  test('replaces the addresses at once and leaves the rest and every route alone', async () => {
    await cloud.call('AddGatewayRoute', routeOf(gateway));
    await cloud.call('UpdateGatewayService', update({ Name: 'pool-a', IpList: ['10.1.0.1:80'] }));
    expect(serviceIn(cloud, gateway, gateway.services[0])).toMatchObject({
      Name: 'pool-a',
      Ips: ['10.1.0.1:80'],
      ServiceProtocol: 'HTTP',
      HealthCheck: { Check: true },
    });
    await cloud.call('UpdateGatewayService', update({ ServiceProtocol: 'GRPC' }));
    expect(await detail(gateway.services[0])).toMatchObject({ Ips: ['10.1.0.1:80'], ServiceProtocol: 'GRPC' });
  });

  test('gives a DNS service another name or port', async () => {
    await cloud.call('ImportServices', importing([{ Name: 'dns', Ips: ['a.example.com'], ServicePort: 80 }], 'DNS'));
    const [service] = (await listServices(cloud, gateway.id, { Name: 'dns' })).Result;
    const Id = service?.Id ?? 0;
    await cloud.call('UpdateGatewayService', { ...update({}), Id, IpList: ['b.example.com'] });
    await cloud.call('UpdateGatewayService', { ...update({}), Id, ServicePort: 8080 });
    expect(await detail(Id)).toMatchObject({ Ips: ['b.example.com'], ServicePort: 8080, Ports: [8080] });
    expect(serviceIn(cloud, gateway, Id).Ips).toEqual(['b.example.com:8080']);
  });

  test.each([
    ['it names another service', { Name: 'pool-b' }, 'InvalidParameter'],
    ['no address would be left', { IpList: [] }, 'InvalidParameter'],
    ['the list is no JSON', { IpList: '10.0.0.1:80' }, 'InvalidParameter'],
    ['the service is not there', { Id: 1 }, 'NotFound'],
  ])('is refused when %s', async (_, fields, errorCode) => {
    const before = snapshot(cloud);
    expect(await cloud.refusal('UpdateGatewayService', update(fields))).toMatchObject({ status: 200, errorCode });
    expect(snapshot(cloud)).toBe(before);
  });

  test('is refused for a service that the gateway has from elsewhere', async () => {
    seedIngress(cloud.mse, {
      gatewayUniqueId: gateway.id,
      host: 'k8s.example.com',
      path: '/',
      addresses: ['10.3.0.1:80'],
    });
    const [service] = (await listServices(cloud, gateway.id, { SourceType: 'K8s' })).Result;
    const call = { GatewayUniqueId: gateway.id, Id: service?.Id, IpList: ['10.0.0.1:80'] };
    expect(await cloud.refusal('UpdateGatewayService', call)).toMatchObject({ errorCode: 'IllegalRequest' });
  });
});

test('lists and routes show the verdict of the data plane on each endpoint', async () => {
  const RouteId = await cloud.call<number>('AddGatewayRoute', routeOf(gateway));
  cloud.health.set('10.0.0.1:80', 'healthy').set('10.0.0.2:80', 'unhealthy').set('10.1.0.1:80', 'healthy');
  expect((await listServices(cloud, gateway.id)).Result).toMatchObject([
    { Name: 'pool-a', HealthStatus: 'Unhealthy', UnhealthyEndpoints: ['10.0.0.2:80'] },
    { Name: 'pool-b', HealthStatus: 'Health', UnhealthyEndpoints: [] },
  ]);
  expect(await cloud.call('GetGatewayRouteDetail', { GatewayUniqueId: gateway.id, RouteId })).toMatchObject({
    RouteServices: [{ ServiceName: 'pool-a', HealthStatus: 'Unhealthy', UnhealthyEndpoints: ['10.0.0.2:80'] }],
  });
});

test('a health check changes by what is given; HTTP needs path and statuses', async () => {
  const check = { GatewayUniqueId: gateway.id, ServiceId: gateway.services[0] };
  await cloud.call('UpdateGatewayServiceCheck', { ...check, Interval: 1, UnhealthyThreshold: 3 });
  const http = { ...check, Protocol: 'HTTP', HttpPath: '/healthz', ExpectedStatuses: [200, 300] };
  expect(await cloud.refusal('UpdateGatewayServiceCheck', { ...check, Protocol: 'HTTP' })).toMatchObject({ code: 400 });
  expect(await cloud.refusal('UpdateGatewayServiceCheck', { ...http, ExpectedStatuses: [204] })).toMatchObject({
    errorCode: 'InvalidParameter',
  });
  await cloud.call('UpdateGatewayServiceCheck', http);
  expect(serviceIn(cloud, gateway, gateway.services[0]).HealthCheck).toEqual({
    Check: true,
    Protocol: 'HTTP',
    Interval: 1,
    Timeout: 2,
    HealthyThreshold: 2,
    UnhealthyThreshold: 3,
    HttpPath: '/healthz',
    ExpectedStatuses: [200, 300],
  });
});

test('a traffic policy is kept as the data plane reads it', async () => {
  const policy = (LoadBalancerSettings: Fields) => ({
    GatewayUniqueId: gateway.id,
    ServiceId: gateway.services[0],
    GatewayTrafficPolicy: { LoadBalancerSettings },
  });
  const cookie = { ConsistentHashLBType: 'COOKIE', HttpCookie: { Name: 'sid', Path: '/', TTL: '60' } };
  const hash = { LoadbalancerType: 'CONSISTENT_HASH', ConsistentHashLBConfig: cookie };
  await cloud.call('UpdateGatewayServiceTrafficPolicy', policy(hash));
  expect(serviceIn(cloud, gateway, gateway.services[0]).TrafficPolicy).toEqual({
    LoadBalancerSettings: {
      LoadbalancerType: 'CONSISTENT_HASH',
      ConsistentHashLBConfig: { ConsistentHashLBType: 'COOKIE', HttpCookie: { Name: 'sid', Path: '/', TTL: 60 } },
    },
  });
  for (const settings of [
    { LoadbalancerType: 'CONSISTENT_HASH' },
    { LoadbalancerType: 'CONSISTENT_HASH', ConsistentHashLBConfig: { ConsistentHashLBType: 'HEADER' } },
    { LoadbalancerType: 'RANDOM', ConsistentHashLBConfig: cookie },
    { LoadbalancerType: 'FASTEST' },
  ]) {
    expect(await cloud.refusal('UpdateGatewayServiceTrafficPolicy', policy(settings))).toMatchObject({
      errorCode: 'InvalidParameter',
    });
  }
});

test('a service that a route uses, also as fallback, cannot be deleted', async () => {
  const [first, second] = gateway.services;
  const route = routeOf(gateway, { Fallback: true, FallbackServices: [{ ServiceId: second }] });
  const RouteId = await cloud.call<number>('AddGatewayRoute', route);
  for (const ServiceId of [first, second]) {
    expect(await cloud.refusal('DeleteGatewayService', { GatewayUniqueId: gateway.id, ServiceId })).toMatchObject({
      errorCode: 'IllegalRequest',
    });
  }
  await cloud.call('DeleteGatewayRoute', { GatewayUniqueId: gateway.id, RouteId });
  await cloud.call('DeleteGatewayService', { GatewayUniqueId: gateway.id, ServiceId: second });
  expect((await listServices(cloud, gateway.id)).Result.map(({ Name }) => Name)).toEqual(['pool-a']);
});
