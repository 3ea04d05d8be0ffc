import { type Bucket, fullBucket, type Priority, type Rate, spend, take, waitMs } from '../core/budget.ts';
import type { BudgetScope, Clock, Log, Store } from '../deps.ts';

export interface BudgetPorts {
  store: Pick<Store, 'budget' | 'putBudget'>;
  clock: Clock;
  log: Log;
}

/** After a failure of the store an invocation counts for itself for so long. */
const AWAY_MS = 10_000;
const MAX_CONFLICTS = 4;

/**
 * One bucket, which all invocations share through the store, as this one knows it. What happens here counts here at once, and in the store
 * with the next exchange. While the store is away, it counts here alone.
 */
export class SharedBucket {
  readonly #scope: BudgetScope;
  readonly #rate: Rate;
  readonly #ports: BudgetPorts;
  /** One store, one fate: all buckets of an invocation know when it was away. */
  readonly #away: { untilMs: number };
  #bucket: Bucket;
  /** Of the stored bucket that ours is made of; undefined when it has yet to be read. */
  #version: number | undefined;
  /** What is in our bucket and not in the stored one. */
  #notes: ((bucket: Bucket) => Bucket)[] = [];

  constructor(scope: BudgetScope, rate: Rate, ports: BudgetPorts, away: { untilMs: number }) {
    this.#scope = scope;
    this.#rate = rate;
    this.#ports = ports;
    this.#away = away;
    this.#bucket = fullBucket(rate);
  }

  waitMs(priority: Priority): number {
    return waitMs(this.#bucket, this.#rate, priority, this.#ports.clock.now());
  }

  note(change: (bucket: Bucket, rate: Rate, nowMs: number) => Bucket): void {
    const nowMs = this.#ports.clock.now();
    const note = (bucket: Bucket) => change(bucket, this.#rate, nowMs);
    this.#notes.push(note);
    this.#bucket = note(this.#bucket);
  }

  /** Whether an exchange would do something that has not been done. */
  hasNotes(): boolean {
    return this.#notes.length > 0 && !this.#isAway();
  }

  /** Takes up to `wanted` tokens for normal calls and writes down what has been noted. Never fails. */
  async exchange(wanted: number): Promise<number> {
    if (this.#isAway()) return this.#takeHere(wanted);
    try {
      for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
        const granted = await this.#tryExchange(wanted);
        if (granted !== undefined) return granted;
      }
      return 0;
    } catch (error) {
      this.#version = undefined;
      this.#away.untilMs = this.#ports.clock.now() + AWAY_MS;
      const name = error instanceof Error ? error.name : typeof error;
      this.#ports.log.error('budget.unavailable', { name, action: this.#scope.action });
      return this.#takeHere(wanted);
    }
  }

  /** Undefined when another invocation came first. */
  async #tryExchange(wanted: number): Promise<number | undefined> {
    const { store, clock } = this.#ports;
    const before = this.#version ?? (await this.#read());
    const { bucket, granted } = take(this.#bucket, this.#rate, 'normal', wanted, clock.now());
    const written = this.#notes.length;
    if (granted === 0 && written === 0) return 0;
    const version = before + 1;
    if (!(await store.putBudget(this.#scope, { version, bucket }))) {
      this.#version = undefined;
      return undefined;
    }
    this.#version = version;
    this.#notes = this.#notes.slice(written);
    this.#bucket = this.#notes.reduce((noted, note) => note(noted), bucket);
    return granted;
  }

  async #read(): Promise<number> {
    const { version, bucket } = (await this.#ports.store.budget(this.#scope)) ?? {
      version: 0,
      bucket: fullBucket(this.#rate),
    };
    this.#version = version;
    this.#bucket = this.#notes.reduce((noted, note) => note(noted), bucket);
    return version;
  }

  #takeHere(wanted: number): number {
    const { granted } = take(this.#bucket, this.#rate, 'normal', wanted, this.#ports.clock.now());
    if (granted > 0) this.note((bucket, rate, nowMs) => spend(bucket, rate, granted, nowMs));
    return granted;
  }

  #isAway(): boolean {
    return this.#ports.clock.now() < this.#away.untilMs;
  }
}
