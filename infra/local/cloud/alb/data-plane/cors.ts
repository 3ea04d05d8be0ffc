import { type Header, headerValues, type ProxyRequest } from '../../data-plane/request.ts';
import type { RuleAction } from '../model.ts';
import { glob } from './matcher.ts';

type CorsConfig = NonNullable<RuleAction['CorsConfig']>;

/** Tells whether the request is a CORS preflight. */
export function isPreflight(request: ProxyRequest): boolean {
  const asked = ['origin', 'access-control-request-method'].every(
    (name) => headerValues(request.headers, name).length > 0,
  );
  return request.method === 'OPTIONS' && asked;
}

/**
 * Returns the headers of the answer to a preflight. Assumed: ALB answers each preflight itself, and gives no CORS
 * headers to an origin that is not allowed.
 */
export function preflightHeaders(config: CorsConfig, request: ProxyRequest): Header[] {
  const origin = allowedOrigin(config, request);
  if (origin === undefined) return [];
  return [
    ...originHeaders(config, origin),
    ...list('access-control-allow-methods', config.AllowMethods),
    ...list('access-control-allow-headers', config.AllowHeaders),
    ...(config.MaxAge === undefined ? [] : [['access-control-max-age', String(config.MaxAge)] as const]),
  ];
}

/** Returns the headers that any other answer gets; they replace those that the backend has set. */
export function answerHeaders(config: CorsConfig, request: ProxyRequest): Header[] {
  const origin = allowedOrigin(config, request);
  if (origin === undefined) return [];
  return [...originHeaders(config, origin), ...list('access-control-expose-headers', config.ExposeHeaders)];
}

/** Returns the origin of the request if it is allowed. Values of AllowOrigin may hold wildcards, or be one. */
function allowedOrigin({ AllowOrigin = [] }: CorsConfig, request: ProxyRequest): string | undefined {
  const [origin] = headerValues(request.headers, 'origin');
  return AllowOrigin.some((value) => glob(value, origin ?? '')) ? origin : undefined;
}

/**
 * Returns the headers that allow an origin. Assumed: the answer names the origin of the request, even when all are
 * allowed.
 */
function originHeaders({ AllowCredentials }: CorsConfig, origin: string): Header[] {
  const credentials: Header[] = AllowCredentials === 'on' ? [['access-control-allow-credentials', 'true']] : [];
  return [['access-control-allow-origin', origin], ...credentials];
}

function list(name: string, values: readonly string[] = []): Header[] {
  return values.length > 0 ? [[name, values.join(', ')]] : [];
}
