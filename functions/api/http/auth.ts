import type { MiddlewareHandler } from 'hono';
import * as z from 'zod';
import { Name } from '../../../schemas/common.ts';
import { say } from '../../../schemas/messages/index.ts';
import { type Authenticate, type Presented, voterOf } from '../../commands/access/authenticate.ts';
import { AppError } from '../../commands/app-error.ts';
import type { Principal } from '../../core/access/principal.ts';
import type { AppEnv } from './env.ts';
import { outlive } from './outlive.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Returns the bearer token in a header Authorization (RFC 6750); undefined when there is none. */
function tokenOf(authorization: string | undefined): string | undefined {
  return BEARER.exec(authorization ?? '')?.[1];
}

type Admit = (presented: Presented, path: Record<string, string>) => Promise<Principal | undefined>;

/** Creates the middleware that lets requests in whose token is accepted, as the principal whose token it is. */
export function bearer(authenticate: Authenticate): MiddlewareHandler<AppEnv> {
  return admitting(authenticate);
}

const InVoter = z.object({ fleet: Name, voter: Name });

/** Creates the middleware of operations for a voter, which accepts the token of the voter besides all others. */
export function voterBearer(authenticate: Authenticate): MiddlewareHandler<AppEnv> {
  return admitting(async (presented, path) => {
    const names = InVoter.safeParse(path);
    const voter = names.success ? await voterOf(presented, names.data) : undefined;
    return voter ?? (await authenticate(presented));
  });
}

function admitting(admit: Admit): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const token = tokenOf(c.req.header('Authorization'));
    if (token === undefined) throw new AppError('unauthorized', say('NoToken'));
    const principal = await admit({ token, deps: c.env, waitUntil: (work) => outlive(c, work) }, c.req.param());
    // A wrong, an expired and a revoked token are answered alike: the difference would help only who found or stole one.
    if (principal === undefined) throw new AppError('invalid-token', say('TokenNotAccepted'));
    c.set('principal', principal);
    await next();
  };
}
