import http, { type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import type { Server, ServerGroup } from '../model.ts';
import { type Header, headerValues, type ProxyRequest, pairs, withHeader, withoutHeader } from './request.ts';

/** Fixed at ALB. */
const CONNECT_TIMEOUT_MS = 5000;

/** RFC 9110, 7.6.1; expect is answered here. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

class UpstreamTimeoutError extends Error {}

/** Connections to backends. */
export interface Agents {
  /** The agent by the group's Protocol and UpstreamKeepaliveEnabled. */
  of(group: ServerGroup): http.Agent;
  close(): void;
}

export function createAgents(): Agents {
  const reused = { HTTP: new http.Agent({ keepAlive: true }), HTTPS: new https.Agent({ keepAlive: true }) };
  const single = { HTTP: new http.Agent(), HTTPS: new https.Agent() };

  function of(group: ServerGroup): http.Agent {
    const agents = group.UpstreamKeepaliveEnabled ? reused : single;
    return group.Protocol === 'HTTPS' ? agents.HTTPS : agents.HTTP;
  }

  function close(): void {
    for (const agent of [reused.HTTP, reused.HTTPS, single.HTTP, single.HTTPS]) agent.destroy();
  }

  return { of, close };
}

export interface Exchange {
  incoming: IncomingMessage;
  response: ServerResponse;
  /** After the rule's actions. */
  request: ProxyRequest;
  /** Without a byte from the backend. */
  responseTimeoutMs: number;
}

/**
 * Sends a request to a server and streams both bodies. Once, never again: 504 when the server does not accept or answer
 * in time, 502 when it cannot be reached or breaks off. A client that goes away ends the request at the server.
 */
export function forward(exchange: Exchange, group: ServerGroup, server: Server, agent: http.Agent): ClientRequest {
  const { incoming, response, request } = exchange;
  const upstream = (group.Protocol === 'HTTPS' ? https : http).request({
    host: server.ServerIp || server.ServerId,
    port: server.Port,
    method: request.method,
    path: `${request.path}${request.query && `?${request.query}`}`,
    headers: headerObject(upstreamHeaders(request)),
    setHost: false,
    rejectUnauthorized: false,
    agent,
  });

  limitTime(upstream, exchange.responseTimeoutMs);
  upstream.once('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, endToEnd(pairs(answer.rawHeaders)).flat());
    pipeline(answer, response, () => undefined);
  });
  upstream.on('error', (error) => {
    // Too late for a status once the answer has begun: the client sees it broken off.
    if (response.headersSent) response.destroy();
    else reply(response, error instanceof UpstreamTimeoutError ? 504 : 502, error.message);
    incoming.resume();
  });
  response.once('close', () => {
    if (!response.writableFinished) upstream.destroy();
  });
  incoming.pipe(upstream);
  return upstream;
}

/** An answer of the load balancer's own. */
export function reply(response: ServerResponse, status: number, text: string): void {
  const body = `${status} ${http.STATUS_CODES[status]}: ${text}\n`;
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function limitTime(upstream: ClientRequest, responseTimeoutMs: number): void {
  upstream.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => upstream.destroy(new UpstreamTimeoutError('the server does not accept the connection')),
      CONNECT_TIMEOUT_MS,
    );
    socket.once('connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
  upstream.setTimeout(responseTimeoutMs, () =>
    upstream.destroy(new UpstreamTimeoutError('the server does not answer in time')),
  );
}

function upstreamHeaders(request: ProxyRequest): Header[] {
  const forwardedFor = [...headerValues(request.headers, 'x-forwarded-for'), request.clientIp].join(', ');
  let headers = endToEnd(request.headers);
  headers = withHeader(headers, 'X-Forwarded-For', forwardedFor);
  headers = withHeader(headers, 'X-Forwarded-Proto', request.protocol);
  // A body of unknown length stays chunked: without framing its bytes would read as the next request.
  const chunked = headerValues(request.headers, 'transfer-encoding').length > 0;
  return chunked ? withHeader(headers, 'Transfer-Encoding', 'chunked') : headers;
}

/** Without what is meant for this connection only. */
function endToEnd(headers: readonly Header[]): Header[] {
  const named = headerValues(headers, 'connection').flatMap((value) => value.split(','));
  return [...HOP_BY_HOP, ...named.map((name) => name.trim())].reduce<Header[]>(withoutHeader, [...headers]);
}

/** Repeated headers become lists. */
function headerObject(headers: readonly Header[]): Record<string, string | string[]> {
  return Object.fromEntries(
    headers.map(([name]) => {
      const values = headerValues(headers, name);
      return [name, values.length === 1 ? values.join() : values];
    }),
  );
}
