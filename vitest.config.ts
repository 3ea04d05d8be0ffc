import { defineConfig } from 'vitest/config';

/** `vitest run --mode full` takes every case of the exhaustive tests and every test file; without it, see test/matrix.ts. */
export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    provide: { scope: mode === 'full' ? ('full' as const) : ('sample' as const) },
  },
}));
