import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'main', include: ['test/**/*.test.ts'], provide: { runtime: 'node' } } },
      {
        // The tests of the API once more, over HTTP and against the Worker in workerd. Files of one process share one Worker.
        extends: true,
        test: {
          name: 'api-workerd',
          include: ['test/api/*.test.ts'],
          isolate: false,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          provide: { runtime: 'workerd' },
        },
      },
    ],
  },
});
