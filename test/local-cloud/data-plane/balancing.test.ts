import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createBalancer } from '../../../infra/local/cloud/alb/data-plane/select.ts';
import type { ServerGroup } from '../../../infra/local/cloud/alb/model.ts';
import { createRoundRobin } from '../../../infra/local/cloud/data-plane/balancing.ts';
import type { ProxyRequest } from '../../../infra/local/cloud/data-plane/request.ts';
import { type DemoCluster, startDemoCluster } from '../../../infra/local/demo-cluster.ts';
import { forwardTo, group, path, refusedAddress, rule, server, startPlane } from './fixtures.ts';

let east: DemoCluster;
let west: DemoCluster;
let plane: Awaited<ReturnType<typeof startPlane>>;

beforeAll(async () => {
  east = await startDemoCluster({ name: 'east' });
  west = await startDemoCluster({ name: 'west' });
});
afterAll(() => Promise.all([east.close(), west.close()]));

describe('through HTTP', () => {
  afterEach(() => plane.close());

  async function startWithWeights(eastWeight: number, westWeight: number) {
    const servers = [
      server(east.address, { Weight: eastWeight }),
      server(west.address, { Weight: westWeight }),
    ] as const;
    plane = await startPlane({ groups: [group('sgp-default', [...servers])] });
    return servers;
  }

  test('weights 60 and 40 split 1000 requests exactly', async () => {
    await startWithWeights(60, 40);
    expect(await plane.tally(1000)).toEqual({ east: 600, west: 400 });
  });

  test('a server of weight 0 gets nothing', async () => {
    await startWithWeights(0, 1);
    expect(await plane.tally(50)).toEqual({ west: 50 });
  });

  test('an edit of weights holds from the next request on, without debts of the old weights', async () => {
    const [eastServer, westServer] = await startWithWeights(100, 100);
    await plane.tally(7);
    eastServer.Weight = 1;
    westServer.Weight = 1;
    expect(await plane.tally(10)).toEqual({ east: 5, west: 5 });
    eastServer.Weight = 0;
    expect(await plane.tally(10)).toEqual({ west: 10 });
    eastServer.Weight = 3;
    expect(await plane.tally(40)).toEqual({ east: 30, west: 10 });
  });

  test.each(['Adding', 'Removing'] as const)('a server in %s gets nothing', async (Status) => {
    const [eastServer] = await startWithWeights(50, 50);
    eastServer.Status = Status;
    expect(await plane.tally(10)).toEqual({ west: 10 });
  });

  test('no server, or none with a weight, is a 503', async () => {
    const servers = await startWithWeights(0, 0);
    expect((await plane.send('http://shop.example.com/')).status).toBe(503);
    plane.state.serverGroups.set('sgp-default', group('sgp-default', []));
    expect((await plane.send('http://shop.example.com/')).status).toBe(503);
    plane.state.serverGroups.delete('sgp-default');
    expect((await plane.send('http://shop.example.com/')).status).toBe(503);
    expect(servers).toHaveLength(2);
  });

  test('tuples share requests by weight, and a group that is down keeps its share', async () => {
    plane = await startPlane({
      groups: [group('sgp-east', [server(east.address)]), group('sgp-down', [server(await refusedAddress())])],
      rules: [rule(1, [path('/*')], [forwardTo({ 'sgp-east': 70, 'sgp-down': 30 })])],
    });
    expect(await plane.tally(100)).toEqual({ east: 70, 502: 30 });
  });

  test('a tuple whose group is empty keeps its share, and one of weight 0 has none', async () => {
    plane = await startPlane({
      groups: [
        group('sgp-east', [server(east.address)]),
        group('sgp-west', [server(west.address)]),
        group('sgp-empty', []),
      ],
      rules: [rule(1, [path('/*')], [forwardTo({ 'sgp-east': 50, 'sgp-empty': 50, 'sgp-west': 0 })])],
    });
    expect(await plane.tally(20)).toEqual({ east: 10, 503: 10 });
  });

  test.each<[string, Partial<ServerGroup>]>([
    ['slow start', { SlowStartConfig: { SlowStartEnabled: true, SlowStartDuration: 30 } }],
    ['GRPC', { Protocol: 'GRPC' }],
    ['Uch', { Scheduler: 'Uch' }],
  ])('a group with %s is answered with 501 that names it', async (name, overrides) => {
    plane = await startPlane({ groups: [group('sgp-default', [server(east.address)], overrides)] });
    const answer = await plane.send('http://shop.example.com/');
    expect(answer.status).toBe(501);
    expect(answer.body).toContain(name);
  });
});

describe('algorithms', () => {
  const requestOf = (clientIp: string): ProxyRequest => ({
    method: 'GET',
    protocol: 'http',
    host: 'shop.example.com',
    port: 80,
    path: '/',
    query: '',
    headers: [],
    clientIp,
    clientPort: 1,
  });
  const servers = [1, 2, 3].map((last) => server({ host: `10.0.0.${last}`, port: 80 }));

  test('least connections go to the server with the fewest active requests for its weight', () => {
    const active = new Map([
      ['10.0.0.1', 4],
      ['10.0.0.2', 3],
      ['10.0.0.3', 1],
    ]);
    const balancer = createBalancer(
      () => true,
      (_, { ServerIp }) => active.get(ServerIp) ?? 0,
    );
    const weighted = servers.map((item, index) => ({ ...item, Weight: [100, 100, 10][index] ?? 0 }));
    const chosen = balancer.server(group('sgp-1', weighted, { Scheduler: 'Wlc' }), requestOf('10.9.9.9'));
    expect(chosen?.ServerIp).toBe('10.0.0.2');
  });

  test('a server that leaves after each of its turns still gets its share of the turns in which it is there', () => {
    const pick = createRoundRobin();
    const steady = { name: 'steady', Weight: 70 };
    const restless = { name: 'restless', Weight: 30 };
    let last = steady;
    let turnsWithBoth = 0;
    let turnsOfRestless = 0;
    for (let turn = 0; turn < 1000; turn += 1) {
      const present: (typeof steady)[] = last === restless ? [steady] : [steady, restless];
      last = pick('ring', present, (choice) => choice.name) ?? steady;
      if (present.length === 2) turnsWithBoth += 1;
      if (last === restless) turnsOfRestless += 1;
    }
    expect(turnsOfRestless / turnsWithBoth).toBeCloseTo(0.3, 2);
  });

  test('source hashing keeps a client at its server while another one leaves', () => {
    const clients = Array.from({ length: 200 }, (_, index) => `192.168.0.${index}`);
    const serverOf = (client: string, among: typeof servers) =>
      createBalancer(
        () => true,
        () => 0,
      ).server(group('sgp-1', among, { Scheduler: 'Sch' }), requestOf(client))?.ServerIp;
    const before = clients.map((client) => serverOf(client, servers));
    const after = clients.map((client) => serverOf(client, servers.slice(0, 2)));
    expect(new Set(before).size).toBe(3);
    expect(after.filter((_, index) => before[index] !== '10.0.0.3')).toEqual(before.filter((ip) => ip !== '10.0.0.3'));
  });
});
