import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const empty = mkdtempSync(join(tmpdir(), 'fairlead-path-'));

afterAll(() => rmSync(empty, { recursive: true }));

/** A program of the project where no other program is found, neither HAProxy nor what would install it. */
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: empty },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('where HAProxy is missing and cannot be installed, verify:full goes on and says what is left out', () => {
  const { status, stderr } = run('infra/haproxy.ts');
  expect(status).toBe(0);
  expect(stderr).toMatch(/^HAProxy is not installed, and the tests that compare with it are left out: install it /);
});

test('where HAProxy is missing, the bench that needs it says how to install it, and starts nothing', () => {
  const { status, stdout, stderr } = run('test/bench/run.ts', 'failover', '--json');
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^HAProxy is not installed: install it with your package manager .*\n$/);
});
