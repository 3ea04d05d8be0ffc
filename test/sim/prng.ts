/** Randomness that a seed repeats: nothing in the simulator draws from anything else. */
export interface Prng {
  /** Draws a number in [0, 1). */
  next(): number;
  /** Draws an integer from `from` to `to`, both included. */
  int(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Draws some of the items, in their order; at least one. */
  some<T>(items: readonly T[]): T[];
}

/** mulberry32: 32 bits of state, good enough to vary scenarios. */
export function createPrng(seed: number): Prng {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const int = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  const pick = <T>(items: readonly T[]): T => {
    const item = items[int(0, items.length - 1)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  const some = <T>(items: readonly T[]): T[] => {
    const kept = items.filter(() => next() < 0.5);
    return kept.length > 0 ? kept : [pick(items)];
  };
  return { next, int, chance: (probability) => next() < probability, pick, some };
}

/**
 * A draw in [0, 1) that depends on its arguments alone (the finalizer of murmur3 over them). The world uses this and not a sequence, so that
 * an event that is dropped from a trace does not change what the others do.
 */
export function noise(...parts: readonly number[]): number {
  let hash = 0x9747b28c;
  for (const part of parts) {
    hash = Math.imul(hash ^ part, 0xcc9e2d51);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
