/**
 * Shows a failover from end to end, with real traffic:
 * `npm run demo -- [--failure refuse|hang|brownout] [--provider alb|mse] [--json]`, or
 * `npm run demo -- --estate two-cities [--failure site|city] [--json]`.
 */

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { usageOf } from '../scripts.ts';
import { showClusterFailure } from './demo/cluster-failure.ts';
import { showPlaceFailure } from './demo/place-failure.ts';
import type { Report } from './demo/report.ts';
import { DEFAULT_ESTATE, ESTATES, type EstateName, isEstate } from './estates/index.ts';
import { ANY_PORTS } from './ports.ts';
import { runProgram } from './program.ts';
import { seed } from './seed.ts';
import { type Stack, startStack } from './stack.ts';
import { startScheduler } from './worker.ts';

interface Options {
  estate: EstateName;
  json: boolean;
  show(stack: Stack): Promise<Report>;
}

function readOptions(args: string[]): Options {
  try {
    const { values } = parseArgs({
      args,
      options: {
        estate: { type: 'string', default: DEFAULT_ESTATE },
        failure: { type: 'string' },
        provider: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const { estate, json } = values;
    if (!isEstate(estate)) throw new Error(`There is no estate ${estate}.`);
    return { estate, json, show: SHOWS[estate](values) };
  } catch {
    throw new Error(usageOf('demo'));
  }
}

interface Asked {
  failure?: string | undefined;
  provider?: string | undefined;
}

/** What is shown of each estate. They throw when that is asked for what it cannot show. */
const SHOWS: Record<EstateName, (asked: Asked) => Options['show']> = {
  'two-clusters': ({ failure = 'refuse', provider = 'alb' }) => {
    const options = {
      failure: oneOf(['refuse', 'hang', 'brownout'], failure),
      provider: oneOf(['alb', 'mse'], provider),
    };
    return (stack) => showClusterFailure(stack, options);
  },
  'two-cities': ({ failure = 'site', provider }) => {
    if (provider !== undefined) throw new Error('Traffic goes through both gateways.');
    const lost = oneOf(['site', 'city'], failure);
    return (stack) => showPlaceFailure(stack, lost);
  },
};

function oneOf<const T extends string>(values: readonly T[], text: string): T {
  const value = values.find((one) => one === text);
  if (value === undefined) throw new Error(`${text} is none of ${values.join(', ')}.`);
  return value;
}

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
