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
const benches: Record<string, () => Promise<Record<string, unknown>> | Record<string, unknown>> = {
  api,
  decide,
  edit,
  evacuate,
  failover,
  plan,
  probe,
  requests,
};

const [name = '', ...flags] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined || flags.some((flag) => flag !== '--json')) {
  console.error(usageOf('bench'));
  process.exit(1);
}
const result = await bench();
if (!flags.includes('--json')) console.table(result);
else console.log(JSON.stringify(result));
