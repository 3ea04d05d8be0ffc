/**
 * Creates the cloud instances that gateways are declared on. An operator would have created them beforehand, so they
 * are created through the cloud's API as well.
 */

import type { Clock, Cloud } from '../../functions/deps.ts';
import type { AlbTarget, GatewayTarget, MseTarget } from '../../schemas/gateway.ts';
import type { LocalCloud } from './cloud/server.ts';

const REGION_ID = 'cn-hangzhou';
const VPC_ID = 'vpc-local';
const ZONES = [
  { ZoneId: 'cn-hangzhou-h', VSwitchId: 'vsw-local-h' },
  { ZoneId: 'cn-hangzhou-i', VSwitchId: 'vsw-local-i' },
];

const WITHIN_MS = 60_000;
const POLL_INTERVAL_MS = 20;

/** The local cloud and a client that calls it, in real or virtual time. */
export interface Account {
  local: LocalCloud;
  cloud: Cloud;
  clock: Clock;
}

/** Creates a load balancer with a listener that answers 503 until routes are declared. */
export async function createLoadBalancer(account: Account): Promise<AlbTarget> {
  const call = caller(account, 'alb');
  const { state } = account.local;
  const { LoadBalancerId } = await call('CreateLoadBalancer', {
    LoadBalancerName: 'edge',
    AddressType: 'Internet',
    VpcId: VPC_ID,
    LoadBalancerEdition: 'Standard',
    LoadBalancerBillingConfig: { PayType: 'PostPay' },
    ZoneMappings: ZONES,
  });
  const { ServerGroupId } = await call('CreateServerGroup', {
    ServerGroupName: 'nothing-declared',
    ServerGroupType: 'Ip',
    VpcId: VPC_ID,
    HealthCheckConfig: { HealthCheckEnabled: false },
    StickySessionConfig: { StickySessionEnabled: false },
  });
  const loadBalancerId = String(LoadBalancerId);
  await until(account, () => state.loadBalancers.get(loadBalancerId)?.LoadBalancerStatus === 'Active');
  await until(account, () => state.serverGroups.get(String(ServerGroupId))?.ServerGroupStatus === 'Available');
  const { ListenerId } = await call('CreateListener', {
    LoadBalancerId,
    ListenerProtocol: 'HTTP',
    ListenerPort: 80,
    DefaultActions: [{ Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId }] } }],
  });
  await until(account, () => state.listeners.get(String(ListenerId))?.ListenerStatus === 'Running');
  return { provider: 'alb', regionId: REGION_ID, loadBalancerId, listenerIds: [String(ListenerId)] };
}

/** Creates an MSE gateway that answers 404 until routes are declared. */
export async function createMseGateway(account: Account): Promise<MseTarget> {
  const { Data } = await caller(account, 'mse')('AddGateway', {
    Region: REGION_ID,
    Vpc: VPC_ID,
    ZoneInfo: JSON.stringify(ZONES),
    Name: 'edge-mse',
  });
  const { GatewayUniqueId: gatewayUniqueId } = Data as { GatewayUniqueId: string };
  await until(account, () => account.local.mse.gateways.get(gatewayUniqueId)?.Status === 2);
  return { provider: 'mse', regionId: REGION_ID, gatewayUniqueId };
}

export const createInstance = { alb: createLoadBalancer, mse: createMseGateway };

/** Returns the first load balancer when it has a listener, or else undefined. */
export function existingLoadBalancer({ state }: LocalCloud): AlbTarget | undefined {
  const [loadBalancerId] = state.loadBalancers.keys();
  const listeners = [...state.listeners.values()].filter((one) => one.LoadBalancerId === loadBalancerId);
  if (loadBalancerId === undefined || listeners.length === 0) return undefined;
  return { provider: 'alb', regionId: REGION_ID, loadBalancerId, listenerIds: listeners.map((one) => one.ListenerId) };
}

/** Returns the first MSE gateway, if there is one. */
export function existingMseGateway({ mse }: LocalCloud): MseTarget | undefined {
  const [gatewayUniqueId] = mse.gateways.keys();
  return gatewayUniqueId === undefined ? undefined : { provider: 'mse', regionId: REGION_ID, gatewayUniqueId };
}

/** Returns the address on which the data plane of an instance listens. Throws when there is none. */
export function addressOf(local: LocalCloud, target: GatewayTarget): { host: string; port: number } {
  const addresses =
    target.provider === 'alb'
      ? target.listenerIds.map((id) => local.state.listeners.get(id)?.dataPlaneAddress)
      : [local.mse.gateways.get(target.gatewayUniqueId)?.dataPlaneAddress];
  const address = addresses.find((found) => found !== undefined);
  if (address === undefined)
    throw new Error('The gateway does not listen: remove the data of the local cloud to start anew.');
  const [host = '', port] = address.split(':');
  return { host, port: Number(port) };
}

function caller({ cloud }: Account, product: GatewayTarget['provider']) {
  return (action: string, parameters: Parameters<Cloud['call']>[0]['parameters']) =>
    cloud.call({ product, regionId: REGION_ID, credentials: 'default', action, parameters });
}

async function until({ local, clock }: Account, reached: () => boolean): Promise<void> {
  const deadline = clock.now() + WITHIN_MS;
  while (!reached()) {
    if (clock.now() > deadline)
      throw new Error(`The local cloud did not make the gateway within ${WITHIN_MS / 1000} s.`);
    await clock.sleep(POLL_INTERVAL_MS);
    await local.runDue();
  }
}
