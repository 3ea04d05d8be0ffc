/** Virtual time for whole programs: it passes only when everybody sleeps, and goes from one sleeper's end to the next. */

import { subscribe } from 'node:diagnostics_channel';
import { setTimeout as realSleep } from 'node:timers/promises';
import type { Clock } from '../../functions/deps.ts';

/** Requests of this process that have no answer yet. */
const underWay = new Set<unknown>();
for (const [channel, isBegin] of [
  ['http.client.request.start', true],
  ['http.client.response.finish', false],
  ['http.client.request.error', false],
] as const) {
  subscribe(channel, (message) => {
    const { request } = message as { request: unknown };
    if (isBegin) underWay.add(request);
    else underWay.delete(request);
  });
}

/**
 * Number of turns of the event loop in which no request may be under way before time passes, because an answer leads to
 * further work only after some turns.
 */
const QUIET_TURNS = 2;

/**
 * Time that goes from one sleeper's end to the next, and stands still while any request of HTTP is under way: answers take no time, and the
 * times in a log are those at which calls were made.
 */
export class EventClock implements Clock {
  #nowMs: number;
  #sleepers: { wakeMs: number; wake: () => void }[] = [];
  #running = false;

  /** Requests of others in this process that have no answer yet do not hold up this clock. */
  constructor(nowMs = Date.now()) {
    this.#nowMs = nowMs;
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

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#sleepers.length > 0) {
      await quiet();
      const wakeMs = Math.min(...this.#sleepers.map((sleeper) => sleeper.wakeMs));
      this.#nowMs = Math.max(this.#nowMs, wakeMs);
      const next = this.#sleepers.find((sleeper) => sleeper.wakeMs === wakeMs);
      this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
      next?.wake();
    }
    this.#running = false;
  }
}

async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; ) {
    await realSleep(1);
    turns = underWay.size === 0 ? turns + 1 : 0;
  }
}
