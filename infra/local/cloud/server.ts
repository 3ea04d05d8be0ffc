import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PREFIX, handleAdmin } from './admin.ts';
import { CARRIED } from './alb/actions/index.ts';
import type { Answer, Context } from './alb/context.ts';
import { createDataPlane } from './alb/data-plane/index.ts';
import type { CloudState, DataPlane } from './alb/model.ts';
import { DEFAULT_QUOTAS, type Quotas } from './alb/quotas.ts';
import { ApiError, errorBody, notCarried } from './errors.ts';
import { type Fault, FaultQueue } from './faults.ts';
import { IdempotencyStore } from './idempotency.ts';
import { Jobs } from './jobs.ts';
import { type CallCounts, CallLog, type LogEntry } from './log.ts';
import { validateParameters } from './parameters.ts';
import { parseRequest, type RpcRequest, readBody } from './request.ts';
import { type Authenticator, createAuthenticator } from './signature.ts';
import { ACTIONS, type ActionSpec, API_VERSION } from './table.ts';
import { createThrottle, type Rate, throttled } from './throttle.ts';

export interface LocalCloudOptions {
  /** Secrets by access key id; all keys belong to one account. */
  accessKeys: Readonly<Record<string, string>>;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Region of calls that name none; default cn-hangzhou. */
  regionId?: string;
  /** From call to effect; default 300. */
  jobLatencyMs?: number;
  /** Replaces every rate; false: no throttling. Default: the documented rates. */
  throttle?: Rate | false;
  quotas?: Partial<Quotas>;
  dataPlaneHost?: string;
  /** Ports for listeners, in this order; any free one when they are taken. */
  dataPlanePorts?: readonly number[];
  dataPlane?: (state: CloudState) => DataPlane;
  /** Milliseconds since the epoch, for signatures, rates, jobs and tokens; default Date.now. */
  now?: () => number;
  /** The clock that signatures are held against, where callers sign by another one; default `now`. */
  signatureNow?: () => number;
}

export interface LocalCloud {
  /** http://host:port of the control API; its `/_local/` serves state, log and faults. */
  url: string;
  state: CloudState;
  log: CallLog;
  faults: FaultQueue;
  counts(): CallCounts;
  /** Ends the jobs that are due; for virtual time, since in real time they end by themselves. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

type Shared = Omit<Context, 'action' | 'regionId' | 'regionGiven' | 'partial'>;

interface Parts {
  shared: Shared;
  authenticator: Authenticator;
  throttle: ReturnType<typeof createThrottle>;
  idempotency: IdempotencyStore;
  faults: FaultQueue;
  log: CallLog;
  defaultRegionId: string;
}

/** Starts the control API of the local Alibaba Cloud (ALB OpenAPI 2020-06-16) and its data plane. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const { host = '127.0.0.1', port = 0, now = Date.now } = options;
  const state: CloudState = {
    loadBalancers: new Map(),
    listeners: new Map(),
    serverGroups: new Map(),
    rules: new Map(),
  };
  const jobs = new Jobs(options.jobLatencyMs ?? 300, now);
  const dataPlane = options.dataPlane?.(state) ?? defaultDataPlane(state, options, now);
  const parts: Parts = {
    shared: {
      state,
      pending: { rules: new Map(), servers: new Map() },
      jobs,
      dataPlane,
      quotas: { ...DEFAULT_QUOTAS, ...options.quotas },
      now,
    },
    authenticator: createAuthenticator(options.accessKeys, options.signatureNow ?? now),
    throttle: createThrottle(options.throttle, now),
    idempotency: new IdempotencyStore(now),
    faults: new FaultQueue(),
    log: new CallLog(),
    defaultRegionId: options.regionId ?? 'cn-hangzhou',
  };
  const server = createServer((message, response) => {
    serve(parts, message, response).catch((error) => response.destroy(error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  const address = server.address();
  const boundPort = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${boundPort}`,
    state,
    log: parts.log,
    faults: parts.faults,
    counts: () => parts.log.counts(),
    settle: () => jobs.settle(),
    close: async () => {
      await jobs.close();
      await dataPlane.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function defaultDataPlane(state: CloudState, options: LocalCloudOptions, now: () => number): DataPlane {
  return createDataPlane(state, {
    now,
    ...(options.dataPlaneHost === undefined ? {} : { host: options.dataPlaneHost }),
    ...(options.dataPlanePorts === undefined ? {} : { ports: options.dataPlanePorts }),
  });
}

async function serve(parts: Parts, message: IncomingMessage, response: ServerResponse): Promise<void> {
  if (message.url?.startsWith(ADMIN_PREFIX)) {
    await parts.shared.jobs.settle();
    const { status, body } = await handleAdmin({ ...parts, state: parts.shared.state }, message);
    sendJson(response, status, body);
    return;
  }
  const requestId = randomUUID().toUpperCase();
  const entry: LogEntry = {
    at: new Date(parts.shared.now()).toISOString(),
    action: '',
    kind: 'unknown',
    parameters: {},
    status: 200,
    requestId,
  };
  try {
    const request = parseRequest(message, await readBody(message));
    const answer = await call(parts, request, entry);
    finish(response, entry, { RequestId: requestId, ...answer });
  } catch (thrown) {
    const error = thrown instanceof ApiError ? thrown : new ApiError('InternalError', String(thrown), 500);
    entry.code = error.code;
    entry.status = error.status;
    finish(response, entry, errorBody(error, requestId, message.headers.host ?? ''), error.headers);
  }
  parts.log.add(entry);
}

/** One authenticated call; fills in what the log shall say of it. */
async function call(parts: Parts, request: RpcRequest, entry: LogEntry): Promise<Answer> {
  entry.action = request.action;
  entry.parameters = Object.fromEntries(request.parameters);
  const spec = ACTIONS.get(request.action);
  if (spec) entry.kind = spec.kind;
  parts.authenticator.authenticate(request);
  if (request.version !== API_VERSION) {
    throw new ApiError('InvalidVersion', `Specified parameter Version is not valid: ${API_VERSION} is served.`);
  }
  if (!spec) throw new ApiError('InvalidAction.NotFound', 'Specified api is not found.', 404);
  const fault = parts.faults.take(spec.name, spec.returnsJobId ?? false);
  if (fault) entry.fault = fault.kind;
  if (fault?.kind === 'drop' || fault?.kind === 'html') return {};
  await meetFault(fault);
  parts.throttle(request.regionId ?? parts.defaultRegionId, spec);
  await parts.shared.jobs.settle();
  return execute(parts, request, spec, fault?.kind === 'partial-batch');
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

function execute(parts: Parts, request: RpcRequest, spec: ActionSpec, partial: boolean): Answer {
  const { regionId } = request;
  const parameters = new Map(request.parameters);
  if (!spec.members.has('RegionId')) parameters.delete('RegionId');
  const input = validateParameters(spec, parameters);
  const action = CARRIED.get(spec.name);
  if (!action) throw notCarried(`the action ${spec.name}`);
  const earlier = spec.clientToken ? parts.idempotency.find(spec.name, parameters) : undefined;
  if (earlier) return earlier;
  const context: Context = {
    ...parts.shared,
    action: spec.name,
    regionId: regionId ?? parts.defaultRegionId,
    regionGiven: regionId !== undefined,
    partial,
  };
  const commit = action(context, input);
  if (spec.dryRun && input['DryRun'] === true) {
    throw new ApiError('DryRunOperation', 'Request validation has been passed with DryRun flag set.');
  }
  const answer = commit();
  if (spec.clientToken) parts.idempotency.keep(spec.name, parameters, answer);
  return answer;
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
