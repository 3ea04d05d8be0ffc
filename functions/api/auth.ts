import type { MiddlewareHandler } from 'hono';
import { timingSafeEqual } from 'hono/utils/buffer';
import { AppError } from '../commands/app-error.ts';
import type { AppEnv } from './env.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * Admits those who know a token (RFC 6750), as the actor whose token it is. Both sides are hashed, and all tokens are compared, so that the
 * time taken tells nothing of them.
 */
export function bearer(tokens: Readonly<Record<string, string>>): MiddlewareHandler<AppEnv> {
  const actors = Object.entries(tokens);
  if (actors.length === 0 || actors.some(([, token]) => token === '')) {
    throw new TypeError('The API needs a token, and no token may be empty.');
  }
  return async (c, next) => {
    const [, given = ''] = BEARER.exec(c.req.header('Authorization') ?? '') ?? [];
    const equal = await Promise.all(actors.map(([, token]) => timingSafeEqual(given, token)));
    const [actor] = actors[equal.indexOf(true)] ?? [];
    if (actor === undefined) {
      throw new AppError('unauthorized', 'Send a token of the control plane as Authorization: Bearer.');
    }
    c.set('actor', actor);
    await next();
  };
}
