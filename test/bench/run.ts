import { parseArgs } from 'node:util';
import { runProgram } from '../../infra/local/program.ts';
import { usageOf } from '../../infra/scripts.ts';
import { api } from './api.ts';
import { decide } from './decide.ts';
import { edit } from './edit.ts';
import { evacuate } from './evacuate.ts';
import { failover } from './failover.ts';
import { plan } from './plan.ts';
import { probe } from './probe.ts';
import { requests } from './requests.ts';

/** Runs `npm run bench -- NAME [--json]`: figures for people, and with --json one object last. */
const benches: Record<
  string,
  (options: { kills: number }) => Promise<Record<string, unknown>> | Record<string, unknown>
> = {
  api,
  decide,
  edit,
  evacuate,
  failover,
  plan,
  probe,
  requests,
};

function readOptions([name = '', ...args]: string[]) {
  const options = { json: { type: 'boolean', default: false }, kills: { type: 'string', default: '10' } } as const;
  const { values } = parseArgs({ args, options });
  const [bench, kills] = [benches[name], Number(values.kills)];
  if (bench === undefined || !Number.isInteger(kills) || kills < 1) throw new Error(usageOf('bench'));
  return { bench, kills, json: values.json };
}

await runProgram(async () => {
  const { bench, kills, json } = readOptions(process.argv.slice(2));
  const result = await bench({ kills });
  if (json) console.log(JSON.stringify(result));
  else console.table(result);
});
