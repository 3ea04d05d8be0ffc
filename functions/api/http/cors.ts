import type { MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import type { AppEnv } from './env.ts';

/** The headers of requests that pages may set, besides those that every page may. */
const ALLOWED = [...['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'Idempotency-Key', 'X-Request-Id']];

/** The headers of answers that pages may read, besides those that every page may. */
const EXPOSED = [
  ...['ETag', 'Location', 'Operation-Location', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'WWW-Authenticate'],
  ...['X-Request-Id', 'X-Client-Request-Id', 'Idempotency-Replayed', 'Deprecation', 'Sunset', 'Link'],
];

/** The time for which a browser may believe the answer about a method and its headers: browsers take two hours at most. */
const MAX_AGE_SECONDS = 7200;

/**
 * Creates the middleware that lets pages of these origins call the API from a browser (the CORS protocol of the Fetch Standard). They
 * send a token themselves: no cookie has any meaning here.
 */
export function crossOrigin(origins: readonly string[]): MiddlewareHandler<AppEnv> {
  const handle = cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE'],
    allowHeaders: ALLOWED,
    exposeHeaders: EXPOSED,
    maxAge: MAX_AGE_SECONDS,
  });
  return async (c, next) => {
    const isPlainOptions = c.req.method === 'OPTIONS' && c.req.header('Access-Control-Request-Method') === undefined;
    return isPlainOptions ? await next() : await handle(c, next);
  };
}
