/** The load balancer that the demo fleet is declared upon. An operator would have made it beforehand, so it is made by the API too. */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Credentials, createCloud } from '../../functions/cloud/alicloud.ts';
import type { Json } from '../../functions/core/provider-object.ts';
import { clock } from '../../functions/platform.ts';
import type { AlbTarget } from '../../schemas/gateway.ts';
import type { LocalCloud } from './cloud/server.ts';

const REGION_ID = 'cn-hangzhou';
const VPC_ID = 'vpc-local';
const WITHIN_MS = 15_000;

/** The load balancer that is there already, or a new one with a listener that answers 503 until routes are declared. */
export async function ensureGateway(cloud: LocalCloud, credentials: Credentials): Promise<AlbTarget> {
  const known = existing(cloud);
  if (known) return known;
  const client = createCloud({
    credentials: { default: credentials },
    endpoint: () => cloud.url,
    clock,
    log: { info: () => undefined, error: () => undefined },
  });
  const create = async (action: string, parameters: Record<string, Json>, id: string) => {
    const answer = await client.call({
      product: 'alb',
      regionId: REGION_ID,
      credentials: 'default',
      action,
      parameters,
    });
    return String(answer[id]);
  };
  const loadBalancerId = await create('CreateLoadBalancer', loadBalancer, 'LoadBalancerId');
  const serverGroupId = await create('CreateServerGroup', defaultServerGroup, 'ServerGroupId');
  await until(() => cloud.state.loadBalancers.get(loadBalancerId)?.LoadBalancerStatus === 'Active');
  await until(() => cloud.state.serverGroups.get(serverGroupId)?.ServerGroupStatus === 'Available');
  const listenerId = await create('CreateListener', listener(loadBalancerId, serverGroupId), 'ListenerId');
  await until(() => cloud.state.listeners.get(listenerId)?.ListenerStatus === 'Running');
  return target(loadBalancerId, [listenerId]);
}

function existing({ state }: LocalCloud): AlbTarget | undefined {
  const [loadBalancer] = state.loadBalancers.keys();
  const listeners = [...state.listeners.values()].filter((one) => one.LoadBalancerId === loadBalancer);
  if (loadBalancer === undefined || listeners.length === 0) return undefined;
  return target(
    loadBalancer,
    listeners.map((one) => one.ListenerId),
  );
}

function target(loadBalancerId: string, listenerIds: string[]): AlbTarget {
  return { provider: 'alb', regionId: REGION_ID, loadBalancerId, listenerIds };
}

const loadBalancer = {
  LoadBalancerName: 'edge',
  AddressType: 'Internet',
  VpcId: VPC_ID,
  LoadBalancerEdition: 'Standard',
  LoadBalancerBillingConfig: { PayType: 'PostPay' },
  ZoneMappings: [
    { ZoneId: 'cn-hangzhou-h', VSwitchId: 'vsw-local-h' },
    { ZoneId: 'cn-hangzhou-i', VSwitchId: 'vsw-local-i' },
  ],
};

const defaultServerGroup = {
  ServerGroupName: 'nothing-declared',
  ServerGroupType: 'Ip',
  VpcId: VPC_ID,
  HealthCheckConfig: { HealthCheckEnabled: false },
  StickySessionConfig: { StickySessionEnabled: false },
};

function listener(LoadBalancerId: string, ServerGroupId: string) {
  return {
    LoadBalancerId,
    ListenerProtocol: 'HTTP',
    ListenerPort: 80,
    DefaultActions: [{ Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId }] } }],
  };
}

async function until(reached: () => boolean): Promise<void> {
  const deadline = Date.now() + WITHIN_MS;
  while (!reached()) {
    if (Date.now() > deadline)
      throw new Error(`The local cloud did not make the gateway within ${WITHIN_MS / 1000} s.`);
    await sleep(20);
  }
}
