import { defineConfig } from 'vitest/config';

/**
 * Tests of whole processes, and one that replaces a module of Node. Each of these files has a worker of its own; all other
 * files share workers.
 */
const ISOLATED = [
  'test/local/*.test.ts',
  'test/workerd/*.test.ts',
  'test/bench/failover.full.test.ts',
  'test/fuzz/fuzz.full.test.ts',
  'test/cloud/alicloud-fetch.test.ts',
];

/**
 * The run `vitest run --mode full` takes every case of the exhaustive tests (see test/matrix.ts) and the files named
 * `*.full.test.ts`; other runs take a sample of the cases and leave those files out.
 */
export default defineConfig(({ mode }) => {
  const scope = mode === 'full' ? ('full' as const) : ('sample' as const);
  const leftOut = scope === 'full' ? [] : ['**/*.full.test.ts'];
  return {
    test: {
      // These limits end a test that hangs; a busy machine may take ten times as long as an idle one.
      testTimeout: 300_000,
      hookTimeout: 300_000,
      // Some tests wait for real time, so that a third worker has something to do on two cores.
      maxWorkers: 3,
      // Node reads the sources by itself, and runs them faster than through the module runner of Vite.
      experimental: { viteModuleRunner: false, nodeLoader: false },
      // See test/store/client.ts.
      env: { FAIRLEAD_TEST_TABLE: scope === 'full' ? 'embedded' : 'memory' },
      provide: { scope },
      projects: [
        {
          extends: true,
          test: {
            name: 'shared',
            include: ['test/**/*.test.ts'],
            exclude: [...ISOLATED, ...leftOut],
            isolate: false,
            provide: { runtime: 'node' },
          },
        },
        {
          extends: true,
          test: { name: 'isolated', include: ISOLATED, exclude: leftOut },
        },
        // This project runs the tests of the API once more, over HTTP and against the Worker in workerd. Files of one process share one Worker.
        ...(scope === 'full'
          ? [
              {
                extends: true as const,
                test: {
                  name: 'api-workerd',
                  include: ['test/api/*.test.ts'],
                  isolate: false,
                  provide: { runtime: 'workerd' as const },
                },
              },
            ]
          : []),
      ],
    },
  };
});
