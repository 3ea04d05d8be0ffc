import { jitterMs, repeatWhile } from '../attempts.ts';
import type { StoreTrouble, StoreUnavailable } from '../deps.ts';
import { outage, outageOf } from './outage.ts';

const MAX_ATTEMPTS = 6;

/** The upper bound of the first pause, in milliseconds. */
const PAUSE_MS = 25;
const THROTTLED_PAUSE_MS = 200;

/** Troubles that last until somebody resolves them. */
const LASTING: readonly StoreTrouble[] = ['credentials', 'denied', 'no-table'];

/** Troubles that make each attempt take much time. */
const SLOW: readonly StoreTrouble[] = ['silent', 'throttled'];

/** One attempt at a call. `options` are for the client of the SDK. */
export type Attempt<T> = (options: { abortSignal: AbortSignal }) => Promise<T>;

/**
 * Makes calls of the store until they succeed, fail for good or run out of time, and throws a `StoreUnavailable` in the
 * latter cases. Every call must be one that may be made twice. Errors that are no outage are thrown unchanged.
 */
export class Retries {
  readonly #patienceMs: number;
  #retryUntilMs = 0;

  /** Creates the retries. `patienceMs` is the longest time that a call takes with all its attempts, in milliseconds. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  async run<T>(attempt: Attempt<T>, patienceMs = this.#patienceMs): Promise<T> {
    const controller = new AbortController();
    const call: Call = { signal: controller.signal, last: undefined };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        controller.abort();
        reject(call.last ?? outage('silent', 'Timeout'));
      }, patienceMs);
    });
    try {
      return await Promise.race([this.#attempts(attempt, call), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #attempts<T>(attempt: Attempt<T>, call: Call): Promise<T> {
    let startedMs = 0;
    const once = async () => {
      startedMs = Date.now();
      return await outcomeOf(attempt({ abortSignal: call.signal }));
    };
    const outcome = await repeatWhile(once, async (last, count) => {
      if (last.ok) return false;
      call.last = last.failure;
      if (count === MAX_ATTEMPTS || !this.#mayRetry(last.failure, startedMs)) return false;
      await pause(count, last.failure);
      return !call.signal.aborted;
    });
    if (outcome.ok) return outcome.value;
    throw outcome.failure;
  }

  /**
   * Tells whether another attempt may be made. Slow calls one after the other share the patience, so that ten calls do
   * not wait ten times for a store that answers every other attempt.
   */
  #mayRetry({ trouble }: StoreUnavailable, startedMs: number): boolean {
    if (LASTING.includes(trouble)) return false;
    if (!SLOW.includes(trouble)) return true;
    if (startedMs >= this.#retryUntilMs) this.#retryUntilMs = startedMs + this.#patienceMs;
    return Date.now() < this.#retryUntilMs;
  }
}

interface Call {
  signal: AbortSignal;
  /** The outage that the last attempt met. */
  last: StoreUnavailable | undefined;
}

type Outcome<T> = { ok: true; value: T } | { ok: false; failure: StoreUnavailable };

/** Resolves with the outcome of an attempt. Errors that are no outage are thrown unchanged. */
async function outcomeOf<T>(attempt: Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await attempt };
  } catch (error) {
    const failure = outageOf(error);
    if (failure === undefined) throw error;
    return { ok: false, failure };
  }
}

async function pause(count: number, { trouble }: StoreUnavailable): Promise<void> {
  const ms = jitterMs(Math.random(), count, trouble === 'throttled' ? THROTTLED_PAUSE_MS : PAUSE_MS);
  await new Promise((resolve) => setTimeout(resolve, ms));
}
