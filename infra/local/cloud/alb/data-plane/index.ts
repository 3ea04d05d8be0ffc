import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHttpServers, type HttpServersOptions } from '../../data-plane/http-servers.ts';
import { createInFlight } from '../../data-plane/in-flight.ts';
import { createAgents, reply } from '../../data-plane/proxy.ts';
import { type Header, type ProxyRequest, readRequest, withHeader } from '../../data-plane/request.ts';
import type { CloudState, DataPlane, Listener, ServerGroupTuple } from '../model.ts';
import { act, type Copy, type Outcome } from './actions.ts';
import { forward, sendTo } from './forward.ts';
import { createServerHealthChecks } from './health.ts';
import { pathCaptures } from './matcher.ts';
import { copyOf, forget } from './mirror.ts';
import { createBalancer, selectRule, serverAddress } from './select.ts';
import { bind } from './sticky.ts';

const SYNC_INTERVAL_MS = 100;

export interface DataPlaneOptions extends HttpServersOptions {
  /** The clock of traffic limits and connection draining, in milliseconds. */
  now?: () => number;
}

/**
 * Serves the listeners of the state over real HTTP, as ALB documents it. A feature that it does not carry is answered
 * with a 501 that names it, never ignored. A listener that is neither Running nor Configuring breaks connections off.
 */
export function createDataPlane(state: CloudState, options: DataPlaneOptions = {}): DataPlane {
  const { now = Date.now } = options;
  const servers = createHttpServers(options);
  const agents = createAgents();
  const inFlight = createInFlight();
  const checks = createServerHealthChecks(state, () => servers.keys().flatMap((id) => servingListener(id) ?? []));
  const balancer = createBalancer(
    (group, server) => checks.health(group.ServerGroupId, server).status !== 'Unhealthy',
    (group, server) => inFlight.count(group.ServerGroupId, serverAddress(server)),
  );
  const admit = createRateLimit(now);
  const timer = setInterval(() => {
    checks.sync();
    inFlight.cutDrained(drainMs, now());
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
    serve(listener, incoming, response);
  }

  function serve(listener: Listener, incoming: IncomingMessage, response: ServerResponse): void {
    const { choice, outcome } = decide(listener, readRequest(incoming, entryOf(listener)));
    const { request, answerHeaders } = outcome;
    const setHeaders = (headers: readonly Header[]) =>
      answerHeaders.reduce<Header[]>((all, [name, value]) => withHeader(all, name, value), [...headers]);
    for (const copy of outcome.copies) mirror(listener, `${choice}/mirror`, copy, { incoming, response });
    if (outcome.kind === 'answer') {
      response.writeHead(outcome.status, setHeaders(outcome.headers).flat()).end(outcome.body);
      return;
    }
    const chosen = choose(choice, outcome.tuples, request);
    if (!chosen) {
      reply(response, 503, 'no server has a weight');
      return;
    }
    const { group, server } = chosen;
    const upstream = forward({ response, request, body: incoming }, { listener, group, server, agents }, (headers) =>
      bind(group, server, request, setHeaders(headers)),
    );
    inFlight.add(group.ServerGroupId, serverAddress(server), upstream);
  }

  function choose(choice: string, tuples: readonly ServerGroupTuple[], request: ProxyRequest) {
    const group = state.serverGroups.get(balancer.tuple(choice, tuples)?.ServerGroupId ?? '');
    const server = group && balancer.server(group, request);
    return server && { group, server };
  }

  /** Sends a copy to a mirror server and ignores the answer. Without a server nothing is sent. */
  function mirror(
    listener: Listener,
    choice: string,
    { tuples, request }: Copy,
    { incoming, response }: { incoming: IncomingMessage; response: ServerResponse },
  ): void {
    const chosen = choose(choice, tuples, request);
    if (!chosen) return;
    const { group, server } = chosen;
    const body = copyOf(incoming);
    const upstream = sendTo({ response, request, body }, { listener, group, server, agents });
    forget(upstream, body);
    inFlight.add(group.ServerGroupId, serverAddress(server), upstream);
  }

  /**
   * Decides what becomes of a request. `choice` is the key under which the turns of the chosen set of tuples are
   * counted.
   */
  function decide(listener: Listener, request: ProxyRequest): { choice: string; outcome: Outcome } {
    const { ListenerId, ListenerPort: listenerPort, LoadBalancerId: loadBalancerId } = listener;
    const rule = selectRule(state, ListenerId, request);
    if (!rule) {
      const tuples = [{ ServerGroupId: listener.DefaultServerGroupId, Weight: 100 }];
      return { choice: ListenerId, outcome: { kind: 'forward', tuples, request, copies: [], answerHeaders: [] } };
    }
    const ruleId = rule.RuleId;
    const captures = pathCaptures(rule.RuleConditions, request);
    const context = { ruleId, loadBalancerId, listenerPort, captures, admit };
    return { choice: ruleId, outcome: act(rule.RuleActions, request, context) };
  }

  /**
   * Returns how long requests may go on at a server that was removed from its group, in milliseconds. It is undefined,
   * which means no limit, when the server is still there or the group has disappeared, and also when connection
   * draining is disabled (assumed; ALB may cut requests then).
   */
  function drainMs(serverGroupId: string, address: string): number | undefined {
    const group = state.serverGroups.get(serverGroupId);
    if (!group || group.Servers.some((server) => serverAddress(server) === address)) return undefined;
    const { ConnectionDrainEnabled, ConnectionDrainTimeout } = group.ConnectionDrainConfig;
    return ConnectionDrainEnabled ? ConnectionDrainTimeout * 1000 : undefined;
  }

  async function openListener({ ListenerId, IdleTimeout }: Listener): Promise<string> {
    const address = await servers.open(ListenerId, (incoming, response) => handle(ListenerId, incoming, response), {
      keepAliveTimeoutMs: IdleTimeout * 1000,
    });
    checks.sync();
    return address;
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    checks.close();
    await servers.closeAll();
    agents.close();
  }

  return { openListener, closeListener: servers.close, serverHealth: checks.health, close };
}

function entryOf({ ListenerProtocol, ListenerPort }: Listener): Pick<ProxyRequest, 'protocol' | 'port'> {
  return { protocol: ListenerProtocol === 'HTTP' ? 'http' : 'https', port: ListenerPort };
}

/** Returns a function that counts admissions by key within the current second. */
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
