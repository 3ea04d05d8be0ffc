import { spend, throttled } from '../core/budget.ts';
import type { Clock, CloudRequest } from '../deps.ts';
import { rateOf } from './rates.ts';
import { type BudgetPorts, SharedBucket } from './shared-bucket.ts';

export interface Budgets {
  /** Resolves when the call may be made. Rejects when its `whileWaiting` does. */
  turn(request: CloudRequest): Promise<void>;
  /** The cloud has throttled the call. `retryAfterMs`: when it wants to see it again. */
  throttled(request: CloudRequest, retryAfterMs: number | undefined): void;
}

/** The longest sleep: then those that wait are asked whether they still want to. */
const MAX_SLEEP_MS = 2_000;

/** Until the next try when other invocations keep coming first. */
const CONTENDED_MS = 50;

/**
 * The budgets of calls, shared by all invocations. A normal call asks: all that wait for one bucket are granted by one write to the store,
 * and nothing is held in stock that a dead invocation could lose. A failover does not ask, it tells: it goes by what is known here and is
 * written down beside, so that it never waits for the store.
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
    turn: (request) =>
      request.priority === 'failover' ? queueOf(request).tell(request) : queueOf(request).ask(request),
    throttled: (request, retryAfterMs = 0) => queueOf(request).throttled(retryAfterMs),
  };
}

interface Waiter {
  whileWaiting: CloudRequest['whileWaiting'];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Those that wait for tokens of one bucket. */
class Queue {
  readonly #bucket: SharedBucket;
  readonly #clock: Clock;
  #waiting: Waiter[] = [];
  #working = false;

  constructor(bucket: SharedBucket, clock: Clock) {
    this.#bucket = bucket;
    this.#clock = clock;
  }

  async ask({ whileWaiting }: CloudRequest): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ whileWaiting, resolve, reject });
      this.#work();
    });
  }

  async tell({ whileWaiting }: CloudRequest): Promise<void> {
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) {
      await whileWaiting?.();
      await this.#clock.sleep(Math.min(leftMs, MAX_SLEEP_MS));
    }
    this.#bucket.note((bucket, rate, nowMs) => spend(bucket, rate, 1, nowMs));
    this.#work();
  }

  throttled(retryAfterMs: number): void {
    this.#bucket.note((bucket, rate, nowMs) => throttled(bucket, rate, retryAfterMs, nowMs));
    this.#work();
  }

  #leftMs(): number {
    return this.#bucket.waitMs('failover');
  }

  /** One at a time exchanges with the store; nobody waits for it but those in the queue. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    void this.#serve().finally(() => {
      this.#working = false;
    });
  }

  async #serve(): Promise<void> {
    while (this.#waiting.length > 0 || this.#bucket.hasNotes()) {
      const granted = await this.#bucket.exchange(this.#waiting.length);
      for (const { resolve } of this.#waiting.splice(0, granted)) resolve();
      if (this.#waiting.length === 0) continue;
      await this.#clock.sleep(Math.min(this.#bucket.waitMs('normal') || CONTENDED_MS, MAX_SLEEP_MS));
      await this.#dismiss();
    }
  }

  /** Sends away those that should not wait any longer. Calls of one run have one `whileWaiting`, which is asked once. */
  async #dismiss(): Promise<void> {
    for (const whileWaiting of new Set(this.#waiting.map((waiter) => waiter.whileWaiting))) {
      try {
        await whileWaiting?.();
      } catch (error) {
        const leaving = this.#waiting.filter((waiter) => waiter.whileWaiting === whileWaiting);
        this.#waiting = this.#waiting.filter((waiter) => !leaving.includes(waiter));
        for (const { reject } of leaving) reject(error);
      }
    }
  }
}
