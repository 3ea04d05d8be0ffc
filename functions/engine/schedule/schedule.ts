import type { Deps, Job } from '../../deps.ts';
import { createHeartbeat } from '../heartbeat.ts';
import { deliverDue } from '../notify/deliver.ts';
import { tellIncidents } from '../notify/incidents.ts';
import { runProbeSchedule } from '../probe/probe.ts';
import { sweepRollouts } from './rollout.ts';
import { sweep } from './sweep.ts';

const SWEEP_INTERVAL_MS = 10_000;

/** One pass over something, of which nothing is begun after the deadline. */
export type Work = (deps: Deps, deadlineMs: number) => Promise<void>;

/**
 * Everything that is done by itself, until the deadline. None of the jobs ends another, since an invocation that rejects is stopped at once;
 * in the end it rejects when the probing could not even begin. `stepRollouts` writes what is declared, as people do, and so comes from above.
 */
export async function runSchedule(deps: Deps, deadlineMs: number, stepRollouts: Work): Promise<void> {
  const jobs = await Promise.allSettled([
    runProbeSchedule(deps, deadlineMs),
    repeat(deps, deadlineMs, 'sweep', sweep),
    repeat(deps, deadlineMs, 'rollouts', async (...given) => {
      await sweepRollouts(...given);
      await stepRollouts(...given);
    }),
    repeat(deps, deadlineMs, 'deliveries', tellAndDeliver),
  ]);
  const failed = jobs.find((job) => job.status === 'rejected');
  if (failed === undefined) return;
  deps.log.error('schedule.failed', { job: 'probe' }, failed.reason);
  // The platform shows what is thrown here as it is, so it says nothing but where to look.
  throw new Error('The probing could not begin: schedule.failed in the log has the cause.');
}

/** What has come up is told at once. */
async function tellAndDeliver(deps: Deps, deadlineMs: number): Promise<void> {
  await tellIncidents(deps, deadlineMs);
  await deliverDue(deps, deadlineMs);
}

/**
 * Does the job again and again, so that what comes up within the minute does not wait for the next. When it fails once, the next time comes
 * as it would have.
 */
async function repeat(deps: Deps, deadlineMs: number, job: Job, work: Work): Promise<void> {
  const { clock, log } = deps;
  const beat = createHeartbeat(deps, job);
  while (clock.now() < deadlineMs) {
    try {
      await work(deps, deadlineMs);
      await beat();
    } catch (error) {
      log.error('schedule.failed', { job }, error);
    }
    await clock.sleep(Math.min(SWEEP_INTERVAL_MS, Math.max(0, deadlineMs - clock.now())));
  }
}
