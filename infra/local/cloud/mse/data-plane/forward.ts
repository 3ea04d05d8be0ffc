import { type ClientRequest, IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Agents, type Exchange, relay, reply, send, UpstreamTimeoutError } from '../../data-plane/proxy.ts';
import type { Header } from '../../data-plane/request.ts';
import type { RoutePolicies } from '../model.ts';
import type { Endpoint } from './endpoints.ts';
import { timeoutMs } from './policies.ts';

/** The time limit for connecting to an endpoint. Assumed: Istio's default, which MSE's API cannot change. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The largest body that is kept for retries. Assumed: Envoy's default. Larger bodies, and those of unknown length, are
 * streamed and not sent again.
 */
const REPLAY_LIMIT_BYTES = 1024 * 1024;

const CONNECT_FAILURES = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EADDRNOTAVAIL'];

export interface Delivery {
  incoming: IncomingMessage;
  exchange: Omit<Exchange, 'body'>;
  policies: RoutePolicies;
  protocol: 'HTTP' | 'HTTPS';
  agents: Agents;
  /** Returns the endpoint of the next attempt, or undefined when the service has none. */
  pick(tried: ReadonlySet<string>): Endpoint | undefined;
  /** Called at the start of each attempt. */
  started(endpoint: Endpoint, upstream: ClientRequest): void;
  editHeaders(headers: Header[]): Header[];
}

interface Deadline {
  expired: boolean;
  /** The current attempt, which is destroyed when the deadline expires. */
  upstream?: ClientRequest;
}

/**
 * Sends a request to endpoints until one gives an answer that the retry policy accepts, and passes that answer on. The
 * client gets 504 when the time of the route is up, and 503 when an endpoint cannot be reached or breaks off, or when
 * there is none (as in Envoy).
 */
export async function deliver(delivery: Delivery): Promise<void> {
  const { incoming, policies } = delivery;
  const { response } = delivery.exchange;
  const deadline = startDeadline(delivery);
  const replay = policies.Retry?.Status === 'on' ? await replayable(incoming) : undefined;
  const outcome = await exchangeWithRetries(delivery, replay ?? incoming, deadline);
  if (response.destroyed) return;
  if (outcome instanceof IncomingMessage) {
    relay(outcome, response, delivery.editHeaders);
  } else {
    incoming.resume();
    reply(response, deadline.expired ? 504 : 503, outcome.message);
  }
}

/**
 * Sends a request and retries it as the policy says. Only a body that is a Buffer is sent again. Retries follow at
 * once, first at endpoints that were not tried before.
 */
async function exchangeWithRetries(delivery: Delivery, body: Exchange['body'], deadline: Deadline) {
  const { exchange, policies } = delivery;
  const tried = new Set<string>();
  for (let retries = Buffer.isBuffer(body) ? (policies.Retry?.Attempts ?? 0) : 0; ; retries -= 1) {
    const endpoint = delivery.pick(tried);
    if (!endpoint) return new Error('the service has no endpoint');
    tried.add(endpoint.address);
    deadline.upstream = start(delivery, body, endpoint);
    const outcome = await outcomeOf(deadline.upstream);
    const isOver = deadline.expired || exchange.response.destroyed;
    if (retries <= 0 || isOver || !shallRetry(policies.Retry, outcome)) return outcome;
    if (outcome instanceof IncomingMessage) outcome.resume();
  }
}

function start(delivery: Delivery, body: Exchange['body'], endpoint: Endpoint): ClientRequest {
  const { exchange, protocol, agents } = delivery;
  const upstream = send(
    { ...exchange, body },
    {
      protocol,
      host: endpoint.host,
      port: endpoint.port,
      agent: agents.of(protocol, true),
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      idleTimeoutMs: 0,
    },
  );
  delivery.started(endpoint, upstream);
  return upstream;
}

/** Starts the time limit of the route, which runs from the end of the request to the end of the answer. */
function startDeadline({ incoming, exchange, policies }: Delivery): Deadline {
  const deadline: Deadline = { expired: false };
  const limitMs = timeoutMs(policies.Timeout);
  if (limitMs === 0) return deadline;
  incoming.once('end', () => {
    const timer = setTimeout(() => {
      deadline.expired = true;
      deadline.upstream?.destroy(new UpstreamTimeoutError('the server does not answer in time'));
    }, limitMs);
    exchange.response.once('close', () => clearTimeout(timer));
  });
  return deadline;
}

/** Reads the whole body when it is known to be small; otherwise returns undefined. */
async function replayable(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = incoming.headers;
  return encoding === undefined && Number(length) <= REPLAY_LIMIT_BYTES ? buffer(incoming) : undefined;
}

function outcomeOf(upstream: ClientRequest): Promise<IncomingMessage | Error> {
  return new Promise((resolve) => {
    upstream.once('response', resolve);
    // This listener stays, because an error after the beginning of the answer shows in the answer.
    upstream.on('error', resolve);
  });
}

/**
 * Tells whether the policy retries this outcome. As in Envoy, a 5xx condition also holds for servers that give no
 * answer. HttpCodes count beside the conditions.
 */
function shallRetry(retry: RoutePolicies['Retry'], outcome: IncomingMessage | Error): boolean {
  const conditions = retry?.RetryOn ?? [];
  if (outcome instanceof Error) {
    const always = ['5xx', 'gateway-error', 'reset'].some((condition) => conditions.includes(condition));
    return always || (conditions.includes('connect-failure') && isConnectFailure(outcome));
  }
  const status = outcome.statusCode ?? 0;
  return (
    (status >= 500 && conditions.includes('5xx')) ||
    (status >= 502 && status <= 504 && conditions.includes('gateway-error')) ||
    (retry?.HttpCodes.includes(String(status)) ?? false)
  );
}

function isConnectFailure(error: NodeJS.ErrnoException): boolean {
  return error instanceof UpstreamTimeoutError || CONNECT_FAILURES.includes(error.code ?? '');
}
