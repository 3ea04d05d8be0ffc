import { randomUUID } from 'node:crypto';
import { cookies, type Header, type ProxyRequest } from '../../data-plane/request.ts';
import type { Service, TrafficPolicy } from '../model.ts';
import { headerText, queryParameter } from './matcher.ts';

/** The key that binds a request to an endpoint, and the header that tells it to the client. */
export interface Affinity {
  key?: string | undefined;
  setCookie?: Header;
}

/**
 * Returns the affinity by the consistent hash of the service (GatewayTrafficPolicy). A request without a key takes its
 * turn.
 */
export function affinityOf({ TrafficPolicy }: Service, request: ProxyRequest): Affinity {
  const settings = TrafficPolicy.LoadBalancerSettings;
  const hash = settings?.LoadbalancerType === 'CONSISTENT_HASH' ? settings.ConsistentHashLBConfig : undefined;
  switch (hash?.ConsistentHashLBType) {
    case undefined:
      return {};
    case 'SOURCE_IP':
      return { key: request.clientIp };
    case 'HEADER':
      return { key: headerText(request, hash.ParameterName ?? '') };
    case 'QUERY_PARAMETER':
      return { key: queryParameter(request, hash.ParameterName ?? '') };
    case 'COOKIE':
      return byCookie(hash.HttpCookie ?? { Name: hash.ParameterName ?? '' }, request);
  }
}

type HttpCookie = NonNullable<
  NonNullable<NonNullable<TrafficPolicy['LoadBalancerSettings']>['ConsistentHashLBConfig']>['HttpCookie']
>;

/**
 * Returns the affinity by cookie; a client without the cookie is given one. Assumed: TTL is in seconds; without it the
 * cookie lasts for the session.
 */
function byCookie({ Name, Path, TTL }: HttpCookie, request: ProxyRequest): Affinity {
  const sent = cookies(request).find(([name]) => name === Name);
  if (sent) return { key: sent[1] };
  const key = randomUUID();
  const attributes = [`${Name}=${key}`, ...(TTL ? [`Max-Age=${TTL}`] : []), ...(Path ? [`Path=${Path}`] : [])];
  return { key, setCookie: ['set-cookie', [...attributes, 'HttpOnly'].join('; ')] };
}
