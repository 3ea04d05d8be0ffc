import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './env.ts';

const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Names every request and writes one event for it. */
export const requestLog: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { clock, ids, log } = c.env;
  const startedMs = clock.now();
  const given = c.req.header('X-Request-Id') ?? '';
  const requestId = REQUEST_ID.test(given) ? given : `req_${ids.ulid()}`;
  c.set('requestId', requestId);
  await next();
  c.res.headers.set('X-Request-Id', requestId);
  log.info('request', {
    method: c.req.method,
    route: c.get('route') ?? 'unmatched',
    status: c.res.status,
    ms: clock.now() - startedMs,
    requestId,
  });
};
