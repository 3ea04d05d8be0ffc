import type { Deps } from '../deps.ts';

/** The actor of a request and the ports that serve it. */
export interface Context {
  deps: Deps;
  actor: string;
  /** The id of the request, which the control plane has made. */
  requestId: string;
  /** The id that the client has given to its request; absent when it has given none. */
  clientRequestId?: string | undefined;
  /** The reason that the actor gives. */
  reason?: string | undefined;
  /** True when the request is only checked and planned, and nothing is written. */
  isDry?: boolean;
  /** Keeps the invocation alive until the work is done, after the response has been sent. */
  waitUntil(work: Promise<unknown>): void;
}

/** Formats milliseconds since the epoch as an RFC 3339 timestamp in UTC. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
