import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createGateway,
  createGroup,
  hostRule,
  type Nested,
  server,
  startTestCloud,
  type TestCloud,
} from './harness.ts';

let cloud: TestCloud;

beforeAll(async () => {
  cloud = await startTestCloud({ throttle: false });
});

afterAll(() => cloud.close());

async function groupWith(servers: Nested[], fields: { [name: string]: Nested } = {}): Promise<string> {
  const ServerGroupId = await createGroup(cloud, fields);
  await cloud.call('AddServersToServerGroup', { ServerGroupId, Servers: servers });
  await cloud.finishJobs();
  return ServerGroupId;
}

async function weights(ServerGroupId: string): Promise<[string, number][]> {
  const { Servers } = await cloud.call('ListServerGroupServers', { ServerGroupId });
  return Servers.map(({ ServerId, Weight }) => [ServerId, Weight]);
}

describe('a server is refused when', () => {
  const cases: [string, string, { [name: string]: Nested }, string][] = [
    ['a group of addresses is given an instance', 'Ip', { ServerType: 'Ecs' }, 'IllegalParam.ServerType'],
    ['a group of instances is given an address', 'Instance', {}, 'IllegalParam.ServerType'],
    ['its address is none', 'Ip', { ServerId: 'web-1' }, 'IllegalParam.ServerId'],
    ['it is remote and public', 'Ip', { ServerId: '8.8.8.8', RemoteIpEnabled: true }, 'IllegalParam.RemoteIpEnabled'],
    ['an instance is remote', 'Instance', { ServerType: 'Ecs', RemoteIpEnabled: true }, 'IllegalParam.RemoteIpEnabled'],
    ['its weight is above 100', 'Ip', { Weight: 101 }, 'IllegalParam.Weight'],
    ['it is there already', 'Ip', { ServerId: '10.9.9.9' }, 'ResourceAlreadyExist.BackendServer'],
  ];
  test.each(cases)('%s', async (_, ServerGroupType, fields, code) => {
    const ServerGroupId = await createGroup(cloud, { ServerGroupType });
    if (ServerGroupType === 'Ip') {
      await cloud.call('AddServersToServerGroup', { ServerGroupId, Servers: [server('10.9.9.9')] });
      await cloud.finishJobs();
    }
    const add = { ServerGroupId, Servers: [server('10.0.0.1', fields)] };
    expect(await cloud.refusal('AddServersToServerGroup', add)).toMatchObject({ code });
  });
});

test('remote addresses may be private, shared or, here only, loopback', async () => {
  const addresses = ['10.1.2.3', '100.64.0.1', '172.31.0.1', '192.168.0.1', '127.0.0.1'];
  const id = await groupWith(addresses.map((address) => server(address, { RemoteIpEnabled: true })));
  const { Servers } = await cloud.call('ListServerGroupServers', { ServerGroupId: id });
  expect(Servers.every(({ RemoteIpEnabled }) => RemoteIpEnabled)).toBe(true);
  expect(Servers).toHaveLength(5);
});

test('a server is named by id and port: the same address at another port is another server', async () => {
  const id = await groupWith([server('10.0.0.1', { Weight: 10 }), server('10.0.0.1', { Port: 9090, Weight: 20 })]);
  await cloud.call('UpdateServerGroupServersAttribute', {
    ServerGroupId: id,
    Servers: [server('10.0.0.1', { Port: 9090, Weight: 0 })],
  });
  await cloud.finishJobs();
  expect(await weights(id)).toEqual([
    ['10.0.0.1', 10],
    ['10.0.0.1', 0],
  ]);
  const other = { ServerGroupId: id, Servers: [server('10.0.0.1', { Port: 1 })] };
  expect(await cloud.refusal('RemoveServersFromServerGroup', other)).toMatchObject({
    code: 'ResourceNotFound.BackendServer',
  });
});

test('one network interface serves several addresses', async () => {
  const eni = (ServerIp: string) => ({ ServerType: 'Eni', ServerId: 'eni-1', ServerIp, Port: 80 });
  const id = await groupWith([eni('10.0.0.1'), eni('10.0.0.2')], { ServerGroupType: 'Instance' });
  await cloud.call('RemoveServersFromServerGroup', { ServerGroupId: id, Servers: [eni('10.0.0.1')] });
  await cloud.finishJobs();
  expect(cloud.state.serverGroups.get(id)?.Servers.map(({ ServerIp }) => ServerIp)).toEqual(['10.0.0.2']);
});

test('a weight that is left out becomes 100, also on an update', async () => {
  const id = await groupWith([server('10.0.0.1', { Weight: 5 })]);
  await cloud.call('UpdateServerGroupServersAttribute', { ServerGroupId: id, Servers: [server('10.0.0.1')] });
  await cloud.finishJobs();
  expect(await weights(id)).toEqual([['10.0.0.1', 100]]);
});

test('replacing adds and removes in one job', async () => {
  const id = await groupWith([server('10.0.0.1'), server('10.0.0.2')]);
  const { JobId } = await cloud.call('ReplaceServersInServerGroup', {
    ServerGroupId: id,
    RemovedServers: [{ ServerId: '10.0.0.1', Port: 8080 }],
    AddedServers: [{ ServerId: '10.0.0.3', Port: 8080, Weight: 7 }],
  });
  const { Servers } = await cloud.call('ListServerGroupServers', { ServerGroupId: id });
  expect(Servers.map(({ Status }) => Status)).toEqual(['Replacing', 'Available', 'Adding']);
  await cloud.finishJobs();
  expect(await cloud.call('ListAsynJobs', { JobIds: [JobId] })).toMatchObject({ Jobs: [{ Status: 'Succeeded' }] });
  expect(await weights(id)).toEqual([
    ['10.0.0.2', 100],
    ['10.0.0.3', 7],
  ]);
});

test('health lists only servers that are not healthy, with the reason', async () => {
  const { listenerId, serverGroupId } = await createGateway(cloud);
  const id = await groupWith([server('10.0.0.1'), server('10.0.0.2'), server('10.0.0.3')]);
  await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, id) });
  await cloud.finishJobs();
  cloud.health.set('10.0.0.2', { status: 'Unhealthy', reason: 'RESPONSE_MISMATCH', actualResponse: 'http_5xx' });
  cloud.health.set('10.0.0.3', { status: 'Unused' });
  const health = await cloud.call('GetListenerHealthStatus', { ListenerId: listenerId, IncludeRule: true });
  expect(health.ListenerHealthStatus).toMatchObject([
    { ListenerId: listenerId, ServerGroupInfos: [{ ServerGroupId: serverGroupId, NonNormalServers: [] }] },
  ]);
  expect(health.RuleHealthStatus).toMatchObject([
    {
      ServerGroupInfos: [
        {
          ServerGroupId: id,
          HealthCheckEnabled: 'on',
          NonNormalServers: [
            {
              ServerId: '10.0.0.2',
              Status: 'Unhealthy',
              Reason: { ReasonCode: 'RESPONSE_MISMATCH', ActualResponse: 'http_5xx', ExpectedResponse: 'http_2xx' },
            },
            { ServerId: '10.0.0.3', Status: 'Unused' },
          ],
        },
      ],
    },
  ]);
});

test('groups are found by id, name, VPC, type and all of several tags', async () => {
  const tags = [
    { Key: 'team', Value: 'a' },
    { Key: 'stage', Value: 'prod' },
  ];
  const both = await createGroup(cloud, { ServerGroupName: 'both', VpcId: 'vpc-9', Tag: tags });
  const one = await createGroup(cloud, { ServerGroupName: 'one', VpcId: 'vpc-9', Tag: tags.slice(1) });
  const find = async (filter: { [name: string]: Nested }) =>
    (await cloud.call('ListServerGroups', filter)).ServerGroups.map(({ ServerGroupId }) => ServerGroupId);
  expect(await find({ Tag: tags })).toEqual([both]);
  expect(await find({ Tag: [{ Key: 'stage' }] })).toEqual([both, one]);
  expect(await find({ VpcId: 'vpc-9', ServerGroupNames: ['one'] })).toEqual([one]);
  expect(await find({ ServerGroupIds: [one], ServerGroupType: 'Instance' })).toEqual([]);
  await cloud.call('UnTagResources', { ResourceType: 'servergroup', ResourceId: [both], TagKey: ['team'] });
  const left = await cloud.call('ListTagResources', { ResourceType: 'servergroup', ResourceId: [both] });
  expect(left.TagResources).toMatchObject([{ TagKey: 'stage', TagValue: 'prod' }]);
});

test('health checks keep their documented ranges and defaults', async () => {
  const id = await createGroup(cloud, { HealthCheckConfig: { HealthCheckEnabled: true, HealthCheckInterval: 1 } });
  expect(cloud.state.serverGroups.get(id)?.HealthCheckConfig).toMatchObject({
    HealthCheckInterval: 1,
    HealthCheckTimeout: 5,
    HealthyThreshold: 3,
    UnhealthyThreshold: 3,
    HealthCheckMethod: 'HEAD',
  });
  const update = (HealthCheckConfig: Nested) =>
    cloud.refusal('UpdateServerGroupAttribute', { ServerGroupId: id, HealthCheckConfig });
  expect(await update({ HealthyThreshold: 1 })).toMatchObject({ code: 'IllegalParam.HealthyThreshold' });
  expect(await update({ HealthCheckCodes: ['200'] })).toMatchObject({ code: 'IllegalParam.HealthCheckCodes' });
  expect(await update({ HealthCheckMethod: 'POST' })).toMatchObject({ code: 'IllegalParam.HealthCheckMethod' });
  const grpc = { ServerGroupId: id, HealthCheckConfig: { HealthCheckProtocol: 'gRPC' } };
  await cloud.call('UpdateServerGroupAttribute', grpc);
  await cloud.finishJobs();
  expect((await cloud.call('ListServerGroups', { ServerGroupIds: [id] })).ServerGroups).toMatchObject([
    { HealthCheckConfig: { HealthCheckProtocol: 'gRPC', HealthCheckMethod: 'POST', HealthCheckInterval: 1 } },
  ]);
});
