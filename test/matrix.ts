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

/** All cases in a full run; otherwise `size` of them, evenly spaced, with the first and the last. */
export function matrix<T>(cases: readonly T[], size: number): T[] {
  if (isFull || size >= cases.length) return [...cases];
  const step = (cases.length - 1) / Math.max(1, size - 1);
  return Array.from({ length: size }, (_, index) => cases[Math.round(index * step)] as T);
}

/** The step with which to count through cases whose number is not known before: 1 in a full run. */
export function stride(step: number): number {
  return isFull ? 1 : step;
}

/** How much of something a test works with. */
export function scale(full: number, sample: number): number {
  return isFull ? full : sample;
}
