import type { Deps, Job } from '../deps.ts';

/**
 * The shortest time between two heartbeats: in large installations a round ends every second, and each heartbeat costs
 * a write.
 */
const INTERVAL_MS = 20_000;

/** Tells a monitor outside the system that rounds continue. */
export interface Signal {
  /** Sends a signal in the background, unless the last one is still under way. */
  send(): void;
  /** Resolves once no signal is under way. */
  idle(): Promise<void>;
}

export function createSignal({ notifier }: Pick<Deps, 'notifier'>): Signal {
  let sending: Promise<void> | undefined;
  return {
    send: () => {
      sending ??= notifier.beat().finally(() => {
        sending = undefined;
      });
    },
    idle: async () => await sending,
  };
}

/**
 * Returns a function that records the end of a run of a scheduled job and sends the signal, both at most every 20
 * seconds. The function never rejects: a job that has done its work must not fail because its heartbeat could not be
 * written.
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
