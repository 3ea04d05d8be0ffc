import { randomUUID } from 'node:crypto';

/** How many jobs are remembered (assumed). */
const KEEP = 10_000;

export type OperateType = 'Create' | 'Update' | 'Delete';
export type ResourceType = 'loadbalancer' | 'listener' | 'rule' | 'servergroup';

/** As ListAsynJobs shows it. Times in milliseconds since the epoch. */
export interface Job {
  Id: string;
  ApiName: string;
  OperateType: OperateType;
  ResourceType: ResourceType;
  /** Of a batch: the first of its resources. */
  ResourceId: string;
  Status: 'Processing' | 'Succeeded' | 'Failed';
  ErrorCode?: string;
  ErrorMessage?: string;
  CreateTime: number;
  ModifyTime: number;
}

/** One item of a write. Exactly one of the two is called when the job ends. */
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
  /** Gives the parents their resting status back, after the effects. */
  release(): void;
  /** Applies the first half of the effects only, then fails. */
  partial: boolean;
}

interface Pending {
  job: Job;
  request: JobRequest;
  dueAt: number;
}

/** Asynchronous jobs: a call is answered at once, its effect takes place when its job ends, `latencyMs` later. */
export class Jobs {
  readonly #jobs = new Map<string, { job: Job; resourceIds: readonly string[] }>();
  readonly #latencyMs: number;
  readonly #now: () => number;
  #pending: Pending[] = [];
  #timer: NodeJS.Timeout | undefined;
  #settling: Promise<void> = Promise.resolve();

  constructor(latencyMs: number, now: () => number) {
    this.#latencyMs = latencyMs;
    this.#now = now;
  }

  /** Returns the id of the job. */
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
    this.#pending.push({ job, request, dueAt: now + this.#latencyMs });
    this.#arm();
    return job.Id;
  }

  /** Oldest first, each with the ids of all resources that it touches. */
  list(): { job: Job; resourceIds: readonly string[] }[] {
    return [...this.#jobs.values()];
  }

  /** Ends the jobs that are due, in the order of their calls. */
  settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      const due = this.#pending.filter(({ dueAt }) => dueAt <= this.#now());
      this.#pending = this.#pending.filter((pending) => !due.includes(pending));
      for (const pending of due) await this.#finish(pending);
    });
    return this.#settling;
  }

  async close(): Promise<void> {
    this.#pending = [];
    clearTimeout(this.#timer);
    await this.#settling;
  }

  /** For real time; in virtual time the next call settles what is due. */
  #arm(): void {
    const next = this.#pending[0];
    if (!next || this.#timer) return;
    this.#timer = setTimeout(
      async () => {
        await this.settle();
        this.#timer = undefined;
        this.#arm();
      },
      Math.max(1, next.dueAt - this.#now()),
    );
    this.#timer.unref();
  }

  async #finish({ job, request }: Pending): Promise<void> {
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
