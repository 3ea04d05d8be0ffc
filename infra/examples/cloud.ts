/** The cloud of the story: two listeners of one load balancer, which somebody has made before the story begins. */

import type { CloudState, DataPlane, Listener } from '../local/cloud/alb/model.ts';
import type { MseDataPlane } from '../local/cloud/mse/model.ts';

export const ACCESS_KEY = { accessKeyId: 'EXAMPLEACCESSKEY', accessKeySecret: 'example-access-key-secret' };

const REGION_ID = 'cn-hangzhou';
const LOAD_BALANCER_ID = 'alb-0nxbccddee1122334k';
const SERVER_GROUP_ID = 'sgp-nothing-declared';

export const EDGE_LISTENER = 'lsn-0edgeabcdef0123456';
export const CANARY_LISTENER = 'lsn-0canaryabcdef01234';

/** Returns the target of a gateway on one of the listeners. */
export function targetOf(listenerId: string) {
  return { provider: 'alb', regionId: REGION_ID, loadBalancerId: LOAD_BALANCER_ID, listenerIds: [listenerId] };
}

/** Returns the objects at the cloud when the story begins. */
export function instances(createdAt: string): Partial<CloudState> {
  const zones = ['h', 'i'].map((zone) => ({ ZoneId: `${REGION_ID}-${zone}`, VSwitchId: `vsw-example-${zone}` }));
  return {
    loadBalancers: new Map([
      [
        LOAD_BALANCER_ID,
        {
          LoadBalancerId: LOAD_BALANCER_ID,
          LoadBalancerName: 'edge',
          LoadBalancerStatus: 'Active',
          LoadBalancerEdition: 'Standard',
          AddressType: 'Internet',
          VpcId: 'vpc-example',
          DNSName: `${LOAD_BALANCER_ID}.${REGION_ID}.alb.aliyuncsslb.com`,
          RegionId: REGION_ID,
          ZoneMappings: zones,
          CreateTime: createdAt,
          Tags: [],
        },
      ],
    ]),
    listeners: new Map([EDGE_LISTENER, CANARY_LISTENER].map((id, index) => [id, listener(id, 80 + index)])),
  };
}

function listener(id: string, port: number): Listener {
  return {
    ListenerId: id,
    LoadBalancerId: LOAD_BALANCER_ID,
    ListenerPort: port,
    ListenerProtocol: 'HTTP',
    ListenerStatus: 'Running',
    RequestTimeout: 60,
    IdleTimeout: 15,
    DefaultServerGroupId: SERVER_GROUP_ID,
    Tags: [],
  };
}

const ALB: DataPlane = {
  openListener: async () => 'nowhere:80',
  closeListener: async () => undefined,
  serverHealth: () => ({ status: 'Healthy' }),
  close: async () => undefined,
};

const MSE: MseDataPlane = {
  openGateway: async () => 'nowhere:80',
  closeGateway: async () => undefined,
  endpointHealth: () => 'healthy',
  close: async () => undefined,
};

/** Data planes that serve nobody: only what the control API answers is recorded. */
export const DATA_PLANES = { dataPlane: () => ALB, mseDataPlane: () => MSE };
