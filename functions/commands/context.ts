import type { Deps } from '../deps.ts';

/** Who asks, and with what. */
export interface Context {
  deps: Deps;
  actor: string;
  requestId: string;
  /** Why, in the words of who asks. */
  reason?: string | undefined;
  /** Whether to check and plan only, and write nothing. */
  isDry?: boolean;
  /** Work that outlives the answer. */
  waitUntil(work: Promise<unknown>): void;
}

/** RFC 3339, UTC, of milliseconds since the epoch. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}
