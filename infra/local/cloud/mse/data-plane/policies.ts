import { NotCarriedError } from '../../data-plane/not-carried.ts';
import { type Header, headerValues, type ProxyRequest, withHeader, withoutHeader } from '../../data-plane/request.ts';
import type { Predicates, RoutePolicies } from '../model.ts';
import { expression } from './matcher.ts';

const SECONDS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The time limit of a route without a policy. Assumed: it is what the console sets for a new route. */
const DEFAULT_TIMEOUT_SECONDS = 60;

/** Returns the time limit of the whole exchange in milliseconds, retries included; 0 means no limit. */
export function timeoutMs(timeout: RoutePolicies['Timeout']): number {
  if (!timeout) return DEFAULT_TIMEOUT_SECONDS * 1000;
  return timeout.Status === 'on' ? seconds(timeout.UnitNum, timeout.TimeUnit) * 1000 : 0;
}

function seconds(count: number, unit: string): number {
  const factor = SECONDS[unit.toLowerCase()];
  if (factor === undefined) throw new NotCarriedError(`the time unit ${unit}`);
  return count * factor;
}

/** Returns the request as it is sent to the server: it is rewritten first, then its headers are changed. */
export function editRequest(policies: RoutePolicies, predicates: Predicates, request: ProxyRequest): ProxyRequest {
  const rewritten = rewrite(policies.HttpRewrite, predicates, request);
  return { ...rewritten, headers: operate(policies.HeaderOp, 'Request', rewritten.headers) };
}

/** Returns the headers of an answer as the client gets them; `request` is the request as the client sent it. */
export function editResponse(policies: RoutePolicies, request: ProxyRequest, headers: readonly Header[]): Header[] {
  const operated = operate(policies.HeaderOp, 'Response', headers);
  return (cors(policies.Cors, request) ?? []).reduce((all, [name, value]) => withHeader(all, name, value), operated);
}

/**
 * Returns the headers that answer a CORS preflight of an allowed origin, or undefined for any other request, which goes
 * on to the route's destination.
 */
export function preflight({ Cors }: RoutePolicies, request: ProxyRequest): Header[] | undefined {
  const asked = headerValues(request.headers, 'access-control-request-method').length > 0;
  const allowed = request.method === 'OPTIONS' && asked ? cors(Cors, request) : undefined;
  if (!allowed || !Cors) return undefined;
  return [
    ...allowed.filter(([name]) => name !== 'access-control-expose-headers'),
    ...present('access-control-allow-methods', Cors.AllowMethods),
    ...present('access-control-allow-headers', Cors.AllowHeaders),
    ['access-control-max-age', String(seconds(Cors.UnitNum, Cors.TimeUnit))],
  ];
}

/**
 * Returns the CORS headers of an answer, or undefined when the origin is not allowed. As in Envoy, they name the origin
 * of the request, even when all are allowed.
 */
function cors(policy: RoutePolicies['Cors'], request: ProxyRequest): Header[] | undefined {
  const [origin] = headerValues(request.headers, 'origin');
  if (policy?.Status !== 'on' || origin === undefined) return undefined;
  const allowed = policy.AllowOrigins.split(',').map((text) => text.trim());
  if (!allowed.includes('*') && !allowed.includes(origin)) return undefined;
  return [
    ['access-control-allow-origin', origin],
    ...present('access-control-allow-credentials', policy.AllowCredentials ? 'true' : ''),
    ...present('access-control-expose-headers', policy.ExposeHeaders),
  ];
}

function present(name: string, value: string): Header[] {
  return value === '' ? [] : [[name, value]];
}

/**
 * Applies the header operations of one direction. Add keeps existing headers, Update replaces them. Assumed as in
 * Higress: Update also sets a header that is not there.
 */
function operate(policy: RoutePolicies['HeaderOp'], direction: string, headers: readonly Header[]): Header[] {
  let result = [...headers];
  for (const { DirectionType, OpType, Key, Value = '' } of policy?.Status === 'on' ? policy.HeaderOpItems : []) {
    if (DirectionType !== direction) continue;
    if (OpType === 'Add') result.push([Key, Value]);
    else result = OpType === 'Update' ? withHeader(result, Key, Value) : withoutHeader(result, Key);
  }
  return result;
}

function rewrite(policy: RoutePolicies['HttpRewrite'], predicates: Predicates, request: ProxyRequest): ProxyRequest {
  if (policy?.Status !== 'on') return request;
  const path = rewritePath(policy, predicates, request.path);
  if (!policy.Host) return { ...request, path };
  return { ...request, path, host: policy.Host, headers: withHeader(request.headers, 'host', policy.Host) };
}

/**
 * Rewrites a path: PRE replaces the prefix that the route matches, EQUAL the whole path, ERGULAR what the pattern
 * finds.
 */
function rewritePath(
  { PathType, Path, Pattern, Substitution = '' }: NonNullable<RoutePolicies['HttpRewrite']>,
  { PathPredicates }: Predicates,
  path: string,
): string {
  if (PathType === 'ERGULAR' && Pattern) return path.replace(expression(Pattern, 'g'), replacement(Substitution));
  if (!Path) return path;
  if (PathType === 'EQUAL') return Path;
  if (PathPredicates?.Type === 'ERGULAR') throw new NotCarriedError('the rewrite of a prefix on a regular expression');
  return Path + path.slice(PathPredicates?.Path.length ?? 0);
}

/**
 * Converts a substitution from RE2 to JavaScript: groups are \1 in RE2 and $1 in JavaScript, and the whole match is \0
 * and $&.
 */
function replacement(substitution: string): string {
  return substitution.replaceAll('$', '$$$$').replace(/\\(\d)/g, (_, digit) => (digit === '0' ? '$&' : `$${digit}`));
}
