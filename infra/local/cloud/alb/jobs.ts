import { randomUUID } from 'node:crypto';
import type { Schedule } from '../schedule.ts';

/** The number of jobs that are remembered (assumed). */
const KEEP = 10_000;

export type OperateType = 'Create' | 'Update' | 'Delete';
export type ResourceType = 'loadbalancer' | 'listener' | 'rule' | 'servergroup';

/** A job as ListAsynJobs shows it. Times are in milliseconds since the epoch. */
export interface Job {
  Id: string;
  ApiName: string;
  OperateType: OperateType;
  ResourceType: ResourceType;
  /** The resource that the job writes; the first one of a batch. */
  ResourceId: string;
  Status: 'Processing' | 'Succeeded' | 'Failed';
  ErrorCode?: string;
  ErrorMessage?: string;
  CreateTime: number;
  ModifyTime: number;
}

/** One item of a write. When the job ends, exactly one of the two functions is called. */
export interface Effect {
  apply(): void | Promise<void>;
  /** Undoes what the call showed at once, such as the status. */
  revert(): void;
}

export interface JobRequest {
  apiName: string;
  operateType: OperateType;
  resourceType: ResourceType;
  resourceIds: readonly string[];
  effects: readonly Effect[];
  /** Gives the parent objects their resting status back, after the effects. */
  release(): void;
  /** True when the job applies only the first half of the effects and then fails. */
  partial: boolean;
}

/** Asynchronous jobs: a call is answered at once, and its effect takes place when its job ends, `latencyMs` later. */
export class Jobs {
  readonly #jobs = new Map<string, { job: Job; resourceIds: readonly string[] }>();
  readonly #schedule: Schedule;
  readonly #latencyMs: number;
  readonly #now: () => number;

  constructor(schedule: Schedule, latencyMs: number, now: () => number) {
    this.#schedule = schedule;
    this.#latencyMs = latencyMs;
    this.#now = now;
  }

  /** Starts a job and returns its id. */
  start(request: JobRequest): string {
    const now = this.#now();
    const job: Job = {
      Id: randomUUID(),
      ApiName: request.apiName,
      OperateType: request.operateType,
      ResourceType: request.resourceType,
      ResourceId: request.resourceIds[0] ?? '',
      Status: 'Processing',
      CreateTime: now,
      ModifyTime: now,
    };
    this.#jobs.set(job.Id, { job, resourceIds: request.resourceIds });
    for (const oldest of this.#jobs.keys()) {
      if (this.#jobs.size <= KEEP) break;
      this.#jobs.delete(oldest);
    }
    this.#schedule.after(this.#latencyMs, () => this.#finish(job, request));
    return job.Id;
  }

  /** Lists the jobs, oldest first, each with the ids of all resources that it touches. */
  list(): { job: Job; resourceIds: readonly string[] }[] {
    return [...this.#jobs.values()];
  }

  /** Returns a copy of the jobs as they are now, which can only be listed. */
  freeze(): Jobs {
    const frozen = new Jobs(this.#schedule, this.#latencyMs, this.#now);
    for (const [id, entry] of this.#jobs) frozen.#jobs.set(id, structuredClone(entry));
    return frozen;
  }

  async #finish(job: Job, request: JobRequest): Promise<void> {
    const reach = request.partial ? Math.floor(request.effects.length / 2) : request.effects.length;
    let done = 0;
    try {
      for (const effect of request.effects.slice(0, reach)) {
        await effect.apply();
        done += 1;
      }
      if (request.partial) throw new Error(`${reach} of ${request.effects.length} items were applied.`);
      job.Status = 'Succeeded';
    } catch (error) {
      for (const effect of request.effects.slice(done)) effect.revert();
      job.Status = 'Failed';
      job.ErrorCode = 'InternalError';
      job.ErrorMessage = error instanceof Error ? error.message : String(error);
    }
    request.release();
    job.ModifyTime = this.#now();
  }
}
