import { afterEach, expect, test } from 'vitest';
import type { Quotas } from '../../../infra/local/cloud/alb/quotas.ts';
import { createGateway, createGroup, forward, hostRule, server, startTestCloud, type TestCloud } from './harness.ts';

let cloud: TestCloud;

async function withQuotas(quotas: Partial<Quotas>) {
  cloud = await startTestCloud({ quotas });
  return createGateway(cloud);
}

afterEach(() => cloud.close());

const add = (ServerGroupId: string, ...ids: string[]) => ({ ServerGroupId, Servers: ids.map((id) => server(id)) });

test('rules per load balancer: the refusal names quota and usage, and a deleted rule makes room', async () => {
  const { loadBalancerId, listenerId, serverGroupId } = await withQuotas({ rulesPerLoadBalancer: 2 });
  const rules = { ListenerId: listenerId, Rules: [hostRule(1, serverGroupId), hostRule(2, serverGroupId)] };
  const { RuleIds } = await cloud.call('CreateRules', rules);
  await cloud.finishJobs();
  const third = { ListenerId: listenerId, ...hostRule(3, serverGroupId) };
  const { code, message } = await cloud.refusal('CreateRule', third);
  expect(code).toBe('QuotaExceeded.LoadBalancerRulesNum');
  expect(message).toContain(`${loadBalancerId}, usage 3/2`);
  await cloud.call('DeleteRule', { RuleId: RuleIds[0]?.RuleId ?? '' });
  await cloud.finishJobs();
  await cloud.call('CreateRule', third);
});

test('a Standard load balancer has 100 rules by default', async () => {
  const { listenerId, serverGroupId } = await withQuotas({ referencesPerServerGroup: 1000 });
  for (let from = 1; from <= 100; from += 10) {
    const Rules = Array.from({ length: 10 }, (_, index) => hostRule(from + index, serverGroupId));
    await cloud.call('CreateRules', { ListenerId: listenerId, Rules });
    await cloud.finishJobs();
  }
  const refused = cloud.refusal('CreateRule', { ListenerId: listenerId, ...hostRule(101, serverGroupId) });
  expect(await refused).toMatchObject({ code: 'QuotaExceeded.LoadBalancerRulesNum' });
});

test('servers per load balancer are counted again for each listener and rule', async () => {
  const { listenerId, serverGroupId } = await withQuotas({ serversPerLoadBalancer: 5 });
  await cloud.call('AddServersToServerGroup', add(serverGroupId, '10.0.0.1', '10.0.0.2'));
  await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, serverGroupId) });
  await cloud.finishJobs();
  const exceeded = { code: 'QuotaExceeded.LoadBalancerServersNum' };
  const second = { ListenerId: listenerId, ...hostRule(2, serverGroupId) };
  expect(await cloud.refusal('CreateRule', second)).toMatchObject(exceeded);
  expect(await cloud.refusal('AddServersToServerGroup', add(serverGroupId, '10.0.0.3'))).toMatchObject(exceeded);
  const unattached = await createGroup(cloud);
  await cloud.call('AddServersToServerGroup', add(unattached, '10.0.0.1', '10.0.0.2', '10.0.0.3'));
  await cloud.finishJobs();
  const DefaultActions = [forward([unattached])];
  await cloud.call('UpdateListenerAttribute', { ListenerId: listenerId, DefaultActions });
  await cloud.finishJobs();
  expect(await cloud.refusal('AddServersToServerGroup', add(unattached, '10.0.0.4'))).toMatchObject(exceeded);
});

test('listeners and rules that refer to the same group', async () => {
  const { listenerId, serverGroupId } = await withQuotas({ referencesPerServerGroup: 2 });
  const { RuleId } = await cloud.call('CreateRule', { ListenerId: listenerId, ...hostRule(1, serverGroupId) });
  await cloud.finishJobs();
  expect(await cloud.refusal('CreateRule', { ListenerId: listenerId, ...hostRule(2, serverGroupId) })).toMatchObject({
    code: 'QuotaExceeded.ServerGroupAttachedNum',
  });
  await cloud.call('UpdateRuleAttribute', { RuleId, Priority: 7 });
});

test('servers per group, groups and listeners', async () => {
  const quotas = { serversPerServerGroup: 2, serverGroups: 1, listenersPerLoadBalancer: 1 };
  const { loadBalancerId, serverGroupId } = await withQuotas(quotas);
  expect(
    await cloud.refusal('AddServersToServerGroup', add(serverGroupId, '10.0.0.1', '10.0.0.2', '10.0.0.3')),
  ).toMatchObject({ code: 'QuotaExceeded.ServerGroupServersNum' });
  await expect(createGroup(cloud)).rejects.toMatchObject({ code: 'QuotaExceeded.ServerGroupsNum' });
  const listener = {
    LoadBalancerId: loadBalancerId,
    ListenerProtocol: 'HTTP',
    DefaultActions: [forward([serverGroupId])],
  };
  expect(await cloud.refusal('CreateListener', { ...listener, ListenerPort: 81 })).toMatchObject({
    code: 'QuotaExceeded.ListenersNum',
  });
  expect(await cloud.refusal('CreateListener', { ...listener, ListenerPort: 80 })).toMatchObject({
    code: 'ResourceAlreadyExist.Listener',
  });
});
