import type { IncomingMessage } from 'node:http';

export type Header = readonly [name: string, value: string];

/** A request as rules see and change it. */
export interface ProxyRequest {
  method: string;
  /** As declared: the data planes terminate no TLS, where HTTPS is declared they take plain HTTP. */
  protocol: 'http' | 'https';
  /** Lower case, without port. */
  host: string;
  /** As the client sees it: of the Host header, else where it came in. */
  port: number;
  /** As sent: not decoded, without the query. */
  path: string;
  /** Without the question mark. */
  query: string;
  headers: readonly Header[];
  clientIp: string;
  clientPort: number;
}

/** `entry`: where the request came in. */
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

/** All values of a header, in the order sent. */
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

/** Clients that take the gateway for a forward proxy (curl -x) send absolute URLs. */
function originForm(target: string): string {
  const stripped = target.replace(/^https?:\/\/[^/?#]*/i, '');
  return stripped.startsWith('?') || stripped === '' ? `/${stripped}` : stripped;
}
