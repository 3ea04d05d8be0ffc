import { once } from 'node:events';
import { createServer, type Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { CloudState, DataPlane, Listener } from '../model.ts';
import { act, NotCarriedError, type Outcome } from './actions.ts';
import { createHealthChecker } from './health-checker.ts';
import { createInFlight } from './in-flight.ts';
import { createAgents, forward, reply } from './proxy.ts';
import { type ProxyRequest, readRequest } from './request.ts';
import { createBalancer, selectRule } from './select.ts';

const SYNC_INTERVAL_MS = 100;

export interface DataPlaneOptions {
  /** Default 127.0.0.1. */
  host?: string;
  /** Real ports to take, in this order; any free port when they are taken. */
  ports?: readonly number[];
  /** Milliseconds, for traffic limits and connection draining. */
  now?: () => number;
}

/**
 * Serves the listeners of the state over real HTTP, as ALB documents it. What it does not carry is answered with a 501
 * that names it, never passed over. A listener that is neither Running nor Configuring breaks connections off.
 */
export function createDataPlane(state: CloudState, options: DataPlaneOptions = {}): DataPlane {
  const { host = '127.0.0.1', ports = [], now = Date.now } = options;
  const servers = new Map<string, HttpServer>();
  const agents = createAgents();
  const inFlight = createInFlight();
  const checker = createHealthChecker(state, () => [...servers.keys()].flatMap((id) => servingListener(id) ?? []));
  const balancer = createBalancer(
    (group, server) => checker.health(group.ServerGroupId, server).status !== 'Unhealthy',
    inFlight.count,
  );
  const admit = createRateLimit(now);
  const timer = setInterval(() => {
    checker.sync();
    inFlight.cutDrained(state, now());
  }, SYNC_INTERVAL_MS).unref();

  function servingListener(listenerId: string): Listener | undefined {
    const listener = state.listeners.get(listenerId);
    return listener?.ListenerStatus === 'Running' || listener?.ListenerStatus === 'Configuring' ? listener : undefined;
  }

  function handle(listenerId: string, incoming: IncomingMessage, response: ServerResponse): void {
    const listener = servingListener(listenerId);
    if (!listener) {
      incoming.socket.destroy();
      return;
    }
    try {
      serve(listener, incoming, response);
    } catch (error) {
      reply(response, error instanceof NotCarriedError ? 501 : 500, String(error));
    }
  }

  function serve(listener: Listener, incoming: IncomingMessage, response: ServerResponse): void {
    if (incoming.headers.upgrade?.toLowerCase() === 'websocket') throw new NotCarriedError('WebSocket');
    const { choice, outcome } = decide(listener, readRequest(incoming, listener));
    if (outcome.kind === 'answer') {
      response.writeHead(outcome.status, outcome.headers).end(outcome.body);
      return;
    }
    const { request, tuples } = outcome;
    const group = state.serverGroups.get(balancer.tuple(choice, tuples)?.ServerGroupId ?? '');
    const server = group && balancer.server(group, request.clientIp);
    if (!server) {
      reply(response, 503, 'no server has a weight');
      return;
    }
    const exchange = { incoming, response, request, responseTimeoutMs: listener.RequestTimeout * 1000 };
    inFlight.add(group, server, forward(exchange, group, server, agents.of(group)));
  }

  /** `choice` names the set of tuples, whose turns are counted together. */
  function decide(listener: Listener, request: ProxyRequest): { choice: string; outcome: Outcome } {
    const { ListenerId, ListenerPort: listenerPort, LoadBalancerId: loadBalancerId } = listener;
    const rule = selectRule(state, ListenerId, request);
    if (!rule) {
      const tuples = [{ ServerGroupId: listener.DefaultServerGroupId, Weight: 100 }];
      return { choice: ListenerId, outcome: { kind: 'forward', tuples, request } };
    }
    const ruleId = rule.RuleId;
    return { choice: ruleId, outcome: act(rule.RuleActions, request, { ruleId, loadBalancerId, listenerPort, admit }) };
  }

  async function openListener(listener: Listener): Promise<string> {
    await closeListener(listener.ListenerId);
    const server = createServer((incoming, response) => handle(listener.ListenerId, incoming, response));
    server.keepAliveTimeout = listener.IdleTimeout * 1000;
    const port = await listenOnFirstFree(server, host, ports);
    servers.set(listener.ListenerId, server);
    checker.sync();
    return `${host}:${port}`;
  }

  async function closeListener(listenerId: string): Promise<void> {
    const server = servers.get(listenerId);
    if (!server) return;
    servers.delete(listenerId);
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    checker.close();
    await Promise.all([...servers.keys()].map(closeListener));
    agents.close();
  }

  return { openListener, closeListener, serverHealth: checker.health, close };
}

async function listenOnFirstFree(server: HttpServer, host: string, ports: readonly number[]): Promise<number> {
  for (const port of ports) {
    try {
      return await listen(server, host, port);
    } catch {
      // Taken: the next one.
    }
  }
  return listen(server, host, 0);
}

async function listen(server: HttpServer, host: string, port: number): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('not a TCP server');
  return address.port;
}

/** Counts admissions by key within the current second. */
function createRateLimit(now: () => number): (key: string, requestsPerSecond: number) => boolean {
  const counts = new Map<string, number>();
  let second = 0;
  return (key, requestsPerSecond) => {
    const current = Math.floor(now() / 1000);
    if (current !== second) counts.clear();
    second = current;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= requestsPerSecond;
  };
}
