import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const LAUNCHER = fileURLToPath(new URL('../../infra/run.mjs', import.meta.url));
const TIMEOUT_MS = 600_000;

/** Runs the demonstration as people do; what it says of requests was counted by its clients. */
async function show(failure: string) {
  const demo = spawn(process.execPath, [LAUNCHER, 'demo', '--estate', 'two-cities', '--failure', failure, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, said, [code]] = await Promise.all([text(demo.stdout), text(demo.stderr), once(demo, 'exit')]);
  return { code, said, summary: JSON.parse(output || '{}') };
}

test.each([
  ['site', ['hangzhou-b1', 'shanghai-c1']],
  ['city', ['shanghai-c1']],
])(
  'a lost %s costs nothing after the switch, others serve, and everything returns',
  { timeout: TIMEOUT_MS },
  async (failure, survivors) => {
    const { code, said, summary } = await show(failure);
    expect(code, said).toBe(0);
    expect(summary).toMatchObject({ estate: 'two-cities', failure, failedAfterSwitch: 0, returned: true });
    expect(Object.keys(summary.servedByAfter).toSorted()).toEqual(survivors);
    expect(summary.switchSeconds).toBeGreaterThan(0);
  },
);
