import type { Deps, Job } from '../deps.ts';

/** Rounds end every second in large installations, and each heartbeat costs a write. */
const INTERVAL_MS = 20_000;

/**
 * Records that a scheduled job came to an end, at most every 20 seconds. It never fails: a job that has done its work must not fail because
 * this could not be written.
 */
export function createHeartbeat(
  { store, clock, log }: Pick<Deps, 'store' | 'clock' | 'log'>,
  job: Job,
): () => Promise<void> {
  let lastMs = Number.NEGATIVE_INFINITY;
  return async () => {
    const nowMs = clock.now();
    if (nowMs - lastMs < INTERVAL_MS) return;
    lastMs = nowMs;
    try {
      await store.beat(job, nowMs);
    } catch (error) {
      log.error('heartbeat.failed', { job }, error);
    }
  };
}
