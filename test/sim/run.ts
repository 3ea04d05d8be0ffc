import { parseArgs } from 'node:util';
import { usageOf } from '../../infra/scripts.ts';
import { quantile } from './measures.ts';
import { type Simulation, shorten, simulate, traceOf } from './simulate.ts';

const INTEGER = /^[0-9]+$/;

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    episode: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});
if (![values.ticks, values.seed, values.episode].every((text) => INTEGER.test(text))) {
  console.error(usageOf('sim'));
  process.exit(2);
}

const result = simulate({
  ticks: Number(values.ticks),
  seed: Number(values.seed),
  episode: Number(values.episode),
  goesOn: true,
});
for (const found of firstOfEach(result)) console.error(`${traceOf(shorten(found))}\n`);
const summary = summaryOf(result);
if (values.json) console.log(JSON.stringify(summary));
else console.table(flat(summary));
process.exitCode = result.violations.length > 0 ? 1 : 0;

function firstOfEach({ violations }: Simulation): Simulation['violations'] {
  const names = [...new Set(violations.map(({ invariant }) => invariant))];
  return names.flatMap((name) => violations.find(({ invariant }) => invariant === name) ?? []);
}

function summaryOf({ ticks, episodes, violations, measures }: Simulation) {
  const count = (name: string) => violations.filter(({ invariant }) => invariant === name).length;
  return {
    ticks,
    violations: violations.length,
    falseFailovers: count('I3'),
    missedFailovers: count('I4'),
    detectTicks: { p50: quantile(measures.detections, 0.5), p99: quantile(measures.detections, 0.99) },
    maxDirectionChangesPerHour: measures.maxTurnsPerHour,
    episodes,
    decisions: measures.decisions,
    failovers: measures.failovers,
    detections: measures.detections.length,
    switchTicks: { p50: quantile(measures.switches, 0.5), p99: quantile(measures.switches, 0.99) },
    overloadSeconds: measures.overloadSeconds,
    lostRequests: Math.round(measures.lostRequests),
    providerCalls: measures.providerCalls,
  };
}

function flat(summary: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(summary);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'object' ? JSON.stringify(value) : value]),
  );
}
