import type { PathModifier } from '../../../../schemas/filter.ts';
import type { PathMatch } from '../../../../schemas/route.ts';
import type { Rule } from '../../../core/model/ir.ts';
import type { Facts } from '../observe/facts.ts';
import { ofType } from './filters.ts';

type Listener = Facts['listeners'][number];

const USUAL_PORTS = { http: 80, https: 443 };

/** Status codes after which a client repeats the request with its method. */
const KEEPS_METHOD = [307, 308];

/** Tells whether a rule redirects a request at a listener to the scheme, host, port and path that it already has. */
export function redirectLoop({ hostname, match, filters }: Rule, listener: Listener): boolean {
  return ofType(filters, 'RequestRedirect').some((filter) => {
    const scheme = filter.scheme ?? schemeOf(listener);
    const port = filter.port ?? (filter.scheme ? USUAL_PORTS[filter.scheme] : listener.port);
    const comesAgain =
      match.method === undefined || ['GET', 'HEAD'].includes(match.method) || KEEPS_METHOD.includes(filter.statusCode);
    return (
      comesAgain &&
      scheme === schemeOf(listener) &&
      port === listener.port &&
      (filter.hostname === undefined || filter.hostname === hostname) &&
      keepsPath(match.path, filter.path)
    );
  });
}

/** Returns the scheme of requests at a listener. QUIC carries HTTPS. */
function schemeOf({ protocol }: Listener): 'http' | 'https' {
  return protocol === 'HTTP' ? 'http' : 'https';
}

function keepsPath(path: PathMatch, modifier: PathModifier | undefined): boolean {
  if (modifier === undefined) return true;
  if (modifier.type === 'ReplaceFullPath') return path.type === 'Exact' && path.value === modifier.value;
  return withoutSlash(path.value) === withoutSlash(modifier.value);
}

function withoutSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '');
}
