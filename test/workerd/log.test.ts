import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startWorker } from '../../infra/local/worker.ts';
import { SECRETS } from '../platform/hostile.ts';

test('the log of a Worker tells of hostile errors without what gives access', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-log-'));
  const logFile = join(directory, 'worker.log');
  const entrypoint = fileURLToPath(new URL('log-worker.ts', import.meta.url));
  const worker = await startWorker({ entrypoint, settings: {}, logFile });
  try {
    const { logged } = (await (await fetch(worker.url)).json()) as { logged: number };
    const told = () =>
      readFileSync(logFile, 'utf8')
        .split('\n')
        .filter((line) => line.includes('test.failed'));
    await expect.poll(() => told().length, { timeout: 30_000 }).toBe(logged);
    for (const line of told()) {
      expect(JSON.parse(line)).toMatchObject({ time: expect.any(String), error: { name: expect.any(String) } });
      expect(line).not.toMatch(/:\/\//);
      for (const secret of Object.values(SECRETS)) expect(line).not.toContain(secret);
    }
  } finally {
    await worker.close();
    rmSync(directory, { recursive: true });
  }
});
