import * as z from 'zod';
import { type Message, say } from '../../../schemas/messages/index.ts';
import { AppError } from '../../commands/app-error.ts';
import type { Access } from '../../core/access/access.ts';

/**
 * The classes of requests, each of which has limits of its own, so that a flood of one never keeps another from being
 * served. evidence: probe rounds, batches of agents and alerts. traffic: whatever moves traffic, such as an evacuation.
 * plan: dry runs, plans and simulations, which read gateways. read and write: everything else.
 */
export type LimitClass = 'evidence' | 'traffic' | 'plan' | 'read' | 'write';

const Count = z.int().min(1);

const limit = (perMinute: number, atOnce: number) =>
  z
    .strictObject({
      /** The number of requests in any minute, all of which may come at once. */
      perMinute: Count.default(perMinute),
      /** The number of requests that are served at the same time. */
      atOnce: Count.default(atOnce),
    })
    .prefault({});

/** The limits of one process: those of each actor by class, and those of wrong tokens by network. */
export const Limits = z
  .strictObject({
    evidence: limit(3000, 100),
    traffic: limit(600, 50),
    plan: limit(120, 6),
    read: limit(6000, 100),
    write: limit(1200, 20),
    wrongTokens: z
      .strictObject({
        /** The number of wrong tokens that one network may send in a minute. */
        perNetwork: Count.default(20),
        /** The number that all networks together may send. */
        inAll: Count.default(600),
      })
      .prefault({}),
  })
  .prefault({});
export type Limits = z.output<typeof Limits>;
type Limit = Limits[LimitClass];

/** Returns the class of a request. */
export function classOf(access: Access, method: string, isDryRun: boolean): LimitClass {
  const permission = typeof access === 'string' ? 'read' : access.permission;
  if (permission === 'observe' || permission === 'probe' || permission === 'alert') return 'evidence';
  if (method === 'get') return 'read';
  if (isDryRun || permission === 'read') return 'plan';
  return permission === 'operate' ? 'traffic' : 'write';
}

const WINDOW_SECONDS = 60;

/** The most actors that are kept count of. The one that was heard of least lately is forgotten first. */
const MAX_ACTORS = 10_000;

interface Usage {
  /** The number of requests that may come now; it grows with time up to the limit of a minute. */
  tokens: number;
  atMs: number;
  /** The times at which the requests came that are being served. */
  served: number[];
}

/** The longest time that a request counts as being served. A platform may drop a request whose client has gone. */
const MAX_SERVED_MS = 60_000;

/** A request that was let in, with the headers that tell its sender what is left. */
export interface Admission {
  headers: Record<string, string>;
  /** Is called when the request has been served. */
  end(): void;
}

/** A request beyond a limit. */
export class TooManyRequests extends AppError {
  /** The headers that tell when to come again, and what is left. */
  readonly headers: Record<string, string>;

  constructor(message: Message, retryAfterSeconds: number, headers: Record<string, string> = {}) {
    super('too-many-requests', message);
    this.headers = { ...headers, 'Retry-After': String(retryAfterSeconds) };
  }
}

/**
 * Counts the requests of each actor by class. The counts are those of one process: they protect the store from one that
 * runs wild, and cost no call. Budgets of calls, which all processes share, protect the clouds.
 */
export class Limiter {
  readonly #limits: Limits;
  readonly #usages = new Map<string, Usage>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Lets a request in, or throws `TooManyRequests`. */
  admit(actor: string, limitClass: LimitClass, nowMs: number): Admission {
    const limit = this.#limits[limitClass];
    const usage = this.#usageOf(`${limitClass} ${actor}`, limit, nowMs);
    if (usage.tokens < 1) {
      const waitSeconds = Math.ceil(((1 - usage.tokens) * WINDOW_SECONDS) / limit.perMinute);
      const message = say('TooMany', { actor, perMinute: limit.perMinute, limitClass });
      throw new TooManyRequests(message, waitSeconds, headersOf(limitClass, limit, usage));
    }
    if (usage.served.length >= limit.atOnce) {
      const message = say('TooManyAtOnce', { actor, atOnce: limit.atOnce, limitClass });
      throw new TooManyRequests(message, 1, headersOf(limitClass, limit, usage));
    }
    usage.tokens -= 1;
    usage.served.push(nowMs);
    const end = () => {
      const index = usage.served.indexOf(nowMs);
      if (index >= 0) usage.served.splice(index, 1);
    };
    return { headers: headersOf(limitClass, limit, usage), end };
  }

  #usageOf(key: string, { perMinute }: Limit, nowMs: number): Usage {
    const usage = this.#usages.get(key) ?? { tokens: perMinute, atMs: nowMs, served: [] };
    const grown = (Math.max(0, nowMs - usage.atMs) * perMinute) / (WINDOW_SECONDS * 1000);
    usage.tokens = Math.min(perMinute, usage.tokens + grown);
    usage.atMs = nowMs;
    usage.served = usage.served.filter((fromMs) => nowMs - fromMs < MAX_SERVED_MS);
    remember(this.#usages, key, usage, MAX_ACTORS);
    return usage;
  }
}

/** Sets an entry as the newest of a map, which forgets its oldest entries beyond `most`. */
export function remember<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= most) return;
    map.delete(oldest);
  }
}

/** Returns the header fields of draft-ietf-httpapi-ratelimit-headers-10. */
function headersOf(limitClass: LimitClass, { perMinute, atOnce }: Limit, { tokens }: Usage): Record<string, string> {
  const fullSeconds = Math.ceil(((perMinute - tokens) * WINDOW_SECONDS) / perMinute);
  return {
    'RateLimit-Policy':
      `"${limitClass}";q=${perMinute};w=${WINDOW_SECONDS}, ` +
      `"${limitClass}-at-once";q=${atOnce};qu="concurrent-requests"`,
    RateLimit: `"${limitClass}";r=${Math.floor(tokens)};t=${fullSeconds}`,
  };
}
