import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PREFIX, handleAdmin } from './admin.ts';
import { createDataPlane } from './alb/data-plane/index.ts';
import type { CloudState, DataPlane } from './alb/model.ts';
import { createAlb } from './alb/product.ts';
import type { Quotas } from './alb/quotas.ts';
import { ApiError, errorBody } from './errors.ts';
import { FaultQueue } from './fault-queue.ts';
import type { Fault } from './faults.ts';
import { type CallCounts, CallLog, type LogEntry } from './log.ts';
import { createMseDataPlane } from './mse/data-plane/index.ts';
import type { MseDataPlane, MseState } from './mse/model.ts';
import { createMse } from './mse/product.ts';
import type { Outcome, Product } from './product.ts';
import { type Authorizer, createAuthorizer, type RamPolicy } from './ram.ts';
import { parseRequest, type RpcRequest, readBody } from './request.ts';
import { Schedule } from './schedule.ts';
import { type Authenticator, createAuthenticator } from './signature.ts';
import { createThrottle, type Rate, throttled } from './throttle.ts';

export interface LocalCloudOptions {
  /** Secrets by access key id; all keys belong to one account. */
  accessKeys: Readonly<Record<string, string>>;
  /** RAM policies by access key id; when absent, every key may do everything. */
  policies?: Readonly<Record<string, readonly RamPolicy[]>>;
  /** The address to listen on; 127.0.0.1 when absent. */
  host?: string;
  /** The port to listen on; 0, which is the default, takes any free port. */
  port?: number;
  /** The region of calls that name none; cn-hangzhou when absent. */
  regionId?: string;
  /** Milliseconds from a call to its effect; 300 when absent. */
  jobLatencyMs?: number;
  /** Milliseconds from AddGateway, UpdateGatewaySpec and the like until Status is 2 (running); 300 when absent. */
  gatewayLatencyMs?: number;
  /** Milliseconds from ApplyGatewayRoute or OfflineGatewayRoute to its effect; 300 when absent. */
  publishLatencyMs?: number;
  /** Replaces every rate limit; false turns throttling off. When absent, the documented and assumed rates hold. */
  throttle?: Rate | false;
  quotas?: Partial<Quotas>;
  dataPlaneHost?: string;
  /** Ports for listeners, in this order; any free one when they are taken. */
  dataPlanePorts?: readonly number[];
  /** Ports for the gateways of MSE, in this order; any free one when they are taken. */
  mseDataPlanePorts?: readonly number[];
  /** Objects to begin with, such as those that an earlier run has saved. Their data plane listens at new addresses. */
  saved?: Partial<CloudState & MseState>;
  dataPlane?: (state: CloudState) => DataPlane;
  mseDataPlane?: (state: MseState) => MseDataPlane;
  /** The clock of signatures, rates, jobs and tokens, in milliseconds since the epoch; Date.now when absent. */
  now?: () => number;
  /** The clock that signatures are checked against, for callers that sign by another one; `now` when absent. */
  signatureNow?: () => number;
}

export interface LocalCloud {
  /** The URL of the control API, http://host:port; its `/_local/` serves state, log and faults. */
  url: string;
  /** The state of ALB. */
  state: CloudState;
  mse: MseState;
  log: CallLog;
  faults: FaultQueue;
  /** Actions that RAM policies have refused, such as `alb:CreateRules`. */
  denied: ReadonlySet<string>;
  counts(): CallCounts;
  /** Carries out what is due, such as the ends of jobs. Virtual time needs it; in real time they end by themselves. */
  runDue(): Promise<void>;
  close(): Promise<void>;
}

interface Parts {
  products: readonly Product[];
  /** The objects of all products by kind, for the admin endpoints. */
  state: CloudState & MseState;
  schedule: Schedule;
  authenticator: Authenticator;
  authorizer: Authorizer;
  throttle: ReturnType<typeof createThrottle>;
  faults: FaultQueue;
  log: CallLog;
  defaultRegionId: string;
  now: () => number;
}

/**
 * Starts the control API of the local Alibaba Cloud (ALB OpenAPI 2020-06-16, MSE OpenAPI 2019-05-31) and its data
 * planes.
 */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { host = '127.0.0.1', port = 0, now = Date.now } = options;
  const schedule = new Schedule(now);
  const { alb, mse } = createProducts(options, schedule, now);
  const products = [alb, mse];
  for (const { state } of products) begin(state, options.saved ?? {});
  const parts: Parts = {
    products,
    state: { ...alb.state, ...mse.state },
    schedule,
    authenticator: createAuthenticator(options.accessKeys, options.signatureNow ?? now),
    authorizer: createAuthorizer(options.policies ?? {}),
    throttle: createThrottle(options.throttle, now),
    faults: new FaultQueue(() => new Map(products.map((product) => [product.name, product.freeze()]))),
    log: new CallLog(),
    defaultRegionId: options.regionId ?? 'cn-hangzhou',
    now,
  };
  const server = createServer((message, response) => {
    serve(parts, message, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  for (const product of products) await product.resume();
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${boundPort}`,
    state: alb.state,
    mse: mse.state,
    log: parts.log,
    faults: parts.faults,
    denied: parts.authorizer.denied,
    counts: () => parts.log.counts(),
    runDue: () => schedule.runDue(),
    close: async () => {
      await schedule.close();
      for (const product of parts.products) await product.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Fills the state of a product with its saved objects. */
function begin(state: CloudState | MseState, saved: Partial<CloudState & MseState>): void {
  for (const [name, objects] of Object.entries(state) as [keyof typeof saved, Map<unknown, unknown>][]) {
    for (const [id, object] of saved[name] ?? []) objects.set(id, object);
  }
}

function createProducts(options: LocalCloudOptions, schedule: Schedule, now: () => number) {
  const host = options.dataPlaneHost === undefined ? {} : { host: options.dataPlaneHost };
  const atPorts = (ports: readonly number[] | undefined) => ({
    now,
    ...host,
    ...(ports === undefined ? {} : { ports }),
  });
  const alb = createAlb({
    schedule,
    jobLatencyMs: options.jobLatencyMs ?? 300,
    quotas: options.quotas,
    dataPlane: options.dataPlane ?? ((state) => createDataPlane(state, atPorts(options.dataPlanePorts))),
    now,
  });
  const mse = createMse({
    schedule,
    gatewayLatencyMs: options.gatewayLatencyMs ?? 300,
    publishLatencyMs: options.publishLatencyMs ?? 300,
    dataPlane: options.mseDataPlane ?? ((state) => createMseDataPlane(state, atPorts(options.mseDataPlanePorts))),
    now,
  });
  return { alb, mse };
}

async function serve(parts: Parts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (message.url?.startsWith(ADMIN_PREFIX)) {
    await parts.schedule.runDue();
    const { status, body } = await handleAdmin(parts, message);
    sendJson(response, status, body);
    return;
  }
  const requestId = randomUUID().toUpperCase();
  const entry: LogEntry = {
    at: new Date(parts.now()).toISOString(),
    action: '',
    kind: 'unknown',
    parameters: {},
    status: 200,
    requestId,
  };
  try {
    const request = parseRequest(message, await readBody(message));
    const { body, code } = await call(parts, request, entry);
    if (code !== undefined) entry.code = code;
    finish(response, entry, { RequestId: requestId, ...body });
  } catch (thrown) {
    const error = thrown instanceof ApiError ? thrown : new ApiError('InternalError', String(thrown), 500);
    entry.code = error.code;
    entry.status = error.status;
    const product = parts.products.find(({ name }) => name === entry.product)?.table.product ?? '';
    finish(response, entry, errorBody(error, requestId, message.headers.host ?? '', product), error.headers);
  }
  parts.log.add(entry);
}

/** Authenticates and carries out a call, and fills in its entry of the log. */
async function call(parts: Parts, request: RpcRequest, entry: LogEntry): Promise<Outcome> {
  entry.action = request.action;
  entry.parameters = Object.fromEntries(request.parameters);
  const product = parts.products.find(({ table }) => table.version === request.version);
  if (product) entry.product = product.name;
  const spec = product?.table.actions.get(request.action);
  if (spec) entry.kind = spec.kind;
  const accessKeyId = parts.authenticator.authenticate(request);
  if (!product) {
    const served = parts.products.map(({ table }) => table.version).join(' and ');
    throw new ApiError('InvalidVersion', `Specified parameter Version is not valid: ${served} are served.`);
  }
  if (!spec) throw new ApiError('InvalidAction.NotFound', 'Specified api is not found.', 404);
  parts.authorizer.authorize(accessKeyId, product.name, spec.name);
  const { fault, execute = product.execute } = parts.faults.take(product.name, spec) ?? {};
  if (fault) entry.fault = fault.kind;
  if (fault?.kind === 'drop' || fault?.kind === 'html') return { body: {} };
  await meetFault(fault);
  const regionId = request.regionId ?? parts.defaultRegionId;
  const { scope, rate } = product.rateOf(spec, regionId);
  parts.throttle(`${product.name} ${scope}`, rate);
  await parts.schedule.runDue();
  const parameters = new Map(request.parameters);
  if (!spec.members.has('RegionId')) parameters.delete('RegionId');
  return execute({ spec, parameters, regionId, regionGiven: request.regionId !== undefined, fault });
}

async function meetFault(fault: Fault | undefined): Promise<void> {
  if (fault?.kind === 'latency') await sleep(fault.latencyMs ?? 1000);
  if (fault?.kind === 'throttle') throw throttled(1000);
  if (fault?.kind === 'error') {
    const code = fault.code ?? 'ServiceUnavailable';
    const isServerSide = ['ServiceUnavailable', 'SystemBusy', 'InternalError'].includes(code);
    throw new ApiError(code, 'This error was injected.', isServerSide ? 503 : 400);
  }
}

/** Sends the answer, or what an injected fault makes of it. */
function finish(response: ServerResponse, entry: LogEntry, body: object, headers: Record<string, string> = {}): void {
  if (entry.fault === 'drop' || entry.fault === 'lost-response') {
    entry.status = 0;
    response.destroy();
  } else if (entry.fault === 'html') {
    entry.status = 502;
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html><h1>502 Bad Gateway</h1></html>');
  } else {
    sendJson(response, entry.status, body, headers);
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json;charset=utf-8', ...headers });
  response.end(JSON.stringify(body));
}
