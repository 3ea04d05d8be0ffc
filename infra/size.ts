/** Compares the size of the bundled Worker with its budget: `npm run size`. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/**
 * The budget for the minified bundle in KiB, compressed with gzip as the platform counts. The platform's own limit is
 * in the megabytes; this lower budget keeps the starts of an isolate short.
 */
const BUDGET_KIB = 480;

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'fairlead-size-'));
try {
  bundle();
  const kib = measure();
  const text = `The Worker has ${kib.toFixed(1)} KiB (gzip) of a budget of ${BUDGET_KIB} KiB.`;
  if (kib > BUDGET_KIB) throw new Error(text);
  console.log(text);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(directory, { recursive: true });
}

function bundle(): void {
  const result = spawnSync(
    join(root, 'node_modules', '.bin', 'wrangler'),
    ['deploy', '--dry-run', '--outdir', directory],
    {
      cwd: root,
      encoding: 'utf8',
      // Turns off the banner, the version check and telemetry, so that the measurement needs no network.
      env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_HIDE_BANNER: 'true' },
    },
  );
  if (result.status !== 0) throw new Error(`The Worker does not build: ${result.stderr || result.error?.message}`);
}

function measure(): number {
  const files = readdirSync(directory).filter((name) => !name.endsWith('.map') && !name.endsWith('.md'));
  return files.reduce((sum, name) => sum + gzipSync(readFileSync(join(directory, name))).length, 0) / 1024;
}
