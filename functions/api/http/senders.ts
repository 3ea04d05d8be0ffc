import type { Context, MiddlewareHandler } from 'hono';
import ipaddr from 'ipaddr.js';
import { Denied } from '../../commands/app-error.ts';
import { recordRefusals } from '../../commands/refusals.ts';
import { ANONYMOUS } from '../../core/access/principal.ts';
import { RefusalCounts, type Refusals, type Refused } from '../../core/audit/refusals.ts';
import { tokenDigest } from '../../core/model/token.ts';
import { Door, TurnedAway } from './door.ts';
import { type AppEnv, outlive } from './env.ts';
import { Limiter, type Limits } from './limits.ts';

/** The memory of one process about whoever sends requests. */
export interface Senders {
  door: Door;
  limiter: Limiter;
  refusals: RefusalCounts;
  /** The header in which the platform writes the address of the client. */
  addressHeader: string;
}

/** `tokens` are those of the settings, which are let in whatever their neighbours do. */
export function createSenders(limits: Limits, addressHeader: string, tokens: readonly string[]): Senders {
  return {
    door: new Door(limits.wrongTokens, tokens.map(tokenDigest)),
    limiter: new Limiter(limits),
    refusals: new RefusalCounts(),
    addressHeader,
  };
}

/** Creates the middleware that counts the requests that are refused because of their senders. */
export function countRefusals({ refusals, addressHeader }: Senders): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const network = addressPrefix(c.req.header(addressHeader));
    c.set('addressPrefix', network);
    c.set('countRefused', (refused) => {
      const author = authorOf(c);
      write(c, refusals.note({ refused, author, addressPrefix: network }, c.env.clock.now()));
    });
    write(c, refusals.rest(c.env.clock.now()));
    await next();
    const refused = refusedIn(c.error);
    if (refused !== undefined) c.get('countRefused')(refused);
  };
}

function refusedIn(error: Error | undefined): Refused | undefined {
  if (!(error instanceof Denied || error instanceof TurnedAway)) return undefined;
  const { code, detail } = error;
  return { action: 'access.refuse', code, reason: detail.slice(0, MAX_REASON) };
}

/** The maximum length of a reason, in characters. */
const MAX_REASON = 500;

function authorOf(c: Context<AppEnv>) {
  const { actor } = c.get('principal') ?? ANONYMOUS;
  return { actor, requestId: c.get('requestId'), clientRequestId: c.get('clientRequestId') };
}

function write(c: Context<AppEnv>, due: readonly Refusals[]): void {
  for (const refusals of due) outlive(c, recordRefusals(c.env, refusals));
}

/** The lengths of the prefixes that stand for one network: who has one address of it usually can have others. */
const BITS = { ipv4: 24, ipv6: 64 } as const;

/** The prefix when the platform does not tell the address. */
export const UNKNOWN_ADDRESS = 'unknown';

/**
 * Returns the network that a request comes from, such as `192.0.2.0/24`. `address` is the value of the header in which
 * the platform writes the address of the client.
 */
export function addressPrefix(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return UNKNOWN_ADDRESS;
  const ip = ipaddr.process(address);
  const bits = BITS[ip.kind()];
  const bytes = ip.toByteArray().map((byte, index) => (index * 8 < bits ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}
