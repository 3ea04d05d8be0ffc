import { parseArgs } from 'node:util';
import { usageOf } from '../../infra/scripts.ts';
import { runHonesty } from './honesty.ts';

const INTEGER = /^[0-9]+$/;

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
if (![values.steps, values.seed].every((text) => INTEGER.test(text))) {
  console.error(usageOf('honesty'));
  process.exit(2);
}

const { steps, seed, lies, stuck, maxAgeSeconds, verifiedWithin30s, trace } = await runHonesty({
  steps: Number(values.steps),
  seed: Number(values.seed),
  watch: values.trace ? (line) => console.error(line) : undefined,
});
for (const { step, rule, said, found } of lies)
  console.error(`seed ${seed}, step ${step}, ${rule}: ${said}; in truth: ${found}`);
for (const told of stuck) console.error(`seed ${seed}, stuck, ${told}`);
const summary = { steps, seed, lies: lies.length, stuckRoutes: stuck.length, maxAgeSeconds, verifiedWithin30s };
if (values.json) console.log(JSON.stringify(summary));
else console.table({ ...summary, trace });
process.exitCode = lies.length === 0 && stuck.length === 0 && maxAgeSeconds <= 60 && verifiedWithin30s >= 0.95 ? 0 : 1;
