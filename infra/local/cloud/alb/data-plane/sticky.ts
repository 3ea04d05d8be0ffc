import { createHash } from 'node:crypto';
import { cookies, type Header, type ProxyRequest } from '../../data-plane/request.ts';
import type { Server, ServerGroup } from '../model.ts';

/** The name of the cookie that ALB inserts (npm @alicloud/alb20200616, StickySessionConfig). */
const INSERTED_COOKIE = 'SERVERID';
const DEFAULT_TIMEOUT_SECONDS = 1000;

/** Returns the server among `candidates` that the session of the request is bound to, if any. */
export function boundServer(
  group: ServerGroup,
  request: ProxyRequest,
  candidates: readonly Server[],
): Server | undefined {
  const name = cookieName(group);
  const id = cookies(request).find(([key]) => key === name)?.[1];
  return candidates.find((candidate) => idOf(candidate) === id);
}

/**
 * Returns the headers of the answer, changed so that they bind the client's next requests to the server. Type Insert
 * adds a cookie unless the client has one for this server; it lasts for CookieTimeout and is not prolonged (assumed).
 * Type Server replaces the value of the backend's own cookie; where the backend sets none, nothing is bound.
 */
export function bind(group: ServerGroup, server: Server, request: ProxyRequest, headers: readonly Header[]): Header[] {
  const { StickySessionType = 'Insert', CookieTimeout = DEFAULT_TIMEOUT_SECONDS } = group.StickySessionConfig;
  const name = cookieName(group);
  if (name === undefined) return [...headers];
  if (StickySessionType === 'Server') return headers.map((header) => rewritten(header, name, idOf(server)));
  if (boundServer(group, request, [server])) return [...headers];
  return [...headers, ['set-cookie', `${name}=${idOf(server)}; Path=/; Max-Age=${CookieTimeout}; HttpOnly`]];
}

/** Returns the name of the session cookie, or undefined when sessions do not stick. */
function cookieName({ StickySessionConfig }: ServerGroup): string | undefined {
  const { StickySessionEnabled, StickySessionType, Cookie } = StickySessionConfig;
  if (!StickySessionEnabled) return undefined;
  return StickySessionType === 'Server' ? Cookie : INSERTED_COOKIE;
}

function rewritten(header: Header, cookie: string, id: string): Header {
  const [name, value] = header;
  if (name.toLowerCase() !== 'set-cookie' || !value.startsWith(`${cookie}=`)) return header;
  return [name, value.replace(/=[^;]*/, `=${id}`)];
}

/** Returns an id of the server that tells clients nothing about the network. */
function idOf({ ServerId, ServerIp, Port }: Server): string {
  return createHash('sha256').update(`${ServerId} ${ServerIp} ${Port}`).digest('hex').slice(0, 32);
}
