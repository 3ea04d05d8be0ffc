import { type Header, headerValues, type ProxyRequest } from '../../data-plane/request.ts';
import type { RuleAction } from '../model.ts';
import { glob } from './matcher.ts';

type CorsConfig = NonNullable<RuleAction['CorsConfig']>;

/** Whether a browser asks what it may do, before it does it. */
export function isPreflight(request: ProxyRequest): boolean {
  const asked = ['origin', 'access-control-request-method'].every(
    (name) => headerValues(request.headers, name).length > 0,
  );
  return request.method === 'OPTIONS' && asked;
}

/** Headers of the answer to a preflight. Assumed: ALB answers each one itself, and tells an origin that is not allowed nothing. */
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

/** Headers that any other answer gets; they replace those that the backend has set. */
export function answerHeaders(config: CorsConfig, request: ProxyRequest): Header[] {
  const origin = allowedOrigin(config, request);
  if (origin === undefined) return [];
  return [...originHeaders(config, origin), ...list('access-control-expose-headers', config.ExposeHeaders)];
}

/** Values of AllowOrigin may hold wildcards, or be one. */
function allowedOrigin({ AllowOrigin = [] }: CorsConfig, request: ProxyRequest): string | undefined {
  const [origin] = headerValues(request.headers, 'origin');
  return AllowOrigin.some((value) => glob(value, origin ?? '')) ? origin : undefined;
}

/** Assumed: the answer names the origin that asked, also when all are allowed. */
function originHeaders({ AllowCredentials }: CorsConfig, origin: string): Header[] {
  const credentials: Header[] = AllowCredentials === 'on' ? [['access-control-allow-credentials', 'true']] : [];
  return [['access-control-allow-origin', origin], ...credentials];
}

function list(name: string, values: readonly string[] = []): Header[] {
  return values.length > 0 ? [[name, values.join(', ')]] : [];
}
