/**
 * Shows a failover from end to end, with real traffic. Usage: `npm run demo -- [--failure refuse|hang|brownout]
 * [--provider alb|mse] [--json]`, or `npm run demo -- --estate two-cities [--failure site|city] [--json]`.
 */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from './demo/options.ts';
import { ESTATES } from './estates/index.ts';
import { ANY_PORTS } from './ports.ts';
import { runProgram } from './program.ts';
import { seed } from './seed.ts';
import { startStack } from './stack.ts';
import { startScheduler } from './worker.ts';

await runProgram(async (program) => {
  const { estate, json, show } = readOptions(process.argv.slice(2));
  const directory = mkdtempSync(join(tmpdir(), 'fairlead-demo-'));
  process.once('exit', (code) => {
    if (code === 1) console.error(`Logs are in ${directory}.`);
    else rmSync(directory, { recursive: true, force: true });
  });
  const report = console.error;
  const stack = await startStack({
    estate: ESTATES[estate],
    ports: ANY_PORTS,
    token: randomUUID(),
    directory,
    persist: false,
    report,
  });
  program.onClose(stack.close);
  await Promise.race([seed(stack, report), stack.failed]);
  const scheduler = startScheduler(stack.worker);
  program.onClose(scheduler.stop);

  const { summary, text, faults } = await Promise.race([show(stack), stack.failed]);
  const say = json ? console.error : console.log;
  say(`\n${text}`);
  if (json) console.log(JSON.stringify(summary));
  if (faults.length > 0) throw new Error(`The demo fails: ${faults.join(' ')}`);
});
