import http, { type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import { pipeline, type Readable } from 'node:stream';
import { type Header, headerValues, type ProxyRequest, pairs, withHeader, withoutHeader } from './request.ts';

/** Headers that are not passed on (RFC 9110, 7.6.1); `expect` is answered here. */
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

/** Tells that the server did not accept the connection or did not answer in time. */
export class UpstreamTimeoutError extends Error {}

/** Connections to servers, some of them reused. */
export interface Agents {
  of(protocol: 'HTTP' | 'HTTPS', reuse: boolean): http.Agent;
  close(): void;
}

export function createAgents(): Agents {
  const reused = { HTTP: new http.Agent({ keepAlive: true }), HTTPS: new https.Agent({ keepAlive: true }) };
  const single = { HTTP: new http.Agent(), HTTPS: new https.Agent() };

  function close(): void {
    for (const agent of [reused.HTTP, reused.HTTPS, single.HTTP, single.HTTPS]) agent.destroy();
  }

  return { of: (protocol, reuse) => (reuse ? reused : single)[protocol], close };
}

export interface Exchange {
  response: ServerResponse;
  /** The request as it is sent to the server. */
  request: ProxyRequest;
  /** The body; a Buffer can be sent again. */
  body: Readable | Buffer;
}

export interface Upstream {
  protocol: 'HTTP' | 'HTTPS';
  host: string;
  port: number;
  agent: http.Agent;
  connectTimeoutMs: number;
  /** Milliseconds without a byte from the server after which the request fails; 0 means no limit. */
  idleTimeoutMs: number;
}

/**
 * Sends a request to a server, and streams its body. The caller handles `response` and `error`; a timeout is an
 * `UpstreamTimeoutError`. A client that goes away ends the request at the server.
 */
export function send(exchange: Exchange, to: Upstream): ClientRequest {
  const { response, request, body } = exchange;
  const upstream = (to.protocol === 'HTTPS' ? https : http).request({
    host: to.host,
    port: to.port,
    method: request.method,
    path: `${request.path}${request.query && `?${request.query}`}`,
    headers: headerObject(upstreamHeaders(request)),
    setHost: false,
    rejectUnauthorized: false,
    agent: to.agent,
  });
  limitTime(upstream, to);
  const abandon = () => {
    if (!response.writableFinished) upstream.destroy();
  };
  response.once('close', abandon);
  upstream.once('close', () => response.off('close', abandon));
  if (Buffer.isBuffer(body)) upstream.end(body);
  else body.pipe(upstream);
  return upstream;
}

/** Passes the answer of a server on, and streams its body; `edit` may change the headers. */
export function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  edit: (headers: Header[]) => Header[] = (headers) => headers,
): void {
  response.writeHead(answer.statusCode ?? 502, edit(endToEnd(pairs(answer.rawHeaders))).flat());
  pipeline(answer, response, () => undefined);
}

/** Sends an answer of the gateway's own. */
export function reply(response: ServerResponse, status: number, text: string): void {
  const body = `${status} ${http.STATUS_CODES[status]}: ${text}\n`;
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function limitTime(upstream: ClientRequest, { connectTimeoutMs, idleTimeoutMs }: Upstream): void {
  upstream.once('socket', (socket) => {
    if (!socket.connecting) return;
    const timer = setTimeout(
      () => upstream.destroy(new UpstreamTimeoutError('the server does not accept the connection')),
      connectTimeoutMs,
    );
    socket.once('connect', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
  upstream.setTimeout(idleTimeoutMs, () =>
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

/** Returns the headers without those that are meant for this connection only. */
function endToEnd(headers: readonly Header[]): Header[] {
  const named = headerValues(headers, 'connection').flatMap((value) => value.split(','));
  return [...HOP_BY_HOP, ...named.map((name) => name.trim())].reduce<Header[]>(withoutHeader, [...headers]);
}

/** Returns the headers as an object, in which repeated headers become lists. */
function headerObject(headers: readonly Header[]): Record<string, string | string[]> {
  return Object.fromEntries(
    headers.map(([name]) => {
      const values = headerValues(headers, name);
      return [name, values.length === 1 ? values.join() : values];
    }),
  );
}
