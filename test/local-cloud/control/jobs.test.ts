import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  createGateway,
  createGroup,
  forward,
  hostRule,
  JOB_LATENCY_MS,
  LOAD_BALANCER,
  server,
  startTestCloud,
  type TestCloud,
} from './harness.ts';

let cloud: TestCloud;

beforeEach(async () => {
  cloud = await startTestCloud();
});

afterEach(() => cloud.close());

async function jobStatus(jobId: string): Promise<string | undefined> {
  return (await cloud.call('ListAsynJobs', { JobIds: [jobId] })).Jobs[0]?.Status;
}

test('a load balancer is Provisioning first, and refuses listeners until it is Active', async () => {
  const { LoadBalancerId } = await cloud.call('CreateLoadBalancer', LOAD_BALANCER);
  const ServerGroupId = (
    await cloud.call('CreateServerGroup', {
      ServerGroupName: 'pool',
      VpcId: 'vpc-1',
      HealthCheckConfig: { HealthCheckEnabled: true },
    })
  ).ServerGroupId;
  const listener = {
    LoadBalancerId,
    ListenerPort: 80,
    ListenerProtocol: 'HTTP',
    DefaultActions: [forward([ServerGroupId])],
  };
  expect(await cloud.refusal('CreateListener', listener)).toMatchObject({ code: 'IncorrectStatus.LoadBalancer' });
  await cloud.finishJobs();
  const { ListenerId } = await cloud.call('CreateListener', listener);
  expect(cloud.open.has(ListenerId)).toBe(false);
  await cloud.finishJobs();
  expect(cloud.open.has(ListenerId)).toBe(true);
  expect(cloud.state.listeners.get(ListenerId)).toMatchObject({
    ListenerStatus: 'Running',
    dataPlaneAddress: '127.0.0.1:1',
  });
});

test('a weight changes when its job ends and not before', async () => {
  const serverGroupId = await createGroup(cloud);
  await cloud.call('AddServersToServerGroup', { ServerGroupId: serverGroupId, Servers: [server('10.0.0.1')] });
  expect(cloud.state.serverGroups.get(serverGroupId)?.Servers).toEqual([]);
  expect((await cloud.call('ListServerGroupServers')).Servers[0]).toMatchObject({ Status: 'Adding', Weight: 100 });
  await cloud.finishJobs();
  const { JobId } = await cloud.call('UpdateServerGroupServersAttribute', {
    ServerGroupId: serverGroupId,
    Servers: [server('10.0.0.1', { Weight: 0 })],
  });
  cloud.advance(JOB_LATENCY_MS - 1);
  expect(await jobStatus(JobId)).toBe('Processing');
  expect((await cloud.call('ListServerGroupServers')).Servers[0]).toMatchObject({ Status: 'Configuring', Weight: 100 });
  cloud.advance(1);
  expect(await jobStatus(JobId)).toBe('Succeeded');
  expect((await cloud.call('ListServerGroupServers')).Servers[0]).toMatchObject({ Status: 'Available', Weight: 0 });
});

test('server writes are serial per group; other groups and rules do not wait', async () => {
  const { listenerId, serverGroupId } = await createGateway(cloud);
  const other = await createGroup(cloud);
  const add = (ServerGroupId: string, id: string) => ({ ServerGroupId, Servers: [server(id)] });
  await cloud.call('AddServersToServerGroup', add(serverGroupId, '10.0.0.1'));
  expect(await cloud.refusal('AddServersToServerGroup', add(serverGroupId, '10.0.0.2'))).toMatchObject({
    code: 'IncorrectStatus.ServerGroup',
  });
  expect(await cloud.refusal('UpdateServerGroupAttribute', { ServerGroupId: serverGroupId })).toMatchObject({
    code: 'IncorrectStatus.ServerGroup',
  });
  await cloud.call('AddServersToServerGroup', add(other, '10.0.0.2'));
  await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, serverGroupId) });
});

test('rule writes are serial per listener', async () => {
  const { listenerId, serverGroupId } = await createGateway(cloud);
  const { RuleId } = await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, serverGroupId) });
  const busy = { code: 'IncorrectStatus.Listener' };
  const next = { ListenerId: listenerId, Rules: [hostRule(2, serverGroupId)] };
  expect(await cloud.refusal('CreateRules', next)).toMatchObject(busy);
  expect(await cloud.refusal('UpdateRuleAttribute', { RuleId, Priority: 5 })).toMatchObject(busy);
  expect(await cloud.refusal('DeleteRule', { RuleId })).toMatchObject(busy);
  expect(await cloud.refusal('UpdateListenerAttribute', { ListenerId: listenerId })).toMatchObject(busy);
  expect(await cloud.refusal('DeleteListener', { ListenerId: listenerId })).toMatchObject(busy);
  expect(cloud.state.rules.size).toBe(0);
  expect((await cloud.call('ListRules')).Rules).toMatchObject([{ RuleStatus: 'Provisioning' }]);
  await cloud.finishJobs();
  expect((await cloud.call('ListRules')).Rules).toMatchObject([{ RuleStatus: 'Available' }]);
  await cloud.call('CreateRules', next);
});

test('what is in use cannot be deleted, and what is deleted is gone when its job ends', async () => {
  const { loadBalancerId, listenerId, serverGroupId } = await createGateway(cloud);
  const ruled = await createGroup(cloud);
  const { RuleId } = await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, ruled) });
  for (const ServerGroupId of [serverGroupId, ruled]) {
    expect(await cloud.refusal('DeleteServerGroup', { ServerGroupId })).toMatchObject({
      code: 'ResourceInUse.ServerGroup',
    });
  }
  expect(await cloud.refusal('DeleteLoadBalancer', { LoadBalancerId: loadBalancerId })).toMatchObject({
    code: 'ResourceInUse.LoadBalancer',
  });
  await cloud.finishJobs();
  await cloud.call('DeleteRule', { RuleId });
  expect(await cloud.refusal('DeleteServerGroup', { ServerGroupId: ruled })).toMatchObject({
    code: 'ResourceInUse.ServerGroup',
  });
  await cloud.finishJobs();
  await cloud.call('DeleteServerGroup', { ServerGroupId: ruled });
  await cloud.finishJobs();
  expect(await cloud.refusal('DeleteServerGroup', { ServerGroupId: ruled })).toMatchObject({
    code: 'ResourceNotFound.ServerGroup',
    status: 404,
  });
  expect(await cloud.refusal('DeleteRule', { RuleId })).toMatchObject({ code: 'ResourceNotFound.Rule' });
});

test('a listener takes its rules and its port with it', async () => {
  const { listenerId, serverGroupId } = await createGateway(cloud);
  await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, serverGroupId) });
  await cloud.finishJobs();
  await cloud.call('DeleteListener', { ListenerId: listenerId });
  await cloud.finishJobs();
  expect([cloud.state.rules.size, cloud.state.listeners.size, cloud.open.size]).toEqual([0, 0, 0]);
});

test('the default group of a listener changes when its job ends', async () => {
  const { listenerId } = await createGateway(cloud);
  const other = await createGroup(cloud);
  await cloud.call('UpdateListenerAttribute', { ListenerId: listenerId, DefaultActions: [forward([other])] });
  expect(cloud.state.listeners.get(listenerId)?.DefaultServerGroupId).not.toBe(other);
  await cloud.finishJobs();
  expect(cloud.state.listeners.get(listenerId)).toMatchObject({
    DefaultServerGroupId: other,
    ListenerStatus: 'Running',
    RequestTimeout: 60,
  });
});

test('tags given while a group is being changed are kept', async () => {
  const serverGroupId = await createGroup(cloud);
  await cloud.call('UpdateServerGroupAttribute', { ServerGroupId: serverGroupId, Scheduler: 'Wlc' });
  const target = { ResourceType: 'servergroup', ResourceId: [serverGroupId] };
  await cloud.call('TagResources', { ...target, Tag: [{ Key: 'owner', Value: 'a' }] });
  await cloud.finishJobs();
  expect(cloud.state.serverGroups.get(serverGroupId)).toMatchObject({
    Scheduler: 'Wlc',
    Tags: [{ Key: 'owner', Value: 'a' }],
  });
});

test('one poll reads many jobs, by id, by action and by resource', async () => {
  const groups = [await createGroup(cloud), await createGroup(cloud)];
  const jobs: string[] = [];
  for (const ServerGroupId of groups) {
    jobs.push((await cloud.call('AddServersToServerGroup', { ServerGroupId, Servers: [server('10.0.0.1')] })).JobId);
  }
  const byId = await cloud.call('ListAsynJobs', { JobIds: jobs, MaxResults: 100 });
  expect(byId.Jobs.map(({ Id }) => Id)).toEqual(jobs);
  expect((await cloud.call('ListAsynJobs', { ApiName: 'AddServersToServerGroup' })).TotalCount).toBe(2);
  const ofOne = await cloud.call('ListAsynJobs', { ResourceIds: groups.slice(0, 1), ResourceType: 'servergroup' });
  expect(ofOne.Jobs.map(({ ApiName, OperateType }) => [ApiName, OperateType])).toEqual([
    ['CreateServerGroup', 'Create'],
    ['AddServersToServerGroup', 'Update'],
  ]);
});
