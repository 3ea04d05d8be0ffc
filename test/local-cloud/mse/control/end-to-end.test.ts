import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../../infra/local/cloud/server.ts';
import { KEY } from '../../control/harness.ts';
import { clientOf, GATEWAY, listServices } from './harness.ts';

let cloud: LocalCloud;
const answering = (text: string) => createServer((_, response) => response.end(text));
const [a, b] = [answering('a'), answering('b')];

beforeAll(async () => {
  cloud = await startLocalCloud({
    accessKeys: { [KEY.accessKeyId]: KEY.accessKeySecret },
    gatewayLatencyMs: 5,
    publishLatencyMs: 5,
    throttle: false,
  });
  for (const server of [a, b]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await cloud.close();
  for (const server of [a, b]) {
    server.closeAllConnections();
    server.close();
  }
});

function addressOf(server: Server): string {
  const { port } = server.address() as AddressInfo;
  return `127.0.0.1:${port}`;
}

/** Status and body of a request for a host; fetch cannot set that header. */
function get(address: string, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`http://${address}/`, { headers: { host }, agent: false }, async (incoming) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk);
      resolve(`${incoming.statusCode} ${Buffer.concat(chunks)}`);
    });
    outgoing.once('error', reject).end();
  });
}

/** A time limit rather than an expectation, because a busy machine is slow. */
const SOON = { timeout: 20_000 };

test('what the API publishes, the data plane serves; new addresses of a service count at once', async () => {
  const { call } = clientOf(cloud.url);
  const { GatewayUniqueId } = await call<{ GatewayUniqueId: string }>('AddGateway', GATEWAY);
  await vi.waitFor(() => expect(cloud.mse.gateways.get(GatewayUniqueId)?.Status).toBe(2), SOON);
  const address = cloud.mse.gateways.get(GatewayUniqueId)?.dataPlaneAddress ?? '';
  const domain = await call('AddGatewayDomain', { GatewayUniqueId, Name: 'shop.example.com', Protocol: 'HTTP' });
  const ServiceList = [{ Name: 'pool', Ips: [addressOf(a)] }];
  await call('ImportServices', { GatewayUniqueId, SourceType: 'VIP', ServiceList });
  const [service] = (await listServices({ call }, GatewayUniqueId)).Result;
  const RouteId = await call('AddGatewayRoute', {
    GatewayUniqueId,
    Name: 'shop',
    DomainIdListJSON: [domain],
    Predicates: { PathPredicates: { Path: '/', Type: 'PRE' } },
    DestinationType: 'Single',
    Services: [{ ServiceId: service?.Id }],
  });
  expect(await get(address, 'shop.example.com')).toMatch(/^404/);
  await call('ApplyGatewayRoute', { GatewayUniqueId, RouteId });
  await vi.waitFor(async () => expect(await get(address, 'shop.example.com')).toBe('200 a'), SOON);
  await call('UpdateGatewayService', { GatewayUniqueId, Id: service?.Id, IpList: [addressOf(b)] });
  expect(await get(address, 'shop.example.com')).toBe('200 b');
  expect(await get(address, 'other.example.com')).toMatch(/^404/);
  await call('OfflineGatewayRoute', { GatewayUniqueId, RouteId });
  await vi.waitFor(async () => expect(await get(address, 'shop.example.com')).toMatch(/^404/), SOON);
});
