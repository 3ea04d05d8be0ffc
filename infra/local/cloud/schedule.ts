/** A pending effect with the time when it is due, in milliseconds since the epoch. */
interface Entry {
  dueAt: number;
  effect: () => void | Promise<void>;
}

/** Effects that take place a while after the call that asked for them. */
export class Schedule {
  readonly #now: () => number;
  #pending: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #settling: Promise<void> = Promise.resolve();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Schedules an effect, which must handle its own errors. */
  after(latencyMs: number, effect: Entry['effect']): void {
    this.#pending.push({ dueAt: this.#now() + latencyMs, effect });
    this.#pending.sort((a, b) => a.dueAt - b.dueAt);
    this.#arm();
  }

  /** Carries out what is due: the earlier first, then in the order of the calls. */
  runDue(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      const due = this.#pending.filter(({ dueAt }) => dueAt <= this.#now());
      this.#pending = this.#pending.filter((entry) => !due.includes(entry));
      for (const { effect } of due) await effect();
    });
    return this.#settling;
  }

  async close(): Promise<void> {
    this.#pending = [];
    clearTimeout(this.#timer);
    await this.#settling;
  }

  /** Sets a timer for the next effect in real time. In virtual time the next call runs what is due. */
  #arm(): void {
    clearTimeout(this.#timer);
    const [next] = this.#pending;
    if (!next) return;
    this.#timer = setTimeout(
      async () => {
        await this.runDue();
        this.#arm();
      },
      Math.max(1, next.dueAt - this.#now()),
    );
    this.#timer.unref();
  }
}
