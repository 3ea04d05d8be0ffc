import { contend } from '../attempts.ts';
import {
  type Bucket,
  fullBucket,
  PRIORITIES,
  type Priority,
  type Rate,
  spend,
  take,
  waitMs,
} from '../core/gateway/budget.ts';
import type { BudgetScope, Clock, Log, Store } from '../deps.ts';

export interface BudgetPorts {
  store: Pick<Store, 'budget' | 'putBudget'>;
  clock: Clock;
  log: Log;
}

export type ByPriority = Record<Priority, number>;

const NOTHING: ByPriority = { failover: 0, normal: 0, preview: 0 };

/** The time in milliseconds for which an invocation counts on its own after a failure of the store. */
const AWAY_MS = 10_000;

/** The most conflicts of one exchange. Each of them means that another invocation has got its tokens. */
const MAX_CONFLICTS = 50;

/**
 * A bucket that all invocations share through the store, as this invocation knows it. While the store is away, this
 * invocation counts on its own, and writes down later what it has taken.
 */
export class SharedBucket {
  readonly #scope: BudgetScope;
  readonly #rate: Rate;
  readonly #ports: BudgetPorts;
  /**
   * The time until which the store counts as away. All buckets of an invocation share it, because they share the store.
   */
  readonly #away: { untilMs: number };
  #bucket: Bucket;
  /** The version of the stored bucket that `#bucket` is based on; undefined when it has yet to be read. */
  #version: number | undefined;
  /** Changes that are applied to `#bucket` but not to the stored bucket. */
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

  /** Changes the known bucket at once, and the stored one with the next exchange. */
  note(change: (bucket: Bucket, rate: Rate, nowMs: number) => Bucket): void {
    const nowMs = this.#ports.clock.now();
    const note = (bucket: Bucket) => change(bucket, this.#rate, nowMs);
    this.#notes.push(note);
    this.#bucket = note(this.#bucket);
  }

  /** Tells whether there is something to write down, and a store to write it to. */
  hasNotes(): boolean {
    return this.#notes.length > 0 && !this.#isAway();
  }

  /**
   * Takes up to `wanted` tokens, which are to be used at once, and writes down all notes. Never fails: when the store
   * does, the known bucket decides.
   */
  async exchange(wanted: ByPriority): Promise<ByPriority> {
    if (this.#isAway()) return this.#takeHere(wanted);
    // Previews never contend for the bucket: whoever comes first has better things to do.
    const isPreview = wanted.failover + wanted.normal === 0 && this.#notes.length === 0;
    try {
      const granted = await contend(isPreview ? 1 : MAX_CONFLICTS, () => this.#tryExchange(wanted));
      if (granted !== undefined) return granted;
      if (isPreview) return NOTHING;
      throw new Error('Other invocations keep coming first.');
    } catch (error) {
      this.#version = undefined;
      this.#away.untilMs = this.#ports.clock.now() + AWAY_MS;
      this.#ports.log.error('budget.unavailable', { action: this.#scope.action }, error);
      return this.#takeHere(wanted);
    }
  }

  /** Tries one exchange. The result is undefined when another invocation came first. */
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
    const calls = granted.failover + granted.normal + granted.preview;
    this.note((bucket, rate, nowMs) => spend(bucket, rate, calls, nowMs));
    return granted;
  }

  /** Takes tokens from the known bucket, for the highest priority first. */
  #take(wanted: ByPriority): { bucket: Bucket; granted: ByPriority } {
    const nowMs = this.#ports.clock.now();
    const granted = { ...NOTHING };
    let bucket = this.#bucket;
    for (const priority of PRIORITIES) {
      const taken = take(bucket, this.#rate, priority, wanted[priority], nowMs);
      granted[priority] = taken.granted;
      bucket = taken.bucket;
    }
    return { bucket, granted };
  }

  #isAway(): boolean {
    return this.#ports.clock.now() < this.#away.untilMs;
  }
}
