import type { Deps, Job } from '../deps.ts';

/** Rounds end every second in large installations, and each heartbeat costs a write. */
const INTERVAL_MS = 20_000;

/** Tells somebody outside that rounds go on. */
export interface Signal {
  /** Sends one, unless the last one is still under way; nobody waits for it. */
  send(): void;
  /** Waits until nothing is under way any more. */
  settled(): Promise<void>;
}

export function createSignal({ notifier }: Pick<Deps, 'notifier'>): Signal {
  let sending: Promise<void> | undefined;
  return {
    send: () => {
      sending ??= notifier.beat().finally(() => {
        sending = undefined;
      });
    },
    settled: async () => await sending,
  };
}

/**
 * Records that a scheduled job came to an end, at most every 20 seconds, and tells it outside as often. It never fails: a job that has done its
 * work must not fail because this could not be written.
 */
export function createHeartbeat(
  { store, clock, log }: Pick<Deps, 'store' | 'clock' | 'log'>,
  job: Job,
  signal?: Signal | undefined,
): () => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.now();
    if (nowMs - lastMs < INTERVAL_MS) return;
    lastMs = nowMs;
    signal?.send();
    try {
      await store.beat(job, nowMs);
    } catch (error) {
      log.error('heartbeat.failed', { job }, error);
    }
  };
}
