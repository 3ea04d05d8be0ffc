import { type Bucket, fullBucket, type Priority, type Rate, spend, take, waitMs } from '../core/gateway/budget.ts';
import type { BudgetScope, Clock, Log, Store } from '../deps.ts';

export interface BudgetPorts {
  store: Pick<Store, 'budget' | 'putBudget'>;
  clock: Clock;
  log: Log;
}

export type ByPriority = Record<Priority, number>;

/** After a failure of the store an invocation counts for itself for so long. */
const AWAY_MS = 10_000;

/** Each means that another invocation has got its tokens. */
const MAX_CONFLICTS = 50;

/**
 * One bucket, which all invocations share through the store, as this one knows it. While the store is away this invocation counts for
 * itself, and writes down later what it has taken.
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

  /** Changes what is known here at once, and the store with the next exchange. */
  note(change: (bucket: Bucket, rate: Rate, nowMs: number) => Bucket): void {
    const nowMs = this.#ports.clock.now();
    const note = (bucket: Bucket) => change(bucket, this.#rate, nowMs);
    this.#notes.push(note);
    this.#bucket = note(this.#bucket);
  }

  /** Whether there is something to write down, and a store to write it to. */
  hasNotes(): boolean {
    return this.#notes.length > 0 && !this.#isAway();
  }

  /**
   * Takes up to `wanted` tokens, which are to be used at once, and writes down what has been noted. Never fails: when the store does, it
   * goes by what is known here.
   */
  async exchange(wanted: ByPriority): Promise<ByPriority> {
    if (this.#isAway()) return this.#takeHere(wanted);
    try {
      for (let attempt = 0; attempt < MAX_CONFLICTS; attempt++) {
        const granted = await this.#tryExchange(wanted);
        if (granted !== undefined) return granted;
      }
      throw new Error('Other invocations keep coming first.');
    } catch (error) {
      this.#version = undefined;
      this.#away.untilMs = this.#ports.clock.now() + AWAY_MS;
      this.#ports.log.error('budget.unavailable', { action: this.#scope.action }, error);
      return this.#takeHere(wanted);
    }
  }

  /** Undefined when another invocation came first. */
  async #tryExchange(wanted: ByPriority): Promise<ByPriority | undefined> {
    const before = this.#version ?? (await this.#read());
    const { bucket, granted } = this.#take(wanted);
    const written = this.#notes.length;
    if (bucket === this.#bucket && written === 0) return granted;
    const version = before + 1;
    if (!(await this.#ports.store.putBudget(this.#scope, { version, bucket }))) {
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

  #takeHere(wanted: ByPriority): ByPriority {
    const { granted } = this.#take(wanted);
    this.note((bucket, rate, nowMs) => spend(bucket, rate, granted.failover + granted.normal, nowMs));
    return granted;
  }

  /** Failovers first. */
  #take(wanted: ByPriority): { bucket: Bucket; granted: ByPriority } {
    const nowMs = this.#ports.clock.now();
    const first = take(this.#bucket, this.#rate, 'failover', wanted.failover, nowMs);
    const second = take(first.bucket, this.#rate, 'normal', wanted.normal, nowMs);
    return { bucket: second.bucket, granted: { failover: first.granted, normal: second.granted } };
  }

  #isAway(): boolean {
    return this.#ports.clock.now() < this.#away.untilMs;
  }
}
