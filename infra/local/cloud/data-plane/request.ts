import type { IncomingMessage } from 'node:http';

export type Header = readonly [name: string, value: string];

/** A request as rules see and change it. */
export interface ProxyRequest {
  method: string;
  /** The declared protocol. The data planes do not terminate TLS: where HTTPS is declared, they take plain HTTP. */
  protocol: 'http' | 'https';
  /** The host in lower case, without the port. */
  host: string;
  /** The port that the client sees: that of the Host header, or else the one on which the request came in. */
  port: number;
  /** The path as sent: not decoded, without the query. */
  path: string;
  /** The query without the question mark. */
  query: string;
  headers: readonly Header[];
  clientIp: string;
  clientPort: number;
}

/** Reads a request; `entry` tells where it came in. */
export function readRequest(message: IncomingMessage, entry: Pick<ProxyRequest, 'protocol' | 'port'>): ProxyRequest {
  const target = originForm(message.url ?? '/');
  const mark = target.indexOf('?');
  const [, host = '', port] = /^(.*?)(?::(\d+))?$/.exec(message.headers.host ?? '') ?? [];
  return {
    method: message.method ?? 'GET',
    protocol: entry.protocol,
    host: host.toLowerCase(),
    port: port === undefined ? entry.port : Number(port),
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: pairs(message.rawHeaders),
    clientIp: (message.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    clientPort: message.socket.remotePort ?? 0,
  };
}

/** Returns all values of a header, in the order sent. */
export function headerValues(headers: readonly Header[], name: string): string[] {
  const key = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() === key).map(([, value]) => value);
}

export function cookies(request: ProxyRequest): [string, string][] {
  return headerValues(request.headers, 'cookie')
    .flatMap((header) => header.split(';'))
    .map((cookie) => {
      const [name = '', ...value] = cookie.trim().split('=');
      return [name, value.join('=')];
    });
}

export function withoutHeader(headers: readonly Header[], name: string): Header[] {
  const key = name.toLowerCase();
  return headers.filter(([candidate]) => candidate.toLowerCase() !== key);
}

/** Returns the headers with this one in place of every header of the same name. */
export function withHeader(headers: readonly Header[], name: string, value: string): Header[] {
  return [...withoutHeader(headers, name), [name, value]];
}

/** Converts a list in which names and values take turns, as node:http uses it, to pairs. */
export function pairs(rawHeaders: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    headers.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return headers;
}

/**
 * Returns the path and query of a request target. Clients that use the gateway as a forward proxy (curl -x) send
 * absolute URLs.
 */
function originForm(target: string): string {
  const stripped = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return stripped.startsWith('?') || stripped === '' ? `/${stripped}` : stripped;
}
