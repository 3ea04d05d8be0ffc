import { parseArgs } from 'node:util';
import { usageOf } from '../../infra/scripts.ts';
import { api } from './api.ts';
import { decide } from './decide.ts';
import { edit } from './edit.ts';
import { evacuate } from './evacuate.ts';
import { failover } from './failover.ts';
import { plan } from './plan.ts';
import { probe } from './probe.ts';
import { requests } from './requests.ts';

/** `npm run bench -- NAME [--json]`: figures for people, and with --json one object last. */
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

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, kills: { type: 'string' } } });
const kills = Number(values.kills ?? 10);
if (bench === undefined || !Number.isInteger(kills) || kills < 1) {
  console.error(usageOf('bench'));
  process.exit(1);
}
const result = await bench({ kills });
if (!values.json) console.table(result);
else console.log(JSON.stringify(result));
