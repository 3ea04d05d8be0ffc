/** Runs every case against the data planes: `npm run conformance -- [--json] [--provider alb|mse] [GROUP...]`. */

import { parseArgs } from 'node:util';
import { usageOf } from '../../infra/scripts.ts';
import type { Provider } from './case.ts';
import { GROUPS } from './cases/index.ts';
import { type Outcome, PROVIDERS, runConformance } from './suite.ts';

const USAGE = `${usageOf('conformance')}\n\nThe groups are: ${GROUPS.map(({ name }) => name).join(', ')}`;

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      options: { json: { type: 'boolean', default: false }, provider: { type: 'string', multiple: true } },
      allowPositionals: true,
    });
    const providers = PROVIDERS.filter((provider) => values.provider?.includes(provider) ?? true);
    if (providers.length === 0) throw new Error(USAGE);
    if (positionals.some((name) => GROUPS.every((group) => group.name !== name))) throw new Error(USAGE);
    const groups = GROUPS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
    return { json: values.json, groups, providers };
  } catch {
    console.error(USAGE);
    process.exit(1);
  }
}

function tally(outcomes: readonly Outcome[], providers: readonly Provider[]) {
  const count = (provider: string, result: Outcome['result']) =>
    outcomes.filter((outcome) => outcome.provider === provider && outcome.result === result).length;
  return Object.fromEntries(
    providers.map((provider) => [
      provider,
      {
        pass: count(provider, 'pass'),
        refused: count(provider, 'refused'),
        fail: count(provider, 'fail'),
      },
    ]),
  );
}

const { json, groups, providers } = readOptions();
const outcomes = await runConformance(groups, providers);
const failures = outcomes.filter(({ result }) => result === 'fail');
for (const { provider, group, case: name, faults } of failures) {
  console.error(`FAIL ${provider} ${group}: ${name}`);
  for (const fault of faults) console.error(`     ${fault}`);
}
const summary = { cases: groups.flatMap(({ cases }) => cases).length, ...tally(outcomes, providers) };
if (json) console.log(JSON.stringify(summary));
else console.table(tally(outcomes, providers));
process.exit(failures.length > 0 ? 1 : 0);
