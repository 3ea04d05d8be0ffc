/**
 * Exhaustive tests go through a matrix of cases. `npm run verify:full` takes every case; `npm test` takes a spread that is the same in each
 * run, so that a guarantee can still fail there without the cost of all its cases.
 */

import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by vitest.config.ts from the mode of the run. */
    scope: 'full' | 'sample';
  }
}

const isFull = inject('scope') === 'full';

/** All cases in a full run; otherwise a spread of `size` cases. */
export function matrix<T>(cases: readonly T[], size: number): T[] {
  return isFull ? [...cases] : spread(cases, size);
}

/** Returns at most `size` cases, evenly spaced, with the first and the last. */
export function spread<T>(cases: readonly T[], size: number): T[] {
  if (size >= cases.length) return [...cases];
  const step = (cases.length - 1) / Math.max(1, size - 1);
  const chosen = new Set(Array.from({ length: size }, (_, index) => Math.round(index * step)));
  return cases.filter((_, index) => chosen.has(index));
}

/** The step with which to count through cases whose number is not known before: 1 in a full run. */
export function stride(step: number): number {
  return isFull ? 1 : step;
}

/** Chooses an amount of work: all of it in a full run, otherwise less. */
export function scale(full: number, sample: number): number {
  return isFull ? full : sample;
}
