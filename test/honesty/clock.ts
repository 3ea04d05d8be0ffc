import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import type { Store } from '../../functions/deps.ts';
import type { TestClock } from '../engine/clocks.ts';

/** Monday, 5 January 2026. A run begins at the same time whenever it is made. */
const START_MS = Date.UTC(2026, 0, 5);

/** Number of turns of the event loop in which nothing may be under way before time passes. */
const QUIET_TURNS = 3;

/** Requests of this process whose answers have not been read to their end. */
const underWay = new Set<ClientRequest>();
subscribe('http.client.request.start', (message) => {
  const { request } = message as { request: ClientRequest };
  underWay.add(request);
  request.once('close', () => underWay.delete(request));
});

interface Sleeper {
  wakeMs: number;
  wake: () => void;
}

/**
 * Time that stands still while anything waits for the store or the cloud, and then goes to the end of the next sleep. One sleeper wakes at a
 * time, so that the same seed gives the same run.
 */
export class StepClock implements TestClock {
  #nowMs = START_MS;
  #sleepers: Sleeper[] = [];
  #calls = 0;
  #running = false;
  /** Called at the end of what happens in an instant, and awaited at the beginning of the next, before anybody wakes. */
  onQuiet: () => void = () => undefined;
  onMoved: () => Promise<void> = async () => undefined;

  /** Requests of others in this process that have no answer yet do not hold up this clock. */
  constructor() {
    underWay.clear();
  }

  now = (): number => this.#nowMs;

  sleep = async (ms: number): Promise<void> => {
    await new Promise<void>((wake) => {
      this.#sleepers.push({ wakeMs: this.#nowMs + ms, wake });
      if (!this.#running) void this.#run();
    });
  };

  advance(ms: number): void {
    this.#nowMs += ms;
  }

  /** A store whose calls hold up the time, retries included. */
  store(store: Store): Store {
    const counted = Object.entries(store).map(([name, call]) => [name, this.#counting(call)]);
    return Object.fromEntries(counted) as unknown as Store;
  }

  #counting<A extends unknown[], T>(call: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      this.#calls++;
      try {
        return await call(...args);
      } finally {
        this.#calls--;
      }
    };
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#sleepers.length > 0) {
      await this.#quiet();
      this.onQuiet();
      const wakeMs = Math.min(...this.#sleepers.map((sleeper) => sleeper.wakeMs));
      this.#nowMs = Math.max(this.#nowMs, wakeMs);
      await this.onMoved();
      const next = this.#sleepers.find((sleeper) => sleeper.wakeMs === wakeMs);
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      next?.wake();
    }
    this.#running = false;
  }

  async #quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; ) {
      await new Promise(setImmediate);
      turns = this.#calls === 0 && underWay.size === 0 ? turns + 1 : 0;
    }
  }
}
