import { jitterMs, repeatWhile } from '../attempts.ts';
import type { Clock, CloudError, CloudErrorClass } from '../deps.ts';

const MAX_ATTEMPTS = 6;
const BUDGET_MS = 30_000;
const MAX_DELAY_MS = 8_000;

/**
 * The upper bound of the first wait before another attempt, in milliseconds, by class of error. It doubles each time.
 * Errors of other classes are final.
 */
const BASE_DELAY_MS: Partial<Record<CloudErrorClass, number>> = {
  unavailable: 500,
  throttled: 1_000,
  busy: 1_000,
  // A rule that has just been deleted refers to its server group for some more seconds.
  'in-use': 2_000,
};

/** The outcome of one attempt. `retryAfterMs` is the wait that the cloud asks for. */
export type Attempt<T> = { ok: true; value: T } | { ok: false; error: CloudError; retryAfterMs?: number | undefined };

export interface RetryOptions {
  clock: Clock;
  /** Returns a random number, uniform in [0, 1). */
  random: () => number;
  /** Awaited before every attempt. Its time does not count towards the 30 s. */
  turn?: (() => Promise<void>) | undefined;
  onRetry?: (error: CloudError, attempt: number, delayMs: number) => void;
}

/**
 * Calls `attempt` until it succeeds, fails for good, or 6 attempts or 30 s are used up, and then throws the last error.
 * It waits with full jitter, or for as long as the cloud asks for.
 */
export async function retry<T>(attempt: () => Promise<Attempt<T>>, options: RetryOptions): Promise<T> {
  const { clock, random, turn, onRetry } = options;
  let deadlineMs = clock.now() + BUDGET_MS;
  const once = async () => {
    const askedMs = clock.now();
    await turn?.();
    deadlineMs += clock.now() - askedMs;
    return await attempt();
  };
  const outcome = await repeatWhile(once, async (last, count) => {
    if (last.ok) return false;
    const { error, retryAfterMs = 0 } = last;
    const baseMs = BASE_DELAY_MS[error.errorClass];
    if (baseMs === undefined || count === MAX_ATTEMPTS) return false;
    const delayMs = Math.round(Math.max(retryAfterMs, jitterMs(random(), count, baseMs, MAX_DELAY_MS)));
    if (clock.now() + delayMs > deadlineMs) return false;
    onRetry?.(error, count, delayMs);
    await clock.sleep(delayMs);
    return true;
  });
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}
