import type { IncomingMessage } from 'node:http';
import type { Listener } from '../model.ts';

export type Header = readonly [name: string, value: string];

/** A request as rules see and change it. */
export interface ProxyRequest {
  method: string;
  /** By the listener: this data plane terminates no TLS, an HTTPS listener takes plain HTTP here. */
  protocol: 'http' | 'https';
  /** Lower case, without port. */
  host: string;
  /** As the client sees it: of the Host header, else the listener's. */
  port: number;
  /** As sent: not decoded, without the query. */
  path: string;
  /** Without the question mark. */
  query: string;
  headers: readonly Header[];
  clientIp: string;
  clientPort: number;
}

export function readRequest(message: IncomingMessage, listener: Listener): ProxyRequest {
  const target = originForm(message.url ?? '/');
  const mark = target.indexOf('?');
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(message.headers.host ?? '') ?? [];
  return {
    method: message.method ?? 'GET',
    protocol: listener.ListenerProtocol === 'HTTP' ? 'http' : 'https',
    host: host.toLowerCase(),
    port: port === undefined ? listener.ListenerPort : Number(port),
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: pairs(message.rawHeaders),
    clientIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    clientPort: message.socket.remotePort ?? 0,
  };
}

/** All values of a header, in the order sent. */
export function headerValues(headers: readonly Header[], name: string): string[] {
  const key = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() === key).map(([, value]) => value);
}

export function withoutHeader(headers: readonly Header[], name: string): Header[] {
  const key = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() !== key);
}

/** Replaces every header of that name. */
export function withHeader(headers: readonly Header[], name: string, value: string): Header[] {
  return [...withoutHeader(headers, name), [name, value]];
}

/** Names and values in turn, as node:http gives and takes them, to pairs. */
export function pairs(rawHeaders: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return headers;
}

/** Clients that take the listener for a forward proxy (curl -x) send absolute URLs. */
function originForm(target: string): string {
  const stripped = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return stripped.startsWith('?') || stripped === '' ? `/${stripped}` : stripped;
}
