import type { LocalCloud } from '../../infra/local/cloud/server.ts';
import { textOf, type World, worldOf } from './world.ts';

/** The states of the clouds at one instant of virtual time; there are several when somebody wrote in it. */
interface Instant {
  ms: number;
  states: string[];
}

/** Nothing that the API still says is older than this. */
const KEEP_MS = 900_000;
const WORLDS_KEPT = 400;

/** Keeps the recent states of the clouds, at every instant at which anything happened. */
export class Timeline {
  readonly #cloud: LocalCloud;
  #instants: Instant[] = [];
  readonly #worlds = new Map<string, World>();

  constructor(cloud: LocalCloud) {
    this.#cloud = cloud;
  }

  /** Must be called before anything happens in an instant, and after it. */
  note(ms: number): void {
    const text = textOf(this.#cloud.state, this.#cloud.mse);
    const last = this.#instants.at(-1);
    if (last?.ms === ms) {
      if (last.states.at(-1) !== text) last.states.push(text);
      return;
    }
    this.#instants.push({ ms, states: [last?.states.at(-1) === text ? (last?.states.at(-1) ?? text) : text] });
    if (this.#instants.length > 20_000) this.#instants = this.#instants.filter((one) => one.ms >= ms - KEEP_MS);
  }

  now(): World {
    return this.#world(textOf(this.#cloud.state, this.#cloud.mse));
  }

  /** The distinct states of a span, both ends included. */
  between(fromMs: number, toMs: number): World[] {
    const found = new Set<string>();
    for (let at = this.#instants.length - 1; at >= 0; at--) {
      const { ms, states } = this.#instants[at] as Instant;
      if (ms < fromMs) break;
      if (ms <= toMs) for (const state of states) found.add(state);
    }
    return [...found].map((text) => this.#world(text));
  }

  #world(text: string): World {
    const known = this.#worlds.get(text);
    if (known) return known;
    const world = worldOf(text);
    this.#worlds.set(text, world);
    const [oldest] = this.#worlds.keys();
    if (this.#worlds.size > WORLDS_KEPT && oldest !== undefined) this.#worlds.delete(oldest);
    return world;
  }
}
