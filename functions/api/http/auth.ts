import type { MiddlewareHandler } from 'hono';
import * as z from 'zod';
import { Name } from '../../../schemas/common.ts';
import { say } from '../../../schemas/messages/index.ts';
import {
  type Authenticate,
  type Authenticated,
  heard,
  type Presented,
  voterOf,
} from '../../commands/access/authenticate.ts';
import { AppError, Denied } from '../../commands/app-error.ts';
import { tokenDigest } from '../../core/model/token.ts';
import type { Door } from './door.ts';
import { type AppEnv, outlive } from './env.ts';

const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Returns the bearer token in a header Authorization (RFC 6750); undefined when there is none. */
function tokenOf(authorization: string | undefined): string | undefined {
  return BEARER.exec(authorization ?? '')?.[1];
}

type Admit = (presented: Presented, path: Record<string, string>) => Promise<Authenticated | undefined>;

/** Creates the middleware that lets requests in whose token is accepted, as the principal whose token it is. */
export function bearer(door: Door, authenticate: Authenticate): MiddlewareHandler<AppEnv> {
  return admitting(door, authenticate);
}

const InVoter = z.object({ fleet: Name, voter: Name });

/**
 * Creates the middleware of operations that give access to others. It believes nothing that was read for an earlier request, so that
 * whoever holds a token that was revoked cannot make themselves another one in the seconds in which it is still believed.
 */
export function bearerReadAnew(door: Door, authenticate: Authenticate): MiddlewareHandler<AppEnv> {
  const readAnew = admitting(door, (presented) => authenticate({ ...presented, isReadAnew: true }));
  return async (c, next) => (c.get('isRemembered') ? await readAnew(c, next) : await next());
}

/** Creates the middleware of operations for a voter, which accepts the token of the voter besides all others. */
export function voterBearer(door: Door, authenticate: Authenticate): MiddlewareHandler<AppEnv> {
  return admitting(door, async (presented, path) => {
    const names = InVoter.safeParse(path);
    const voter = names.success ? await voterOf(presented, names.data) : undefined;
    return heard(voter) ?? (await authenticate(presented));
  });
}

/** Creates the middleware of operations that take a token in the body, whose wrong ones count as all others do. */
export function tokenInBody(door: Door): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const [network, { clock }] = [c.get('addressPrefix'), c.env];
    door.check(network, undefined, clock.now());
    await next();
    const isWrong = c.error instanceof Denied && c.error.code === 'invalid-token';
    if (isWrong) door.wrong(network, undefined, clock.now());
  };
}

function admitting(door: Door, admit: Admit): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    // The methods of a path are no secret: the document has them.
    if (c.req.method === 'OPTIONS') return await next();
    const token = tokenOf(c.req.header('Authorization'));
    if (token === undefined) throw new AppError('unauthorized', say('NoToken'));
    const [digest, network, { clock }] = [tokenDigest(token), c.get('addressPrefix'), c.env];
    door.check(network, digest, clock.now());
    const found = await admit({ token, deps: c.env, waitUntil: (work) => outlive(c, work) }, c.req.param());
    // A wrong, an expired and a revoked token are answered alike: the difference would help only who found or stole one.
    if (found === undefined) {
      door.wrong(network, digest, clock.now());
      throw new Denied('invalid-token', say('TokenNotAccepted'));
    }
    door.right(digest);
    c.set('principal', found.principal);
    c.set('isRemembered', found.isRemembered);
    await next();
  };
}
