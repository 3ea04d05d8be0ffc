import Pop from '@alicloud/pop-core';
import type { EndpointHealth, Gateway, MseDataPlane, Route, Service } from '../../../../infra/local/cloud/mse/model.ts';
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../../../infra/local/cloud/server.ts';
import { KEY } from '../../control/harness.ts';

export const GATEWAY_LATENCY_MS = 5000;
export const PUBLISH_LATENCY_MS = 1000;

export type Fields = Record<string, unknown>;

/** The envelope of an answer; tests know what `Data` an action has. */
export interface Body<Data> {
  RequestId: string;
  HttpStatusCode: number;
  Code: number;
  Success: boolean;
  Message: string;
  ErrorCode?: string;
  Data: Data;
}

interface PopError {
  data?: Body<undefined> & { Code: number | string };
  entry?: { response: { statusCode: number; headers: Record<string, string> } };
}

export interface Refused {
  /** HTTP status. */
  status: number;
  /** `Code` of the body: a number of MSE's, or a text of what stands before it. */
  code: number | string;
  errorCode: string | undefined;
  success: boolean | undefined;
  message: string;
  headers: Record<string, string>;
}

export interface MseCloud extends LocalCloud {
  /** A V1-signed POST. Objects and lists travel as one JSON text. Returns Data. */
  call<Data = unknown>(action: string, parameters?: Fields): Promise<Data>;
  /** The error of a call that must be refused. */
  refusal(action: string, parameters?: Fields): Promise<Refused>;
  /** Moves virtual time and lets happen what is due. */
  advance(ms: number): Promise<void>;
  /** What the data plane says of an endpoint; unchecked unless set. */
  health: Map<string, EndpointHealth>;
  /** Ids of the gateways that accept connections. */
  open: Set<string>;
}

/** A cloud in virtual time, without throttling, whose data plane only remembers what it is told. */
export async function startMseCloud(options: Partial<LocalCloudOptions> = {}): Promise<MseCloud> {
  let nowMs = Date.now();
  const health = new Map<string, EndpointHealth>();
  const open = new Set<string>();
  const dataPlane: MseDataPlane = {
    async openGateway({ GatewayUniqueId, Name }) {
      if (Name === 'doomed') throw new Error('no port');
      open.add(GatewayUniqueId);
      return '127.0.0.1:1';
    },
    async closeGateway(id) {
      open.delete(id);
    },
    endpointHealth: (_gateway, _service, endpoint) => health.get(endpoint) ?? 'unchecked',
    async close() {},
  };
  const cloud = await startLocalCloud({
    accessKeys: { [KEY.accessKeyId]: KEY.accessKeySecret },
    gatewayLatencyMs: GATEWAY_LATENCY_MS,
    publishLatencyMs: PUBLISH_LATENCY_MS,
    throttle: false,
    now: () => nowMs,
    mseDataPlane: () => dataPlane,
    ...options,
  });
  return {
    ...cloud,
    ...clientOf(cloud.url),
    advance: async (ms) => {
      nowMs += ms;
      await cloud.runDue();
    },
    health,
    open,
  };
}

export function popClient(url: string): Pop {
  return new Pop({ ...KEY, endpoint: url, apiVersion: '2019-05-31' });
}

export function clientOf(url: string): Pick<MseCloud, 'call' | 'refusal'> {
  const pop = popClient(url);
  const request = <Data>(action: string, parameters: Fields = {}) =>
    pop.request<Body<Data>>(action, toTexts(parameters), { method: 'POST', formatParams: false, timeout: 20_000 });
  return {
    call: async <Data>(action: string, parameters?: Fields) => (await request<Data>(action, parameters)).Data,
    refusal: async (action, parameters) => refusalOf(request(action, parameters)),
  };
}

export function toTexts(parameters: Fields): Record<string, string> {
  const entries = Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === 'object' ? JSON.stringify(value) : String(value),
  ]);
  return Object.fromEntries(entries);
}

export async function refusalOf(answer: Promise<unknown>): Promise<Refused> {
  const { data, entry, ...error } = await answer.then(
    (body) => Promise.reject(new Error(`It was not refused: ${JSON.stringify(body)}`)),
    (thrown: PopError) => thrown,
  );
  if (!data || !entry) throw Object.assign(new Error('No answer'), error);
  const { statusCode: status, headers } = entry.response;
  return { status, code: data.Code, errorCode: data.ErrorCode, success: data.Success, message: data.Message, headers };
}

/** A gateway that runs, with two domains and two services, by the API alone. */
export async function createGateway(cloud: MseCloud) {
  const { GatewayUniqueId } = await cloud.call<{ GatewayUniqueId: string }>('AddGateway', GATEWAY);
  await cloud.advance(GATEWAY_LATENCY_MS);
  const domain = (Name: string) => cloud.call<number>('AddGatewayDomain', { GatewayUniqueId, Name, Protocol: 'HTTP' });
  const domains = [await domain('a.example.com'), await domain('b.example.com')] as const;
  await cloud.call('ImportServices', {
    GatewayUniqueId,
    SourceType: 'VIP',
    ServiceList: [
      { Name: 'pool-a', Ips: ['10.0.0.1:80', '10.0.0.2:80'] },
      { Name: 'pool-b', Ips: ['10.1.0.1:80'] },
    ],
  });
  const { Result } = await listServices(cloud, GatewayUniqueId);
  const services = [idOf(Result, 'pool-a'), idOf(Result, 'pool-b')] as const;
  return { id: GatewayUniqueId, domains, services };
}

export type TestGateway = Awaited<ReturnType<typeof createGateway>>;

export const GATEWAY = { Region: 'cn-hangzhou', Vpc: 'vpc-1', ZoneInfo: [{ VSwitchId: 'vsw-1', ZoneId: 'h' }] };

interface ServiceItem {
  Id: number;
  Name: string;
  Ips: string[];
  HealthStatus: string;
  UnhealthyEndpoints: string[];
}

export interface Page<Item> {
  PageNumber: number;
  PageSize: number;
  TotalSize: number;
  Result: Item[];
}

export function listServices(cloud: Pick<MseCloud, 'call'>, GatewayUniqueId: string, filter: Fields = {}, page = {}) {
  const FilterParams = { GatewayUniqueId, ...filter };
  return cloud.call<Page<ServiceItem>>('ListGatewayService', { FilterParams, ...page });
}

function idOf(items: readonly { Id: number; Name: string }[], name: string): number {
  const item = items.find(({ Name }) => Name === name);
  if (!item) throw new Error(`There is no ${name}.`);
  return item.Id;
}

/** The parameters of a route that sends `/` of the first domain to the first service. */
export function routeOf({ id, domains, services }: TestGateway, fields: Fields = {}): Fields {
  return {
    GatewayUniqueId: id,
    Name: 'route-1',
    DomainIdListJSON: [domains[0]],
    Predicates: { PathPredicates: { Path: '/', Type: 'PRE', IgnoreCase: false } },
    DestinationType: 'Single',
    Services: [{ ServiceId: services[0] }],
    ...fields,
  };
}

/** Creates a route and publishes it; returns its id. */
export async function publishRoute(cloud: MseCloud, gateway: TestGateway, fields: Fields = {}): Promise<number> {
  const RouteId = await cloud.call<number>('AddGatewayRoute', routeOf(gateway, fields));
  await cloud.call('ApplyGatewayRoute', { GatewayUniqueId: gateway.id, RouteId });
  await cloud.advance(PUBLISH_LATENCY_MS);
  return RouteId;
}

export function gatewayIn(cloud: LocalCloud, id: string): Gateway {
  return there(cloud.mse.gateways.get(id));
}

export function routeIn(cloud: LocalCloud, gateway: { id: string }, id: number): Route {
  return there(gatewayIn(cloud, gateway.id).routes.get(id));
}

export function serviceIn(cloud: LocalCloud, gateway: { id: string }, id: number): Service {
  return there(gatewayIn(cloud, gateway.id).services.get(id));
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The object is not in the state.');
  return value;
}

/** All of MSE as text, to see that nothing has changed. */
export function snapshot({ mse }: LocalCloud): string {
  return JSON.stringify(mse, (_, value) => (value instanceof Map ? [...value] : value));
}
