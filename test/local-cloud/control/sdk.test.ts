import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type LocalCloud, startLocalCloud } from '../../../infra/local/cloud/server.ts';
import { alb, KEY, sdkClient } from './harness.ts';

let cloud: LocalCloud;
let client: ReturnType<typeof sdkClient>;

beforeAll(async () => {
  cloud = await startLocalCloud({ accessKeys: { [KEY.accessKeyId]: KEY.accessKeySecret }, jobLatencyMs: 5 });
  client = sdkClient(cloud.url);
});

afterAll(() => cloud.close());

async function jobDone(jobId: string | undefined): Promise<void> {
  for (;;) {
    const { body } = await client.listAsynJobs(new alb.ListAsynJobsRequest({ jobIds: [jobId] }));
    const status = body?.jobs?.[0]?.status;
    if (status === 'Succeeded') return;
    if (status === 'Failed') throw new Error(body?.jobs?.[0]?.errorMessage);
    await sleep(5);
  }
}

async function createLoadBalancer(): Promise<string | undefined> {
  const zone = (zoneId: string) =>
    new alb.CreateLoadBalancerRequestZoneMappings({ zoneId, vSwitchId: `vsw-${zoneId}` });
  const { body } = await client.createLoadBalancer(
    new alb.CreateLoadBalancerRequest({
      vpcId: 'vpc-1',
      addressType: 'Internet',
      loadBalancerEdition: 'Standard',
      loadBalancerBillingConfig: new alb.CreateLoadBalancerRequestLoadBalancerBillingConfig({ payType: 'PostPay' }),
      zoneMappings: [zone('cn-hangzhou-h'), zone('cn-hangzhou-i')],
    }),
  );
  const loadBalancerId = body?.loadBalancerId;
  const read = () => client.getLoadBalancerAttribute(new alb.GetLoadBalancerAttributeRequest({ loadBalancerId }));
  while ((await read()).body?.loadBalancerStatus !== 'Active') await sleep(5);
  return loadBalancerId;
}

async function createServerGroup(): Promise<string | undefined> {
  const { body } = await client.createServerGroup(
    new alb.CreateServerGroupRequest({
      serverGroupName: 'web-pool',
      serverGroupType: 'Ip',
      vpcId: 'vpc-1',
      healthCheckConfig: new alb.CreateServerGroupRequestHealthCheckConfig({
        healthCheckEnabled: true,
        healthCheckProtocol: 'HTTP',
        healthCheckPath: '/healthz',
        healthCheckCodes: ['http_2xx', 'http_3xx'],
      }),
      tag: [new alb.CreateServerGroupRequestTag({ key: 'owner', value: 'fleet (a) *!' })],
    }),
  );
  await jobDone(body?.jobId);
  return body?.serverGroupId;
}

async function createListener(loadBalancerId?: string, serverGroupId?: string): Promise<string | undefined> {
  const { body } = await client.createListener(
    new alb.CreateListenerRequest({
      loadBalancerId,
      listenerPort: 80,
      listenerProtocol: 'HTTP',
      defaultActions: [
        new alb.CreateListenerRequestDefaultActions({
          type: 'ForwardGroup',
          forwardGroupConfig: new alb.CreateListenerRequestDefaultActionsForwardGroupConfig({
            serverGroupTuples: [
              new alb.CreateListenerRequestDefaultActionsForwardGroupConfigServerGroupTuples({ serverGroupId }),
            ],
          }),
        }),
      ],
    }),
  );
  await jobDone(body?.jobId);
  return body?.listenerId;
}

test('the official SDK builds a gateway, reads it back typed, changes weights and takes it down', async () => {
  const loadBalancerId = await createLoadBalancer();
  const serverGroupId = await createServerGroup();
  const listenerId = await createListener(loadBalancerId, serverGroupId);

  const added = await client.addServersToServerGroup(
    new alb.AddServersToServerGroupRequest({
      serverGroupId,
      servers: ['10.0.0.1', '10.0.0.2'].map(
        (serverId) =>
          new alb.AddServersToServerGroupRequestServers({ serverType: 'Ip', serverId, port: 80, weight: 50 }),
      ),
    }),
  );
  await jobDone(added.body?.jobId);
  const updated = await client.updateServerGroupServersAttribute(
    new alb.UpdateServerGroupServersAttributeRequest({
      serverGroupId,
      servers: [
        new alb.UpdateServerGroupServersAttributeRequestServers({
          serverType: 'Ip',
          serverId: '10.0.0.1',
          port: 80,
          weight: 0,
        }),
      ],
    }),
  );
  await jobDone(updated.body?.jobId);
  const servers = await client.listServerGroupServers(new alb.ListServerGroupServersRequest({ serverGroupId }));
  expect(servers.body?.servers?.map(({ serverId, weight, status }) => [serverId, weight, status])).toEqual([
    ['10.0.0.1', 0, 'Available'],
    ['10.0.0.2', 50, 'Available'],
  ]);

  const created = await client.createRules(
    new alb.CreateRulesRequest({
      listenerId,
      rules: [
        new alb.CreateRulesRequestRules({
          ruleName: 'checkout',
          priority: 10,
          ruleConditions: [
            new alb.CreateRulesRequestRulesRuleConditions({
              type: 'Header',
              headerConfig: new alb.CreateRulesRequestRulesRuleConditionsHeaderConfig({
                key: 'x-cluster',
                values: ['a'],
              }),
            }),
          ],
          ruleActions: [
            new alb.CreateRulesRequestRulesRuleActions({
              type: 'ForwardGroup',
              order: 1,
              forwardGroupConfig: new alb.CreateRulesRequestRulesRuleActionsForwardGroupConfig({
                serverGroupTuples: [
                  new alb.CreateRulesRequestRulesRuleActionsForwardGroupConfigServerGroupTuples({ serverGroupId }),
                ],
              }),
            }),
          ],
          tag: [new alb.CreateRulesRequestRulesTag({ key: 'owner', value: 'fleet' })],
        }),
      ],
    }),
  );
  await jobDone(created.body?.jobId);
  const ruleId = created.body?.ruleIds?.[0]?.ruleId;
  const rules = await client.listRules(new alb.ListRulesRequest({ listenerIds: [listenerId] }));
  expect(rules.body?.totalCount).toBe(1);
  expect(rules.body?.rules?.[0]).toMatchObject({
    ruleId,
    loadBalancerId,
    priority: 10,
    ruleStatus: 'Available',
    ruleConditions: [{ type: 'Header', headerConfig: { key: 'x-cluster', values: ['a'] } }],
    ruleActions: [{ order: 1, forwardGroupConfig: { serverGroupTuples: [{ serverGroupId, weight: 100 }] } }],
    tags: [{ key: 'owner', value: 'fleet' }],
  });

  const groups = await client.listServerGroups(
    new alb.ListServerGroupsRequest({
      tag: [new alb.ListServerGroupsRequestTag({ key: 'owner', value: 'fleet (a) *!' })],
    }),
  );
  expect(groups.body?.serverGroups?.[0]).toMatchObject({
    serverGroupId,
    serverCount: 2,
    relatedLoadBalancerIds: [loadBalancerId],
    healthCheckConfig: { healthCheckPath: '/healthz', healthCheckCodes: ['http_2xx', 'http_3xx'] },
  });

  await jobDone((await client.deleteRule(new alb.DeleteRuleRequest({ ruleId }))).body?.jobId);
  await jobDone((await client.deleteListener(new alb.DeleteListenerRequest({ listenerId }))).body?.jobId);
  await jobDone((await client.deleteServerGroup(new alb.DeleteServerGroupRequest({ serverGroupId }))).body?.jobId);
  await jobDone((await client.deleteLoadBalancer(new alb.DeleteLoadBalancerRequest({ loadBalancerId }))).body?.jobId);
  expect(Object.values(cloud.state).map(({ size }) => size)).toEqual([0, 0, 0, 0]);
});

test('the SDK sees refusals with code and status', async () => {
  const call = client.getListenerAttribute(new alb.GetListenerAttributeRequest({ listenerId: 'lsn-none' }));
  await expect(call).rejects.toMatchObject({ code: 'ResourceNotFound.Listener', statusCode: 404 });
});

test('the SDK with a wrong secret or an unknown key is refused', async () => {
  const request = new alb.ListRulesRequest({});
  const wrongSecret = sdkClient(cloud.url, { ...KEY, accessKeySecret: 'wrong' });
  await expect(wrongSecret.listRules(request)).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' });
  const unknownKey = sdkClient(cloud.url, { ...KEY, accessKeyId: 'nobody' });
  await expect(unknownKey.listRules(request)).rejects.toMatchObject({
    code: 'InvalidAccessKeyId.NotFound',
    statusCode: 404,
  });
});
