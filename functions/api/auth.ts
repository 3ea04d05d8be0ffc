import type { MiddlewareHandler } from 'hono';
import { timingSafeEqual } from 'hono/utils/buffer';
import { AppError } from '../commands/app-error.ts';
import type { AppEnv } from './env.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Admits those who know the token (RFC 6750). Both sides are hashed, so that the time taken tells nothing of the token. */
export function bearer(token: string): MiddlewareHandler<AppEnv> {
  if (token === '') throw new TypeError('The API token must not be empty.');
  return async (c, next) => {
    const [, given = ''] = BEARER.exec(c.req.header('Authorization') ?? '') ?? [];
    if (!(await timingSafeEqual(given, token))) {
      throw new AppError('unauthorized', 'Send the token of the control plane as Authorization: Bearer.');
    }
    await next();
  };
}
