import { createRequire } from 'node:module';
import Pop from '@alicloud/pop-core';
import type { DataPlane, ServerHealth } from '../../../infra/local/cloud/alb/model.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../../infra/local/cloud/server.ts';

export const KEY = { accessKeyId: 'test-key', accessKeySecret: 'test-secret' };
export const JOB_LATENCY_MS = 1000;

const require = createRequire(import.meta.url);

/** The official SDK. Node cannot see its named exports, so it is required. */
export const alb: typeof import('@alicloud/alb20200616') = require('@alicloud/alb20200616');
export const core: typeof import('@alicloud/openapi-core') = createRequire(require.resolve('@alicloud/alb20200616'))(
  '@alicloud/openapi-core',
);

/** An SDK client with nothing configured but where the cloud is and who calls. */
export function sdkClient(url: string, key = KEY): InstanceType<typeof alb.default> {
  const endpoint = url.replace('http://', '');
  return new alb.default(new core.$OpenApiUtil.Config({ ...key, endpoint, protocol: 'HTTP', regionId: 'cn-hangzhou' }));
}

export type Nested = string | number | boolean | Nested[] | { [name: string]: Nested };

/** `{Servers: [{Port: 80}]}` becomes `Servers.1.Port=80`, which pop-core does not do by itself. */
export function flatten(value: Nested, name = ''): Record<string, string> {
  if (typeof value !== 'object') return { [name]: String(value) };
  const prefix = name === '' ? '' : `${name}.`;
  const entries: [string, Nested][] = Array.isArray(value)
    ? value.map((item, index) => [String(index + 1), item])
    : Object.entries(value);
  return Object.assign({}, ...entries.map(([key, item]) => flatten(item, prefix + key)));
}

interface PopError {
  code: string;
  data: { Message: string; RequestId: string };
  entry: { response: { statusCode: number; headers: Record<string, string> } };
}

/** The fields of answers that tests read. */
export interface Body {
  RequestId: string;
  JobId: string;
  LoadBalancerId: string;
  ListenerId: string;
  ServerGroupId: string;
  RuleId: string;
  RuleIds: { Priority: number; RuleId: string }[];
  TotalCount: number;
  NextToken?: string;
  ListenerStatus: string;
  DefaultActions: unknown[];
  Listeners: { ListenerId: string }[];
  LoadBalancers: { LoadBalancerId: string; LoadBalancerStatus: string }[];
  Rules: { RuleId: string; Priority: number; RuleStatus: string; RuleName: string }[];
  Servers: { ServerId: string; Weight: number; Status: string; RemoteIpEnabled: boolean }[];
  ServerGroups: { ServerGroupId: string; ServerGroupName: string; ServerGroupStatus: string; ServerCount: number }[];
  Jobs: { Id: string; Status: string; ApiName: string; OperateType: string; ErrorCode?: string }[];
  ListenerHealthStatus: unknown[];
  RuleHealthStatus: unknown[];
  TagResources: { TagKey: string; TagValue: string }[];
}

export interface TestCloud extends LocalCloud {
  /** A V1-signed POST. */
  call(action: string, parameters?: { [name: string]: Nested }): Promise<Body>;
  /** The error of a call that must be refused. */
  refusal(
    action: string,
    parameters?: { [name: string]: Nested },
  ): Promise<{
    code: string;
    status: number;
    message: string;
    headers: Record<string, string>;
  }>;
  /** Moves virtual time. */
  advance(ms: number): void;
  /** Ends all jobs. */
  finishJobs(): Promise<void>;
  /** Health that the data plane reports, by server id; Healthy unless set. */
  health: Map<string, ServerHealth>;
  /** Ids of the listeners that accept connections. */
  open: Set<string>;
}

/** A cloud in virtual time whose data plane only remembers what it is told. */
export async function startTestCloud(options: Partial<LocalCloudOptions> = {}): Promise<TestCloud> {
  let nowMs = Date.now();
  const health = new Map<string, ServerHealth>();
  const open = new Set<string>();
  const dataPlane: DataPlane = {
    async openListener({ ListenerId }) {
      open.add(ListenerId);
      return '127.0.0.1:1';
    },
    async closeListener(listenerId) {
      open.delete(listenerId);
    },
    serverHealth: (_group, { ServerId }) => health.get(ServerId) ?? { status: 'Healthy' },
    async close() {},
  };
  const cloud = await startLocalCloud({
    accessKeys: { [KEY.accessKeyId]: KEY.accessKeySecret },
    jobLatencyMs: JOB_LATENCY_MS,
    now: () => nowMs,
    dataPlane: () => dataPlane,
    ...options,
  });
  const pop = popClient(cloud.url);
  const call: TestCloud['call'] = (action, parameters = {}) =>
    pop.request<Body>(action, flatten(parameters), { method: 'POST', timeout: 20_000 });
  return {
    ...cloud,
    call,
    refusal: async (action, parameters) => refusalOf(call(action, parameters)),
    advance: (ms) => {
      nowMs += ms;
    },
    finishJobs: async () => {
      nowMs += JOB_LATENCY_MS;
      await cloud.runDue();
    },
    health,
    open,
  };
}

export function popClient(url: string, key = KEY): Pop {
  return new Pop({ ...key, endpoint: url, apiVersion: '2020-06-16' });
}

export async function refusalOf(answer: Promise<unknown>) {
  const error = await answer.then(
    (body) => Promise.reject(new Error(`It was not refused: ${JSON.stringify(body)}`)),
    (thrown: PopError) => thrown,
  );
  if (!error.entry) throw error;
  const { statusCode: status, headers } = error.entry.response;
  return { code: error.code, status, message: error.data.Message, headers };
}

export const LOAD_BALANCER = {
  VpcId: 'vpc-1',
  AddressType: 'Internet',
  LoadBalancerEdition: 'Standard',
  LoadBalancerBillingConfig: { PayType: 'PostPay' },
  ZoneMappings: [
    { ZoneId: 'cn-hangzhou-h', VSwitchId: 'vsw-1' },
    { ZoneId: 'cn-hangzhou-i', VSwitchId: 'vsw-2' },
  ],
};

export async function createGroup(cloud: TestCloud, fields: { [name: string]: Nested } = {}): Promise<string> {
  const { ServerGroupId } = await cloud.call('CreateServerGroup', {
    ServerGroupName: 'pool',
    ServerGroupType: 'Ip',
    VpcId: 'vpc-1',
    HealthCheckConfig: { HealthCheckEnabled: true },
    ...fields,
  });
  await cloud.finishJobs();
  return ServerGroupId;
}

/** A load balancer with a listener in front of an empty group; all jobs done. */
export async function createGateway(cloud: TestCloud, fields: { [name: string]: Nested } = {}) {
  const { LoadBalancerId } = await cloud.call('CreateLoadBalancer', { ...LOAD_BALANCER, ...fields });
  const serverGroupId = await createGroup(cloud);
  const { ListenerId } = await cloud.call('CreateListener', {
    LoadBalancerId,
    ListenerPort: 80,
    ListenerProtocol: 'HTTP',
    DefaultActions: [forward([serverGroupId])],
  });
  await cloud.finishJobs();
  return { loadBalancerId: LoadBalancerId, listenerId: ListenerId, serverGroupId };
}

/** The default action of a listener. */
export function forward(groups: string[]): Nested {
  const ServerGroupTuples = groups.map((ServerGroupId) => ({ ServerGroupId }));
  return { Type: 'ForwardGroup', ForwardGroupConfig: { ServerGroupTuples } };
}

/** The fields of a rule that sends a host to a group. */
export function hostRule(Priority: number, serverGroupId: string): { [name: string]: Nested } {
  return {
    RuleName: `rule-${Priority}`,
    Priority,
    RuleConditions: [{ Type: 'Host', HostConfig: { Values: [`host${Priority}.example.com`] } }],
    RuleActions: [
      { Type: 'ForwardGroup', Order: 1, ForwardGroupConfig: { ServerGroupTuples: [{ ServerGroupId: serverGroupId }] } },
    ],
  };
}

/** An endpoint of a group of type Ip. */
export function server(ServerId: string, fields: { [name: string]: Nested } = {}): { [name: string]: Nested } {
  return { ServerType: 'Ip', ServerId, Port: 8080, ...fields };
}
