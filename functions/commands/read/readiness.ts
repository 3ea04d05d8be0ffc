import { say } from '../../../schemas/messages/index.ts';
import type { Readiness, ReadinessCheck } from '../../../schemas/readiness.ts';
import { type Deps, type Heartbeat, JOBS, type Job } from '../../deps.ts';

/**
 * The most seconds since a job last ended. This is three firings of the schedule, which fires every minute: one may be
 * late, and one may be lost.
 */
const LIMIT_SECONDS = 180;

/**
 * Checks whether the store answers and every scheduled job has ended recently. The error text of the store is only
 * logged.
 */
export async function checkReadiness({ store, clock, log }: Pick<Deps, 'store' | 'clock' | 'log'>): Promise<Readiness> {
  try {
    const { items: heartbeats, unreadable } = await store.heartbeats();
    for (const error of unreadable) log.error('readiness.failed', {}, error);
    const answers: ReadinessCheck = { name: 'store', status: 'ok', detail: say('StoreAnswers').text };
    return summary([answers, ...JOBS.map((job) => checkOf(job, heartbeats, clock.now()))]);
  } catch (error) {
    log.error('readiness.failed', {}, error);
    return summary([{ name: 'store', status: 'failed', detail: say('StoreUnreadable').text }]);
  }
}

function summary(checks: ReadinessCheck[]): Readiness {
  return { status: checks.every(({ status }) => status === 'ok') ? 'ready' : 'unready', checks };
}

function checkOf(job: Job, heartbeats: readonly Heartbeat[], nowMs: number): ReadinessCheck {
  const check = { name: job, limitSeconds: LIMIT_SECONDS };
  const atMs = heartbeats.find((item) => item.job === job)?.atMs;
  if (atMs === undefined) return { ...check, status: 'failed', detail: say('JobNeverRan', { job }).text };
  // The clock of the machine that has written the heartbeat may be ahead.
  const ageSeconds = Math.max(0, Math.floor((nowMs - atMs) / 1000));
  const isLate = ageSeconds > LIMIT_SECONDS;
  const { text: detail } = say(isLate ? 'JobLate' : 'JobRan', { job, seconds: ageSeconds });
  return { ...check, status: isLate ? 'failed' : 'ok', ageSeconds, detail };
}
