import type { HandEdit } from './adversary.ts';
import type { Plane } from './plane.ts';
import { isTrue, type Said } from './say.ts';
import { isThere } from './truth.ts';

const ms = (text: string | undefined) => (text === undefined ? Number.NEGATIVE_INFINITY : Date.parse(text));

/**
 * Measures how long an edit at a gateway is not shown: until the gateway was read after it, or until nothing is claimed
 * of the gateway any more.
 */
export class Ages {
  maxSeconds = 0;
  worst = '';

  note({ gateways, atMs }: Said, edits: readonly HandEdit[]): void {
    for (const edit of edits) {
      if (edit.isShown) continue;
      const gateway = gateways.find(({ name }) => name === edit.gateway);
      const isKnown =
        gateway !== undefined && (ms(gateway.reading.readAt) >= edit.atMs || !isTrue(gateway, 'Programmed'));
      edit.isShown = isKnown;
      const seconds = Math.round((atMs - edit.atMs) / 1000);
      if (seconds <= this.maxSeconds) continue;
      this.maxSeconds = seconds;
      this.worst = `${edit.name} at ${new Date(edit.atMs).toISOString()}`;
    }
  }
}

const SOON_MS = 30_000;
const REST_MS = 62_000;

/** Measures whether routes are verified, and rightly so, once nothing is wrong any more. */
export class Rest {
  readonly #plane: Plane;
  readonly stuck: string[] = [];
  #sinceMs: number | undefined;
  /** Time at which each `route at gateway` was first said to be verified. */
  #verified = new Map<string, number>();
  #cases = new Set<string>();
  #soon = 0;
  #total = 0;
  #step = 0;
  #last = new Map<string, string>();

  constructor(plane: Plane) {
    this.#plane = plane;
  }

  get isOn(): boolean {
    return this.#sinceMs !== undefined;
  }

  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#verified.clear();
    this.#cases.clear();
  }

  isOver(nowMs: number): boolean {
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= REST_MS;
  }

  note({ routes, atMs }: Said, step: number): void {
    this.#step = step;
    const world = this.#plane.timeline.now();
    for (const route of routes) {
      for (const parent of route.parents) {
        const name = `route ${route.name} at ${parent.gateway}`;
        this.#cases.add(name);
        const isVerified = isTrue(parent, 'Programmed') && isTrue(parent, 'Following');
        const isRight = isThere(world, this.#plane.placeOf(parent.gateway), route);
        if (isVerified && isRight && !this.#verified.has(name)) this.#verified.set(name, atMs);
        const told = parent.conditions
          .filter(({ status }) => status !== 'True')
          .map(({ type, reason, message }) => `${type} ${reason}: ${message}`);
        this.#last.set(name, told.join(' ') || (isRight ? 'verified' : 'verified, and not there'));
      }
    }
  }

  end(): void {
    for (const name of this.#cases) {
      const at = this.#verified.get(name);
      this.#total++;
      if (at === undefined) this.stuck.push(`step ${this.#step}: ${name}: ${this.#last.get(name)}`);
      else if (at - (this.#sinceMs ?? 0) <= SOON_MS + 1) this.#soon++;
    }
    this.#sinceMs = undefined;
  }

  share(): number {
    return this.#total === 0 ? 1 : Math.round((this.#soon / this.#total) * 1000) / 1000;
  }
}
