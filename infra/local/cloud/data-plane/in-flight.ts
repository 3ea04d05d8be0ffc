import type { ClientRequest } from 'node:http';

interface Entry {
  pool: string;
  address: string;
  upstream: ClientRequest;
  /** The time at which the server was first seen to be gone from its pool. */
  removedAtMs?: number;
}

export interface InFlight {
  add(pool: string, address: string, upstream: ClientRequest): void;
  count(pool: string, address: string): number;
  /**
   * Cuts requests at servers that were removed longer ago than `drainMs` returns. Undefined means that there is no
   * limit, or that the server was not removed.
   */
  cutDrained(drainMs: (pool: string, address: string) => number | undefined, nowMs: number): void;
}

/**
 * Creates a registry of the requests that backends work on. A request outlives the weight and the membership of its
 * server until it is cut.
 */
export function createInFlight(): InFlight {
  const entries = new Set<Entry>();

  function add(pool: string, address: string, upstream: ClientRequest): void {
    const entry = { pool, address, upstream };
    entries.add(entry);
    upstream.once('close', () => entries.delete(entry));
  }

  function count(pool: string, address: string): number {
    return [...entries].filter((entry) => entry.pool === pool && entry.address === address).length;
  }

  function cutDrained(drainMs: (pool: string, address: string) => number | undefined, nowMs: number): void {
    for (const entry of entries) {
      const allowedMs = drainMs(entry.pool, entry.address);
      if (allowedMs === undefined) continue;
      entry.removedAtMs ??= nowMs;
      if (nowMs - entry.removedAtMs >= allowedMs) entry.upstream.destroy(new Error('the server was removed'));
    }
  }

  return { add, count, cutDrained };
}
