import { afterEach, expect, test } from 'vitest';
import type { HealthCheck, Service } from '../../../../infra/local/cloud/mse/model.ts';
import { type DemoCluster, type FailureMode, startDemoCluster } from '../../../../infra/local/demo-cluster.ts';
import { type Address, refusedAddress, startBackend, until } from '../../data-plane/fixtures.ts';
import { healthCheck, ipOf, multiple, route, type Setup, service, startGateway } from './fixtures.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function clusters(...names: string[]): Promise<[DemoCluster, DemoCluster, DemoCluster]> {
  const started = await Promise.all(names.map((name) => startDemoCluster({ name })));
  cleanups.push(...started.map((cluster) => cluster.close));
  return started as [DemoCluster, DemoCluster, DemoCluster];
}

function checked(id: number, addresses: Address[], check: Partial<HealthCheck> = {}): Service {
  return service(id, addresses, { HealthCheck: healthCheck(check) });
}

async function start(setup: Setup) {
  const gateway = await startGateway(setup);
  cleanups.push(gateway.close);
  const health = (serviceId: number, address: Address) =>
    gateway.plane.endpointHealth('gw-1', serviceId, ipOf(address));
  const becomes = (serviceId: number, address: Address, expected: string) =>
    until(() => health(serviceId, address) === expected);
  return { ...gateway, health, becomes };
}

test.each<FailureMode>(['refuse', 'hang', 'brownout'])(
  'an endpoint that fails by %s leaves the pool while half of it is healthy, and comes back',
  async (mode) => {
    const [east, west] = await clusters('east', 'west');
    const gateway = await start({ services: [checked(1, [east.address, west.address], { Timeout: 0.2 })] });
    await gateway.becomes(1, east.address, 'healthy');
    await gateway.becomes(1, west.address, 'healthy');
    await east.fail(mode);
    await gateway.becomes(1, east.address, 'unhealthy');
    expect(await gateway.tally(20)).toEqual({ west: 20 });
    await east.recover();
    await gateway.becomes(1, east.address, 'healthy');
    expect(await gateway.tally(20)).toEqual({ east: 10, west: 10 });
  },
);

test('below half of the endpoints healthy, all get requests again: panic', async () => {
  const [east, west, north] = await clusters('east', 'west', 'north');
  const gateway = await start({ services: [checked(1, [east.address, west.address, north.address])] });
  await west.fail('brownout');
  await gateway.becomes(1, west.address, 'unhealthy');
  expect(await gateway.tally(30)).toEqual({ east: 15, north: 15 });
  await north.fail('brownout');
  await gateway.becomes(1, north.address, 'unhealthy');
  await gateway.tally(30);
  expect([east.requestCount, west.requestCount, north.requestCount]).toEqual([25, 10, 25]);
});

test('a service with no healthy endpoint keeps its percent and answers 503', async () => {
  const [east, west] = await clusters('east', 'west');
  const gateway = await start({
    services: [checked(1, [east.address]), checked(2, [west.address])],
    routes: [route(1, multiple({ 1: 60, 2: 40 }))],
  });
  await west.fail('refuse');
  await gateway.becomes(2, west.address, 'unhealthy');
  expect(await gateway.tally(50)).toEqual({ east: 30, 503: 20 });
});

test('the fallback serves once every endpoint has failed its checks, and no longer than that', async () => {
  const [east, west, north] = await clusters('east', 'west', 'north');
  const gateway = await start({
    services: [checked(1, [east.address, west.address]), checked(2, [north.address])],
    routes: [route(1, { Fallback: true, FallbackServices: [{ ServiceId: 2 }] })],
  });
  await east.fail('refuse');
  await gateway.becomes(1, east.address, 'unhealthy');
  expect(await gateway.tally(10)).toEqual({ west: 10 });
  await west.fail('refuse');
  await gateway.becomes(1, west.address, 'unhealthy');
  expect(await gateway.tally(10)).toEqual({ north: 10 });
  await east.recover();
  await gateway.becomes(1, east.address, 'healthy');
  expect(await gateway.tally(10)).toEqual({ east: 10 });
});

test('an alias swap away from a dead cluster serves at once, checked anew', async () => {
  const [east, west] = await clusters('east', 'west');
  const own = checked(1, [east.address]);
  const gateway = await start({ services: [own] });
  await east.fail('refuse');
  await gateway.becomes(1, east.address, 'unhealthy');
  expect(await gateway.tally(5)).toEqual({ 503: 5 });
  own.Ips = [ipOf(west.address)];
  expect(await gateway.tally(5)).toEqual({ west: 5 });
  await gateway.becomes(1, west.address, 'healthy');
  await until(() => gateway.health(1, east.address) === 'unchecked');
});

test('a TCP check asks for no answer; an HTTP check asks for its path, host and statuses', async () => {
  const asked: (string | undefined)[] = [];
  const backend = await startBackend((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`);
    response.writeHead(404).end();
  });
  cleanups.push(backend.close);
  const [hanging] = await clusters('hanging');
  await hanging.fail('hang');
  const gateway = await start({
    services: [
      checked(1, [hanging.address], { Protocol: 'TCP' }),
      checked(2, [await refusedAddress()], { Protocol: 'TCP' }),
      checked(3, [backend.address], { HttpPath: '/ready', HttpHost: 'probe.local', ExpectedStatuses: [200, 400] }),
      checked(4, [backend.address], { ExpectedStatuses: [] }),
    ],
  });
  const ends = [...gateway.gateway.services.values()].map(({ Id, Ips: [ip = ''] }) => [Id, ip] as const);
  const verdicts = () => ends.map(([id, ip]) => gateway.plane.endpointHealth('gw-1', id, ip));
  await until(() => !verdicts().includes('unchecked'));
  expect(verdicts()).toEqual(['healthy', 'unhealthy', 'healthy', 'unhealthy']);
  expect(asked).toContain('GET probe.local/ready');
});

test('a change of the check holds for the next checks', async () => {
  const backend = await startBackend(({ url }, response) => response.writeHead(url === '/ready' ? 200 : 404).end());
  cleanups.push(backend.close);
  const pool = checked(1, [backend.address]);
  const gateway = await start({ services: [pool] });
  await gateway.becomes(1, backend.address, 'unhealthy');
  pool.HealthCheck = healthCheck({ HttpPath: '/ready' });
  await gateway.becomes(1, backend.address, 'healthy');
});

test('an endpoint has no verdict while checks are off, when it is unknown, and before its first checks are through', async () => {
  const [east] = await clusters('east');
  const unchecked = service(1, [east.address]);
  const gateway = await start({ services: [unchecked, checked(2, [east.address], { HealthyThreshold: 1000 })] });
  expect(gateway.health(1, east.address)).toBe('unchecked');
  expect(gateway.health(2, east.address)).toBe('unchecked');
  expect(gateway.health(9, east.address)).toBe('unchecked');
  expect(gateway.plane.endpointHealth('gw-9', 1, ipOf(east.address))).toBe('unchecked');
  unchecked.HealthCheck = healthCheck();
  await gateway.becomes(1, east.address, 'healthy');
});

test('checks end with the gateway', async () => {
  let checks = 0;
  const backend = await startBackend((_, response) => {
    checks += 1;
    response.end();
  });
  cleanups.push(backend.close);
  const [clock] = await clusters('clock');
  const gateway = await start({ services: [checked(1, [backend.address])] });
  const other = await start({ services: [checked(1, [clock.address])] });
  await gateway.becomes(1, backend.address, 'healthy');
  await gateway.plane.closeGateway('gw-1');
  await until(() => gateway.health(1, backend.address) === 'unchecked');
  const ended = checks;
  // Two checks of the other gateway take longer than one interval.
  await clock.fail('brownout');
  await other.becomes(1, clock.address, 'unhealthy');
  await clock.recover();
  await other.becomes(1, clock.address, 'healthy');
  expect(checks).toBe(ended);
});
