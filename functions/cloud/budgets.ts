import { PRIORITIES, type Priority, throttled } from '../core/gateway/budget.ts';
import { rateOf } from '../core/gateway/rates.ts';
import type { Clock, CloudRequest } from '../deps.ts';
import { type BudgetPorts, SharedBucket } from './shared-bucket.ts';

export interface Budgets {
  /** Resolves when the call may be made. Rejects when its `whileWaiting` does. */
  turn(request: CloudRequest): Promise<void>;
  /** Notes that the cloud has throttled the call. `retryAfterMs` is the wait that the cloud asks for. */
  throttled(request: CloudRequest, retryAfterMs: number | undefined): void;
}

/** The shortest sleep of calls that wait for nothing but a preview, in milliseconds. */
const PREVIEW_SLEEP_MS = 500;

/** The longest sleep in milliseconds. After it, waiting calls are asked whether they still want to wait. */
const MAX_SLEEP_MS = 2_000;

/**
 * Creates the budgets of calls, shared by all invocations. All calls of an invocation that wait for one bucket are
 * granted by one write to the store, the highest priority first, and no tokens are held in stock that a dead invocation could
 * lose. Without the store, calls go ahead.
 */
export function createBudgets(ports: BudgetPorts): Budgets {
  const queues = new Map<string, Queue>();
  const away = { untilMs: 0 };
  const queueOf = (request: CloudRequest) => {
    const { scope, rate } = rateOf(request);
    const name = JSON.stringify(scope);
    const queue = queues.get(name) ?? new Queue(new SharedBucket(scope, rate, ports, away), ports.clock);
    queues.set(name, queue);
    return queue;
  };
  return {
    turn: (request) => queueOf(request).turn(request),
    throttled: (request, retryAfterMs = 0) => queueOf(request).throttled(retryAfterMs),
  };
}

interface Waiter {
  whileWaiting: CloudRequest['whileWaiting'];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** The calls that wait for tokens of one bucket. */
class Queue {
  readonly #bucket: SharedBucket;
  readonly #clock: Clock;
  readonly #waiting: Record<Priority, Waiter[]> = { failover: [], normal: [], preview: [] };
  /** True while an exchange with the store is under way. There is only one at a time. */
  #working = false;
  #wake: () => void = () => undefined;

  constructor(bucket: SharedBucket, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  async turn({ priority = 'normal', whileWaiting }: CloudRequest): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const isFirst = this.#highest() === 'preview' && priority !== 'preview';
      this.#waiting[priority].push({ whileWaiting, resolve, reject });
      if (priority === 'failover' || isFirst) this.#wake();
      this.#work();
    });
  }

  /** Returns the highest priority of the calls that wait; undefined when none does. */
  #highest(): Priority | undefined {
    return PRIORITIES.find((priority) => this.#waiting[priority].length > 0);
  }

  throttled(retryAfterMs: number): void {
    this.#bucket.note((bucket, rate, nowMs) => throttled(bucket, rate, retryAfterMs, nowMs));
    this.#work();
  }

  #work(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#serve();
  }

  /**
   * Exchanges tokens with the store for as long as there is something to exchange. Nothing else exchanges with the
   * store.
   */
  async #serve(): Promise<void> {
    const { failover, normal, preview } = this.#waiting;
    while (this.#highest() !== undefined || this.#bucket.hasNotes()) {
      const wanted = { failover: failover.length, normal: normal.length, preview: preview.length };
      const granted = await this.#bucket.exchange(wanted);
      for (const priority of PRIORITIES) {
        for (const { resolve } of this.#waiting[priority].splice(0, granted[priority])) resolve();
      }
      const highest = this.#highest();
      if (highest === undefined) continue;
      const leftMs = this.#bucket.waitMs(highest);
      if (highest === 'preview') await this.#pause(Math.max(leftMs, PREVIEW_SLEEP_MS));
      else if (leftMs > 0) await this.#pause(leftMs);
    }
    // This happens in the same turn of the event loop as the check of the queue, so a call that comes later starts
    // `#serve` again.
    this.#working = false;
  }

  /**
   * Sleeps, and then asks the waiting calls whether they still want to wait. A failover that arrives meanwhile ends the
   * pause.
   */
  async #pause(ms: number): Promise<void> {
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const asked = this.#clock.sleep(Math.min(ms, MAX_SLEEP_MS)).then(async () => {
      for (const priority of PRIORITIES) await this.#dismiss(this.#waiting[priority]);
    });
    await Promise.race([asked, woken]);
  }

  /**
   * Rejects the calls that should not wait any longer. Calls of one run share one `whileWaiting`, which is asked once.
   */
  async #dismiss(waiting: Waiter[]): Promise<void> {
    for (const whileWaiting of new Set(waiting.map((waiter) => waiter.whileWaiting))) {
      try {
        await whileWaiting?.();
      } catch (error) {
        const isLeaving = (waiter: Waiter) => waiter.whileWaiting === whileWaiting;
        const leaving = waiting.filter(isLeaving);
        waiting.splice(0, waiting.length, ...waiting.filter((waiter) => !isLeaving(waiter)));
        for (const { reject } of leaving) reject(error);
      }
    }
  }
}
