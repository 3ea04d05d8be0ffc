import type { Readiness, ReadinessCheck } from '../../../schemas/readiness.ts';
import { type Deps, type Heartbeat, JOBS, type Job } from '../../deps.ts';

/**
 * The most seconds since a job last ended. This is three firings of the schedule, which fires every minute: one may be
 * late, and one may be lost.
 */
const LIMIT_SECONDS = 180;

const NAMES: Record<Job, string> = {
  probe: 'round of probes',
  sweep: 'sweep of gateways',
  rollouts: 'pass over the rollouts of manifests and distributions',
  deliveries: 'pass over the deliveries of notifications',
};

/**
 * Checks whether the store answers and every scheduled job has ended recently. The error text of the store is only
 * logged.
 */
export async function checkReadiness({ store, clock, log }: Pick<Deps, 'store' | 'clock' | 'log'>): Promise<Readiness> {
  try {
    const { items: heartbeats, unreadable } = await store.heartbeats();
    for (const error of unreadable) log.error('readiness.failed', {}, error);
    const answers: ReadinessCheck = { name: 'store', status: 'ok', detail: 'The store answers.' };
    return summary([answers, ...JOBS.map((job) => checkOf(job, heartbeats, clock.now()))]);
  } catch (error) {
    log.error('readiness.failed', {}, error);
    const detail = 'The store cannot be read, so that nothing is known of the schedule either; the log has the cause.';
    return summary([{ name: 'store', status: 'failed', detail }]);
  }
}

function summary(checks: ReadinessCheck[]): Readiness {
  return { status: checks.every(({ status }) => status === 'ok') ? 'ready' : 'unready', checks };
}

function checkOf(job: Job, heartbeats: readonly Heartbeat[], nowMs: number): ReadinessCheck {
  const check = { name: job, limitSeconds: LIMIT_SECONDS };
  const atMs = heartbeats.find((item) => item.job === job)?.atMs;
  if (atMs === undefined) {
    const detail = `No ${NAMES[job]} has been seen yet: the schedule has not run since Fairlead was installed.`;
    return { ...check, status: 'failed', detail };
  }
  // The clock of the machine that has written the heartbeat may be ahead.
  const ageSeconds = Math.max(0, Math.floor((nowMs - atMs) / 1000));
  const ended = `The last ${NAMES[job]} ended ${ageSeconds} s ago`;
  return ageSeconds <= LIMIT_SECONDS
    ? { ...check, status: 'ok', ageSeconds, detail: `${ended}.` }
    : {
        ...check,
        status: 'failed',
        ageSeconds,
        detail: `${ended}: the schedule has stopped, or each run of it fails.`,
      };
}
