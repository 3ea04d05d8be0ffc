import { afterEach, expect, test } from 'vitest';
import type { HealthCheckConfig, Server, ServerHealth } from '../../../infra/local/cloud/alb/model.ts';
import { type DemoCluster, type FailureMode, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import {
  forwardTo,
  group,
  healthCheck,
  path,
  refusedAddress,
  rule,
  server,
  startBackend,
  startPlane,
  until,
} from './fixtures.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function cluster(name: string): Promise<DemoCluster> {
  const started = await startDemoCluster({ name });
  cleanups.push(started.close);
  return started;
}

/** Serves these servers as the default group, with the given checks. */
async function startChecked(servers: Server[], check: Partial<HealthCheckConfig> = {}) {
  const plane = await startPlane({
    groups: [group('sgp-default', servers, { HealthCheckConfig: healthCheck(check) })],
  });
  cleanups.push(plane.close);
  return {
    ...plane,
    health: (item: Server) => plane.plane.serverHealth('sgp-default', item),
    status: (item: Server, status: ServerHealth['status']) =>
      until(() => plane.plane.serverHealth('sgp-default', item).status === status),
  };
}

const failures: FailureMode[] = ['refuse', 'hang', 'brownout'];

test.each(failures)('a cluster that fails by %s loses its share to the others, and gets it back', async (mode) => {
  const [east, west] = [await cluster('east'), await cluster('west')];
  const [eastServer, westServer] = [server(east.address), server(west.address)];
  const plane = await startChecked([eastServer, westServer]);
  await plane.status(eastServer, 'Healthy');
  await plane.status(westServer, 'Healthy');
  expect(await plane.tally(20)).toEqual({ east: 10, west: 10 });

  await east.fail(mode);
  await plane.status(eastServer, 'Unhealthy');
  expect(await plane.tally(20)).toEqual({ west: 20 });

  await east.recover();
  await plane.status(eastServer, 'Healthy');
  expect(await plane.tally(20)).toEqual({ east: 10, west: 10 });
});

test('when all servers are unhealthy, all get requests', async () => {
  const [east, west] = [await cluster('east'), await cluster('west')];
  const servers = [server(east.address, { Weight: 60 }), server(west.address, { Weight: 40 })];
  const plane = await startChecked(servers, { HealthCheckPath: '/', HealthCheckCodes: ['http_5xx'] });
  for (const item of servers) await plane.status(item, 'Unhealthy');
  expect(await plane.tally(50)).toEqual({ east: 30, west: 20 });
});

test('an unhealthy group does not pass its share on to the other tuple', async () => {
  const [east, west] = [await cluster('east'), await cluster('west')];
  const westServer = server(west.address);
  const checked = { HealthCheckConfig: healthCheck() };
  const plane = await startPlane({
    groups: [group('sgp-east', [server(east.address)], checked), group('sgp-west', [westServer], checked)],
    rules: [rule(1, [path('/*')], [forwardTo({ 'sgp-east': 50, 'sgp-west': 50 })])],
  });
  cleanups.push(plane.close);
  await west.fail('brownout');
  await until(() => plane.plane.serverHealth('sgp-west', westServer).status === 'Unhealthy');
  await plane.tally(20);
  expect([east.requestCount, west.requestCount]).toEqual([10, 10]);
});

test('a server gets requests before its first checks are through', async () => {
  const east = await cluster('east');
  const [dead, alive] = [server(await refusedAddress()), server(east.address)];
  const plane = await startChecked([dead, alive], { UnhealthyThreshold: 1000 });
  expect(plane.health(dead)).toEqual({ status: 'Initial' });
  expect(await plane.tally(10)).toEqual({ east: 5, 502: 5 });
});

test('a server of weight 0 is not probed and counts as unused; a weight brings the checks back', async () => {
  let checks = 0;
  const backend = await startBackend((_, response) => {
    checks += 1;
    response.end();
  });
  cleanups.push(backend.close);
  const east = await cluster('east');
  const [idle, busy] = [server(backend.address, { Weight: 0 }), server(east.address)];
  const plane = await startChecked([idle, busy]);
  await plane.status(busy, 'Healthy');
  expect(plane.health(idle)).toEqual({ status: 'Unused' });
  expect(checks).toBe(0);
  idle.Weight = 1;
  await plane.status(idle, 'Healthy');
  expect(checks).toBeGreaterThan(1);
});

test('checks end when the weight becomes 0 and when the server leaves', async () => {
  const checks = [0, 0, 0];
  const backends = await Promise.all(
    checks.map((_, index) =>
      startBackend((_, response) => {
        checks[index] = (checks[index] ?? 0) + 1;
        response.end();
      }),
    ),
  );
  cleanups.push(...backends.map((backend) => backend.close));
  const servers = backends.map((backend) => server(backend.address));
  const plane = await startChecked([...servers]);
  for (const item of servers) await plane.status(item, 'Healthy');
  // The checks of the third server show that time has passed.
  const pass = async (count: number) => {
    const end = (checks[2] ?? 0) + count;
    await until(() => (checks[2] ?? 0) >= end);
  };
  const [first, second, third] = servers;
  if (first) first.Weight = 0;
  plane.state.serverGroups.set(
    'sgp-default',
    group(
      'sgp-default',
      [first, third].filter((item) => item !== undefined),
      { HealthCheckConfig: healthCheck() },
    ),
  );
  await pass(10);
  const ended = checks.slice(0, 2);
  await pass(10);
  expect(checks.slice(0, 2)).toEqual(ended);
  expect(second && plane.health(second).status).toBe('Initial');
});

test('only groups that a rule or the default action refers to are probed', async () => {
  const east = await cluster('east');
  const [used, unused] = [server(east.address), server(east.address)];
  const checked = { HealthCheckConfig: healthCheck() };
  const plane = await startPlane({
    groups: [group('sgp-default', [used], checked), group('sgp-unused', [unused], checked)],
  });
  cleanups.push(plane.close);
  await until(() => plane.plane.serverHealth('sgp-default', used).status === 'Healthy');
  expect(plane.plane.serverHealth('sgp-unused', unused).status).toBe('Initial');
  plane.state.rules.set('rule-1', rule(1, [path('/a')], [forwardTo({ 'sgp-unused': 100 })]));
  await until(() => plane.plane.serverHealth('sgp-unused', unused).status === 'Healthy');
});

test('without health checks a dead server keeps its share', async () => {
  const east = await cluster('east');
  const dead = server(await refusedAddress());
  const plane = await startChecked([dead, server(east.address)], { HealthCheckEnabled: false });
  expect(plane.health(dead)).toEqual({ status: 'Unavailable' });
  expect(await plane.tally(10)).toEqual({ east: 5, 502: 5 });
});

test('an unhealthy server says why', async () => {
  const backend = await startBackend((request, response) => {
    if (request.url === '/teapot') response.writeHead(418).end();
    if (request.url === '/break-off') request.socket.destroy();
    if (request.url === '/no-http') request.socket.end('what?\r\n\r\n');
  });
  cleanups.push(backend.close);
  const reasonAt = async (address: typeof backend.address, check: Partial<HealthCheckConfig>) => {
    const item = server(address);
    const plane = await startChecked([item], check);
    await plane.status(item, 'Unhealthy');
    return plane.health(item);
  };
  const at = (HealthCheckPath: string) => reasonAt(backend.address, { HealthCheckPath });
  expect(await at('/teapot')).toEqual({ status: 'Unhealthy', reason: 'RESPONSE_MISMATCH', actualResponse: '418' });
  expect(await at('/break-off')).toEqual({ status: 'Unhealthy', reason: 'RECV_RESPONSE_FAILED' });
  expect(await at('/no-http')).toEqual({ status: 'Unhealthy', reason: 'RESPONSE_FORMAT_ERROR' });
  expect(await at('/silence')).toEqual({ status: 'Unhealthy', reason: 'RECV_RESPONSE_TIMEOUT' });
  const refused = await refusedAddress();
  expect(await reasonAt(refused, {})).toEqual({ status: 'Unhealthy', reason: 'CONNECT_FAILED' });
  const tcp = { HealthCheckProtocol: 'TCP' } as const;
  expect(await reasonAt(refused, tcp)).toEqual({ status: 'Unhealthy', reason: 'CONNECT_FAILED' });
});

test('a TCP check asks for no answer, and a check port replaces the port of the server', async () => {
  const [east, west] = [await cluster('east'), await cluster('west')];
  await east.fail('hang');
  const hanging = server(east.address);
  const tcp = await startChecked([hanging], { HealthCheckProtocol: 'TCP' });
  await tcp.status(hanging, 'Healthy');
  const elsewhere = await startChecked([hanging], { HealthCheckConnectPort: west.address.port });
  await elsewhere.status(hanging, 'Healthy');
});
