import * as z from 'zod';
import { say } from '../../../../schemas/messages/index.ts';
import { errorClassOf } from '../../../cloud-codes.ts';
import type { Json } from '../../../core/gateway/provider-object.ts';
import { digest } from '../../../core/model/digest.ts';
import { CloudError } from '../../../deps.ts';
import { chunks } from '../../shared.ts';
import { type AlbSession, read, write } from '../calls.ts';
import type { WriteAction } from '../permissions.ts';

const FIRST_DELAY_MS = 400;
const MAX_DELAY_MS = 5_000;
const BUDGET_MS = 60_000;
const MAX_JOBS_PER_CALL = 100;

const Answer = z.object({
  Jobs: z
    .array(
      z.object({
        Id: z.string(),
        ApiName: z.string().default(''),
        Status: z.string(),
        ErrorCode: z.string().optional(),
        ErrorMessage: z.string().optional(),
      }),
    )
    .default([]),
});
type Job = z.infer<typeof Answer>['Jobs'][number];

interface Waiter {
  jobId: string;
  deadlineMs: number;
  resolve: () => void;
  reject: (error: unknown) => void;
}

export interface Jobs {
  /**
   * Resolves when the job of an answer has succeeded. Throws a `CloudError` when it fails, or has not ended after 60 s.
   */
  done(answer: Record<string, Json>): Promise<void>;
}

/**
 * Waits for asynchronous jobs: ALB answers most writes before they are applied, and a failure may show in the job
 * alone. One call asks for all jobs that are waited for, the first time after 0.4 s, and then at growing intervals
 * until a new job comes.
 */
export function createJobs(session: AlbSession): Jobs {
  let waiters: Waiter[] = [];
  let delayMs = FIRST_DELAY_MS;
  let running = false;

  async function poll(): Promise<void> {
    const jobs = await fetchJobs(
      session,
      waiters.map((waiter) => waiter.jobId),
    );
    const now = session.clock.now();
    waiters = waiters.filter((waiter) => !conclude(waiter, jobs.get(waiter.jobId), now));
  }

  async function run(): Promise<void> {
    running = true;
    while (waiters.length > 0) {
      await session.clock.sleep(delayMs);
      delayMs = Math.min(MAX_DELAY_MS, delayMs + FIRST_DELAY_MS);
      try {
        await session.ensureLease();
        await poll();
      } catch (error) {
        for (const waiter of waiters) waiter.reject(error);
        waiters = [];
      }
    }
    running = false;
  }

  return {
    done(answer) {
      const jobId = answer['JobId'];
      if (typeof jobId !== 'string' || jobId === '') return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiters.push({ jobId, deadlineMs: session.clock.now() + BUDGET_MS, resolve: () => resolve(), reject });
        delayMs = FIRST_DELAY_MS;
        if (!running) void run();
      });
    },
  };
}

/** Updates or deletes something, and waits until that is done. */
export async function change(
  action: WriteAction,
  parameters: Record<string, Json | undefined>,
  { session, jobs }: { session: AlbSession; jobs: Jobs },
): Promise<void> {
  const isTagging = action === 'TagResources';
  const token = isTagging ? undefined : session.writeToken([action, digest(parameters), String(session.clock.now())]);
  await jobs.done(await write(session, action, parameters, token));
}

async function fetchJobs(session: AlbSession, ids: readonly string[]): Promise<Map<string, Job>> {
  const jobs = new Map<string, Job>();
  for (const JobIds of chunks(ids, MAX_JOBS_PER_CALL)) {
    const answer = await read(session, 'ListAsynJobs', { JobIds, MaxResults: MAX_JOBS_PER_CALL }, Answer);
    for (const job of answer.Jobs) jobs.set(job.Id, job);
  }
  return jobs;
}

/** Tells the waiter how its job ended. Returns false when it has not ended. */
function conclude(waiter: Waiter, job: Job | undefined, nowMs: number): boolean {
  if (job?.Status === 'Succeeded') waiter.resolve();
  else if (job?.Status === 'Failed') waiter.reject(jobError(job));
  else if (nowMs >= waiter.deadlineMs) waiter.reject(tooLong(waiter.jobId));
  else return false;
  return true;
}

/**
 * Returns the error of a failed job. What a failed creation made is gone, and its token would return the old answer
 * that named it, so its class is `gone` (unless a quota is exceeded).
 */
function jobError({ ApiName, ErrorCode = 'InternalError', ErrorMessage = '' }: Job): CloudError {
  const errorClass = errorClassOf(ErrorCode);
  const told = say('AlbJobFailed', { action: ApiName, code: ErrorCode, message: ErrorMessage });
  return new CloudError({
    code: ErrorCode,
    errorClass: ApiName.startsWith('Create') && errorClass !== 'quota' ? 'gone' : errorClass,
    action: ApiName,
    message: told.text.trimEnd().slice(0, 300),
  });
}

function tooLong(jobId: string): CloudError {
  return new CloudError({
    code: 'JobTimeout',
    errorClass: 'busy',
    action: 'ListAsynJobs',
    message: say('AlbJobEndless', { job: jobId, seconds: BUDGET_MS / 1000 }).text,
  });
}
