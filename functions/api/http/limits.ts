import { AppError } from '../../commands/app-error.ts';

/**
 * The classes of requests, each of which has limits of its own, so that a flood of one never keeps another from being
 * served. evidence: probe rounds, batches of agents and alerts. traffic: whatever moves traffic, such as an evacuation.
 * plan: dry runs, plans and simulations, which read gateways. read and write: everything else.
 */
export const CLASSES = ['evidence', 'traffic', 'plan', 'read', 'write'] as const;
export type LimitClass = (typeof CLASSES)[number];

export interface Limit {
  /** The number of requests in any minute, all of which may come at once. */
  perMinute: number;
  /** The number of requests that are served at the same time. */
  atOnce: number;
}

export type Limits = Readonly<Record<LimitClass, Limit>>;

/** The limits of one actor in one process. */
export const DEFAULT_LIMITS: Limits = {
  evidence: { perMinute: 3000, atOnce: 100 },
  traffic: { perMinute: 600, atOnce: 50 },
  plan: { perMinute: 120, atOnce: 6 },
  read: { perMinute: 6000, atOnce: 100 },
  write: { perMinute: 1200, atOnce: 20 },
};

const WINDOW_SECONDS = 60;

/** The most actors that are kept count of. The one that was heard of least lately is forgotten first. */
const MAX_ACTORS = 10_000;

interface Usage {
  /** The number of requests that may come now; it grows with time up to the limit of a minute. */
  tokens: number;
  atMs: number;
  atOnce: number;
}

/** A request that was let in, with the headers that tell its sender what is left. It has to be ended. */
export interface Admission {
  headers: Record<string, string>;
  end(): void;
}

/** A request beyond a limit. */
export class TooManyRequests extends AppError {
  readonly headers: Record<string, string>;
  readonly retryAfterSeconds: number;

  constructor(detail: string, retryAfterSeconds: number, headers: Record<string, string> = {}) {
    super('too-many-requests', detail);
    this.headers = headers;
    this.retryAfterSeconds = retryAfterSeconds;
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
      const detail = `${actor} has sent more than ${limit.perMinute} requests of the class ${limitClass} in a minute.`;
      throw new TooManyRequests(detail, waitSeconds, headersOf(limitClass, limit, usage));
    }
    if (usage.atOnce >= limit.atOnce) {
      const detail = `${limit.atOnce} requests of the class ${limitClass} of ${actor} are being served already.`;
      throw new TooManyRequests(detail, 1, headersOf(limitClass, limit, usage));
    }
    usage.tokens -= 1;
    usage.atOnce += 1;
    let isOver = false;
    const end = () => {
      if (!isOver) usage.atOnce -= 1;
      isOver = true;
    };
    return { headers: headersOf(limitClass, limit, usage), end };
  }

  #usageOf(key: string, { perMinute }: Limit, nowMs: number): Usage {
    const usage = this.#usages.get(key) ?? { tokens: perMinute, atMs: nowMs, atOnce: 0 };
    const grown = (Math.max(0, nowMs - usage.atMs) * perMinute) / (WINDOW_SECONDS * 1000);
    usage.tokens = Math.min(perMinute, usage.tokens + grown);
    usage.atMs = nowMs;
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
