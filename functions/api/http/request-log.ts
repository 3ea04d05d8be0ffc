import type { MiddlewareHandler } from 'hono';
import { TurnedAway } from './door.ts';
import type { AppEnv } from './env.ts';

/** The form of the ids of clients that are kept. An id of another form is left out. */
const CLIENT_REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * Gives every request an id, and writes one log event for it. The id that a client sends stands beside it: nobody can
 * give two requests one id, or a request the id of another one. A request that is turned away for the wrong tokens of its
 * network has no event of its own, because a flood of them must cost nothing; they are counted instead.
 */
export const requestLog: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { clock, ids, log } = c.env;
  const startedMs = clock.now();
  const given = c.req.header('X-Request-Id') ?? '';
  const clientRequestId = CLIENT_REQUEST_ID.test(given) ? given : undefined;
  const requestId = `req_${ids.ulid()}`;
  c.set('requestId', requestId);
  if (clientRequestId !== undefined) c.set('clientRequestId', clientRequestId);
  await next();
  c.res.headers.set('X-Request-Id', requestId);
  if (clientRequestId !== undefined) c.res.headers.set('X-Client-Request-Id', clientRequestId);
  if (c.error instanceof TurnedAway) return;
  log.info('request', {
    method: c.req.method,
    route: c.get('route') ?? 'unmatched',
    status: c.res.status,
    ms: clock.now() - startedMs,
    requestId,
    clientRequestId,
  });
};
