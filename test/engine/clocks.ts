import { setTimeout as realSleep } from 'node:timers/promises';
import type { Clock } from '../../functions/deps.ts';

export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** Time that passes only when a caller sleeps; all sleepers of one moment wake together. */
export class VirtualClock implements TestClock {
  #nowMs: number;

  constructor(nowMs = Date.now()) {
    this.#nowMs = nowMs;
  }

  now = (): number => this.#nowMs;

  sleep = async (ms: number): Promise<void> => {
    const wakeMs = this.#nowMs + ms;
    await realSleep(1);
    this.#nowMs = Math.max(this.#nowMs, wakeMs);
  };

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
