import type { Deps, Job } from '../../deps.ts';
import { createHeartbeat } from '../heartbeat.ts';
import { deliverDue } from '../notify/deliver.ts';
import { notifyIncidents } from '../notify/incidents.ts';
import { runProbeSchedule } from '../probe/probe.ts';
import { sweepManifestWrites } from './manifest-writes.ts';
import { sweep } from './sweep.ts';

const SWEEP_INTERVAL_MS = 10_000;

/** Runs one pass of a job, which begins nothing after the deadline. */
export type Work = (deps: Deps, deadlineMs: number) => Promise<void>;

/**
 * Runs all scheduled jobs until the deadline. A job that fails does not end the others, since an invocation that
 * rejects is stopped at once; at the end the function rejects if probing could not even begin. `stepRollouts` is passed
 * in because it writes declarations, which belongs to a higher layer.
 */
export async function runSchedule(deps: Deps, deadlineMs: number, stepRollouts: Work): Promise<void> {
  const jobs = await Promise.allSettled([
    runProbeSchedule(deps, deadlineMs),
    repeat(deps, deadlineMs, 'sweep', sweep),
    repeat(deps, deadlineMs, 'rollouts', async (...given) => {
      await sweepManifestWrites(...given);
      await stepRollouts(...given);
    }),
    repeat(deps, deadlineMs, 'deliveries', tellAndDeliver),
  ]);
  const failed = jobs.find((job) => job.status === 'rejected');
  if (failed === undefined) return;
  deps.log.error('schedule.failed', { job: 'probe' }, failed.reason);
  // The platform shows the message thrown here unchanged, so it only says where to look.
  throw new Error('The probing could not begin: schedule.failed in the log has the cause.');
}

/** Records new incidents and delivers the notifications in the same pass. */
async function tellAndDeliver(deps: Deps, deadlineMs: number): Promise<void> {
  await notifyIncidents(deps, deadlineMs);
  await deliverDue(deps, deadlineMs);
}

/**
 * Repeats the job, so that what comes up within the minute does not wait for the next firing. A pass that fails does
 * not delay the next one.
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
