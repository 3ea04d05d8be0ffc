import { type Priority, throttled } from '../core/gateway/budget.ts';
import { rateOf } from '../core/gateway/rates.ts';
import type { Clock, CloudRequest } from '../deps.ts';
import { type BudgetPorts, SharedBucket } from './shared-bucket.ts';

export interface Budgets {
  /** Resolves when the call may be made. Rejects when its `whileWaiting` does. */
  turn(request: CloudRequest): Promise<void>;
  /** Notes that the cloud has throttled the call. `retryAfterMs` is the wait that the cloud asks for. */
  throttled(request: CloudRequest, retryAfterMs: number | undefined): void;
}

/** The longest sleep in milliseconds. After it, waiting calls are asked whether they still want to wait. */
const MAX_SLEEP_MS = 2_000;

/**
 * Creates the budgets of calls, shared by all invocations. All calls of an invocation that wait for one bucket are
 * granted by one write to the store, failovers first, and no tokens are held in stock that a dead invocation could
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
  readonly #waiting: Record<Priority, Waiter[]> = { failover: [], normal: [] };
  /** True while an exchange with the store is under way. There is only one at a time. */
  #working = false;
  #wake: () => void = () => undefined;

  constructor(bucket: SharedBucket, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  async turn({ priority = 'normal', whileWaiting }: CloudRequest): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiting[priority].push({ whileWaiting, resolve, reject });
      if (priority === 'failover') this.#wake();
      this.#work();
    });
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
    const { failover, normal } = this.#waiting;
    while (failover.length + normal.length > 0 || this.#bucket.hasNotes()) {
      const granted = await this.#bucket.exchange({ failover: failover.length, normal: normal.length });
      const admitted = [...failover.splice(0, granted.failover), ...normal.splice(0, granted.normal)];
      for (const { resolve } of admitted) resolve();
      if (failover.length + normal.length === 0) continue;
      const leftMs = this.#bucket.waitMs(failover.length > 0 ? 'failover' : 'normal');
      if (leftMs === 0) continue;
      await this.#pause(leftMs);
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
      await this.#dismiss(this.#waiting.failover);
      await this.#dismiss(this.#waiting.normal);
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
