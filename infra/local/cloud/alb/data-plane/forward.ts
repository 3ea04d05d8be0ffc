import type { ClientRequest } from 'node:http';
import { type Agents, type Exchange, relay, reply, send, UpstreamTimeoutError } from '../../data-plane/proxy.ts';
import type { Header } from '../../data-plane/request.ts';
import type { Listener, Server, ServerGroup } from '../model.ts';

/** The time limit for connecting to a server, which ALB has fixed. */
const CONNECT_TIMEOUT_MS = 5000;

export interface Destination {
  listener: Listener;
  group: ServerGroup;
  server: Server;
  agents: Agents;
}

/** Sends a request to a server; the caller handles `response` and `error`. */
export function sendTo(exchange: Exchange, { listener, group, server, agents }: Destination): ClientRequest {
  const protocol = group.Protocol === 'HTTPS' ? 'HTTPS' : 'HTTP';
  return send(exchange, {
    protocol,
    host: server.ServerIp || server.ServerId,
    port: server.Port,
    agent: agents.of(protocol, group.UpstreamKeepaliveEnabled),
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    idleTimeoutMs: listener.RequestTimeout * 1000,
  });
}

/**
 * Sends a request to a server once, without retries, and passes its answer on. The client gets 504 when the server does
 * not accept or answer in time, and 502 when it cannot be reached or breaks off.
 */
export function forward(
  exchange: Exchange,
  destination: Destination,
  editHeaders: (headers: Header[]) => Header[],
): ClientRequest {
  const { response } = exchange;
  const upstream = sendTo(exchange, destination);
  upstream.once('response', (answer) => relay(answer, response, editHeaders));
  upstream.on('error', (error) => {
    // Once the answer has begun it is too late for a status, and the client sees the answer broken off.
    if (response.headersSent) response.destroy();
    else reply(response, error instanceof UpstreamTimeoutError ? 504 : 502, error.message);
    if (!Buffer.isBuffer(exchange.body)) exchange.body.resume();
  });
  return upstream;
}
