import type { MiddlewareHandler } from 'hono';
import { say } from '../../../schemas/messages/index.ts';
import { AppError } from '../../commands/app-error.ts';
import { tokenDigest } from '../../core/model/token.ts';
import type { AppEnv } from './env.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Returns the bearer token in a header Authorization (RFC 6750); empty when there is none. */
export function tokenOf(authorization: string | undefined): string {
  return BEARER.exec(authorization ?? '')?.[1] ?? '';
}

/**
 * Creates the middleware that admits requests with a known bearer token (RFC 6750), as the actor whose token it is. Tokens are
 * kept and looked up as digests: nobody can choose the digest of what they send, so that the time of a look-up tells nothing
 * about a token.
 */
export function bearer(tokens: Readonly<Record<string, string>>): MiddlewareHandler<AppEnv> {
  const entries = Object.entries(tokens);
  if (entries.length === 0 || entries.some(([, token]) => token === '')) {
    throw new TypeError('The API needs a token, and no token may be empty.');
  }
  const actors = new Map(entries.map(([actor, token]) => [tokenDigest(token), actor]));
  return async (c, next) => {
    const actor = actors.get(tokenDigest(tokenOf(c.req.header('Authorization'))));
    if (actor === undefined) {
      throw new AppError('unauthorized', say('NoToken'));
    }
    c.set('actor', actor);
    await next();
  };
}
