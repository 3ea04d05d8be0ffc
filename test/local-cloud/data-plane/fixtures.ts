import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDataPlane, type DataPlaneOptions } from '../../../infra/local/cloud/alb/data-plane/index.ts';
import type {
  CloudState,
  HealthCheckConfig,
  Listener,
  Rule,
  RuleAction,
  RuleCondition,
  Server,
  ServerGroup,
} from '../../../infra/local/cloud/alb/model.ts';

export interface Address {
  host: string;
  port: number;
}

export function listener(overrides: Partial<Listener> = {}): Listener {
  return {
    ListenerId: 'lsn-1',
    LoadBalancerId: 'alb-1',
    ListenerPort: 80,
    ListenerProtocol: 'HTTP',
    ListenerStatus: 'Running',
    RequestTimeout: 60,
    IdleTimeout: 15,
    DefaultServerGroupId: 'sgp-default',
    Tags: [],
    ...overrides,
  };
}

export function server(address: Address, overrides: Partial<Server> = {}): Server {
  return {
    ServerId: address.host,
    ServerIp: address.host,
    ServerType: 'Ip',
    Port: address.port,
    Weight: 100,
    Description: '',
    RemoteIpEnabled: false,
    Status: 'Available',
    ...overrides,
  };
}

/** Settings of fast checks of /healthz. The interval is below what the API allows. */
export function healthCheck(overrides: Partial<HealthCheckConfig> = {}): HealthCheckConfig {
  return {
    HealthCheckEnabled: true,
    HealthCheckProtocol: 'HTTP',
    HealthCheckPath: '/healthz',
    HealthCheckHost: '',
    HealthCheckMethod: 'GET',
    HealthCheckHttpVersion: 'HTTP1.1',
    HealthCheckCodes: ['http_2xx'],
    HealthCheckConnectPort: 0,
    HealthCheckInterval: 0.05,
    HealthCheckTimeout: 1,
    HealthyThreshold: 2,
    UnhealthyThreshold: 2,
    ...overrides,
  };
}

/** A server group without health checks, unless `overrides` sets them. */
export function group(id: string, servers: Server[], overrides: Partial<ServerGroup> = {}): ServerGroup {
  return {
    ServerGroupId: id,
    ServerGroupName: id,
    ServerGroupType: 'Ip',
    ServerGroupStatus: 'Available',
    VpcId: 'vpc-1',
    Protocol: 'HTTP',
    Scheduler: 'Wrr',
    HealthCheckConfig: healthCheck({ HealthCheckEnabled: false }),
    StickySessionConfig: { StickySessionEnabled: false },
    ConnectionDrainConfig: { ConnectionDrainEnabled: false, ConnectionDrainTimeout: 300 },
    SlowStartConfig: { SlowStartEnabled: false, SlowStartDuration: 30 },
    UpstreamKeepaliveEnabled: true,
    CrossZoneEnabled: true,
    Servers: servers,
    Tags: [],
    CreateTime: '2026-01-01T00:00Z',
    ...overrides,
  };
}

export function rule(
  priority: number,
  conditions: RuleCondition[],
  actions: RuleAction[],
  overrides: Partial<Rule> = {},
): Rule {
  return {
    RuleId: `rule-${priority}`,
    RuleName: `rule-${priority}`,
    ListenerId: 'lsn-1',
    LoadBalancerId: 'alb-1',
    Direction: 'Request',
    Priority: priority,
    RuleStatus: 'Available',
    RuleConditions: conditions,
    RuleActions: actions,
    Tags: [],
    ...overrides,
  };
}

export const host = (...values: string[]): RuleCondition => ({ Type: 'Host', HostConfig: { Values: values } });
export const path = (...values: string[]): RuleCondition => ({ Type: 'Path', PathConfig: { Values: values } });
export const header = (key: string, ...values: string[]): RuleCondition => ({
  Type: 'Header',
  HeaderConfig: { Key: key, Values: values },
});

/** A last rule that forwards to groups by weight. */
export function forwardTo(weights: Record<string, number>): RuleAction {
  const tuples = Object.entries(weights).map(([ServerGroupId, Weight]) => ({ ServerGroupId, Weight }));
  return { Type: 'ForwardGroup', Order: 100, ForwardGroupConfig: { ServerGroupTuples: tuples } };
}

export interface Setup {
  listener?: Partial<Listener>;
  groups: ServerGroup[];
  rules?: Rule[];
  options?: DataPlaneOptions;
}

export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface RequestOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** A data plane with one open listener. */
export async function startPlane(setup: Setup) {
  const theListener = listener(setup.listener);
  const state: CloudState = {
    loadBalancers: new Map(),
    listeners: new Map([[theListener.ListenerId, theListener]]),
    serverGroups: new Map(setup.groups.map((item) => [item.ServerGroupId, item])),
    rules: new Map((setup.rules ?? []).map((item) => [item.RuleId, item])),
  };
  const plane = createDataPlane(state, setup.options);
  const [hostname = '', port] = (await plane.openListener(theListener)).split(':');
  const address = { host: hostname, port: Number(port) };
  const client = clientOf(address);

  async function close() {
    client.close();
    await plane.close();
  }

  return { plane, state, listener: theListener, address, send: client.send, tally: client.tally, close };
}

/** A client that reaches every host through one address. */
export function clientOf(address: Address) {
  const agent = new http.Agent({ keepAlive: true });

  /** Sends a request to `http://HOST/PATH`. */
  function send(url: string, { method = 'GET', headers = {}, body }: RequestOptions = {}): Promise<Answer> {
    const { host: authority, pathname, search } = new URL(url);
    return sendTo(address, {
      method,
      path: pathname + search,
      headers: { host: authority, ...headers },
      agent,
      body,
    });
  }

  /** Counts how many of `count` consecutive requests each cluster answered. */
  async function tally(count: number, url = 'http://shop.example.com/', headers = {}): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let index = 0; index < count; index += 1) {
      const answer = await send(url, { headers });
      const by = String(answer.headers['x-cluster'] ?? answer.status);
      counts[by] = (counts[by] ?? 0) + 1;
    }
    return counts;
  }

  return { send, tally, close: () => agent.destroy() };
}

export async function sendTo(
  address: Address,
  { body, ...options }: http.RequestOptions & { body?: RequestOptions['body'] },
): Promise<Answer> {
  const request = http.request({ ...address, ...options });
  // One such error is a connection that breaks off after the answer.
  request.on('error', () => undefined);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** A backend with a behaviour of the test's own. */
export async function startBackend(handle: RequestListener) {
  const backend = http.createServer(handle);
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const bound = backend.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;

  async function close() {
    const closed = once(backend, 'close');
    backend.close();
    backend.closeAllConnections();
    await closed;
  }

  return { address: { host: '127.0.0.1', port }, close };
}

/** A port on which nothing listens. */
export async function refusedAddress(): Promise<Address> {
  const backend = await startBackend(() => undefined);
  await backend.close();
  return backend.address;
}

/** Waits for a condition; the test's timeout is its limit. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(10);
}
