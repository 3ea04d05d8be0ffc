import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { usageOf } from '../../infra/scripts.ts';
import { Measures, quantile } from './measures.ts';
import { type Found, shorten, simulate, traceOf } from './simulate.ts';

const INTEGER = /^[0-9]+$/;

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '50000' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    episode: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
const numbers = [values.ticks, values.episode, values.seed ?? '1', values.seeds ?? '1'];
if (!numbers.every((text) => INTEGER.test(text)) || (values.seed !== undefined && values.seeds !== undefined)) {
  console.error(usageOf('sim'));
  process.exit(2);
}

const seeds = values.seeds ? drawSeeds(Number(values.seeds)) : [Number(values.seed ?? '1')];
console.error(`seeds ${seeds.join(' ')}`);
const result = { ticks: 0, episodes: 0, violations: [] as Found[], measures: new Measures() };
for (const seed of seeds) {
  const run = simulate({ ticks: Number(values.ticks), seed, episode: Number(values.episode), goesOn: true });
  for (const found of firstOfEach(run.violations)) console.error(`${traceOf(shorten(found))}\n`);
  result.ticks += run.ticks;
  result.episodes += run.episodes;
  result.violations.push(...run.violations);
  result.measures.add(run.measures);
}
const summary = summaryOf();
if (values.json) console.log(JSON.stringify(summary));
else console.table(flat(summary));
process.exitCode = result.violations.length > 0 ? 1 : 0;

function drawSeeds(count: number): number[] {
  return Array.from({ length: count }, () => randomInt(1, 2 ** 31));
}

/** One trace for each broken truth is enough to begin with. */
function firstOfEach(violations: readonly Found[]): Found[] {
  const names = [...new Set(violations.map(({ truth }) => truth))];
  return names.flatMap((name) => violations.find(({ truth }) => truth === name) ?? []);
}

function summaryOf() {
  const { ticks, episodes, violations, measures } = result;
  const count = (name: string) => violations.filter(({ truth }) => truth === name).length;
  return {
    ticks,
    violations: violations.length,
    lostBeyondBound: Math.round(measures.lostBeyondBound),
    falseFailovers: count('noHealthyLoses'),
    missedFailovers: count('deadAreLeft'),
    maxDirectionChangesPerHour: measures.maxTurnsPerHour,
    seeds,
    episodes,
    decisions: measures.decisions,
    evacuationSeconds: { p50: quantile(measures.evacuations, 0.5), p99: quantile(measures.evacuations, 0.99) },
  };
}

function flat(summary: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(summary);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : value]),
  );
}
