import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createHttpServers, type HttpServersOptions } from '../../data-plane/http-servers.ts';
import { createInFlight } from '../../data-plane/in-flight.ts';
import { NotCarriedError } from '../../data-plane/not-carried.ts';
import { createAgents, reply } from '../../data-plane/proxy.ts';
import { type Header, headerValues, type ProxyRequest, readRequest, withHeader } from '../../data-plane/request.ts';
import type { EndpointHealth, Gateway, MseDataPlane, MseState, RouteConfig } from '../model.ts';
import { affinityOf } from './affinity.ts';
import { createBalancer, ensureCarried } from './balancer.ts';
import { createEndpointHealthChecks, serviceKey } from './endpoints.ts';
import { deliver } from './forward.ts';
import { type Match, selectRoute } from './matcher.ts';
import { editRequest, editResponse, preflight } from './policies.ts';

const SYNC_INTERVAL_MS = 100;

/**
 * Serves the published routes of the gateways over real HTTP, one port per gateway, as MSE documents it and, where it
 * does not, as Envoy does. A feature that it does not carry is answered with a 501 that names it. A domain's Protocol
 * only shows in X-Forwarded-Proto and in redirects; MustHttps changes nothing here.
 */
export function createMseDataPlane(state: MseState, options: HttpServersOptions = {}): MseDataPlane {
  const servers = createHttpServers(options);
  const agents = createAgents();
  const inFlight = createInFlight();
  const checks = createEndpointHealthChecks(state, servers.keys);
  const balancer = createBalancer(
    (gateway, service, { address }) => checks.health(gateway, service, address) === 'unhealthy',
    (gateway, service, { address }) => inFlight.count(serviceKey(gateway, service.Id), address),
  );
  const timer = setInterval(checks.sync, SYNC_INTERVAL_MS).unref();

  async function handle(gatewayUniqueId: string, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gateway = state.gateways.get(gatewayUniqueId);
    if (!gateway) {
      incoming.socket.destroy();
      return;
    }
    const request = readRequest(incoming, { protocol: 'http', port: 80 });
    const match = selectRoute(gateway, request);
    if (!match) {
      response.writeHead(404).end();
      return;
    }
    const protocol = match.domain.Protocol === 'HTTPS' ? 'https' : 'http';
    await serve(gateway, match, { incoming, response, request: { ...request, protocol } });
  }

  async function serve(gateway: Gateway, { route, config }: Match, { incoming, response, request }: Arrival) {
    const { policies } = route;
    const allowed = preflight(policies, request);
    const own = allowed ? { status: 200, headers: allowed, body: '' } : ownAnswer(config, request);
    if (own) {
      const headers = allowed ?? editResponse(policies, request, own.headers);
      response.writeHead(own.status, headers.flat()).end(own.body);
      return;
    }
    const service = balancer.service(gateway, route, config);
    if (!service) return reply(response, 503, 'the service does not exist');
    ensureCarried(service);
    const { key, setCookie } = affinityOf(service, request);
    const outgoing = editRequest(policies, config.Predicates, withRequestId(request));
    await deliver({
      incoming,
      exchange: { response, request: outgoing },
      policies,
      protocol: service.ServiceProtocol === 'HTTPS' ? 'HTTPS' : 'HTTP',
      agents,
      pick: (tried) => balancer.endpoint(gateway, service, key, tried),
      started: ({ address }, upstream) => inFlight.add(serviceKey(gateway, service.Id), address, upstream),
      editHeaders: (headers) => [...editResponse(policies, request, headers), ...(setCookie ? [setCookie] : [])],
    });
  }

  async function openGateway({ GatewayUniqueId }: Gateway): Promise<string> {
    const address = await servers.open(GatewayUniqueId, (incoming, response) =>
      handle(GatewayUniqueId, incoming, response),
    );
    checks.sync();
    return address;
  }

  function endpointHealth(gatewayUniqueId: string, serviceId: number, endpoint: string): EndpointHealth {
    const gateway = state.gateways.get(gatewayUniqueId);
    const service = gateway?.services.get(serviceId);
    return gateway && service ? checks.health(gateway, service, endpoint) : 'unchecked';
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    checks.close();
    await servers.closeAll();
    agents.close();
  }

  return { openGateway, closeGateway: servers.close, endpointHealth, close };
}

interface Arrival {
  incoming: IncomingMessage;
  response: ServerResponse;
  request: ProxyRequest;
}

/** Returns the answer of a route that the gateway answers itself, or undefined when a service answers. */
function ownAnswer(
  config: RouteConfig,
  request: ProxyRequest,
): { status: number; headers: Header[]; body: string } | undefined {
  switch (config.DestinationType) {
    case 'Single':
    case 'Multiple':
      return undefined;
    case 'VersionOriented':
      throw new NotCarriedError('routes to service versions');
    case 'Mock': {
      const { Code = 200, Body = '' } = config.DirectResponse ?? {};
      return { status: Code, headers: Body ? [['content-type', 'text/plain']] : [], body: Body };
    }
    case 'Redirect':
      return { status: config.Redirect?.Code ?? 301, headers: [['location', location(config, request)]], body: '' };
  }
}

/**
 * Returns the target of a redirect. As in Envoy, a part that is not given stays, and so does the query unless the new
 * path has its own.
 */
function location({ Redirect = { Code: 301 } }: RouteConfig, request: ProxyRequest): string {
  const host = Redirect.Host || headerValues(request.headers, 'host').join();
  const path = Redirect.Path || request.path;
  const query = path.includes('?') || request.query === '' ? '' : `?${request.query}`;
  return `${request.protocol}://${host}${path}${query}`;
}

function withRequestId(request: ProxyRequest): ProxyRequest {
  if (headerValues(request.headers, 'x-request-id').length > 0) return request;
  return { ...request, headers: withHeader(request.headers, 'X-Request-Id', randomUUID()) };
}
