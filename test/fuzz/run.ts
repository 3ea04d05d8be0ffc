import { parseArgs } from 'node:util';
import { usageOf } from '../../infra/scripts.ts';
import { operations } from './document.ts';
import { curlOf, type Found, runFuzz, successesIn } from './fuzz.ts';
import type { TargetName } from './target.ts';

const INTEGER = /^[0-9]+$/;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    episode: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const targets = [...(values.target === undefined ? (['node', 'workerd'] as const) : [values.target])];
const isKnown = (name: string): name is TargetName => name === 'node' || name === 'workerd';
if (![values.requests, values.seed, values.episode].every((text) => INTEGER.test(text)) || !targets.every(isKnown)) {
  console.error(usageOf('fuzz'));
  process.exit(2);
}

const [requests, seed, episode] = [Number(values.requests), Number(values.seed), Number(values.episode)];
const results = [];
for (const [index, target] of targets.filter(isKnown).entries()) {
  const part = Math.floor(requests / targets.length) + (index < requests % targets.length ? 1 : 0);
  results.push(await runFuzz({ requests: part, seed, target, episode, watch: tell }));
}
const found = results.flatMap((result) => result.found);
const count = (kind: Found['kind']) => found.filter((one) => one.kind === kind).length;
const summary = {
  requests: results.reduce((sum, result) => sum + result.requests, 0),
  serverErrors: count('serverErrors'),
  undocumented: count('undocumented'),
  leaks: count('leaks'),
};
for (const [index, { answers, errors }] of results.entries()) {
  const logged = [...errors].map(([event, times]) => `${event} (${times})`).join(', ') || 'none';
  const reached = successesIn(answers).length;
  console.error(
    `${targets[index]}: ${reached} of ${operations.length} operations succeeded; errors in the log: ${logged}`,
  );
}
if (values.json) console.log(JSON.stringify(summary));
else console.table({ seed, ...summary });
process.exitCode = found.length === 0 ? 0 : 1;

function tell({ kind, told, target, episode: at, number, caller, sent }: Found): void {
  console.error(`${kind}, seed ${seed}, target ${target}, episode ${at}, request ${number}, ${caller}: ${told}`);
  if (sent !== undefined) console.error(`  ${curlOf(sent)}`);
}
