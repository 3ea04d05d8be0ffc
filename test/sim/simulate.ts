/** Runs of many episodes, and the shortest trace of what they find. */

import { scenarioOf } from './adversary.ts';
import { type EpisodeOptions, runEpisode } from './episode.ts';
import { describeEvent } from './events.ts';
import { type DecisionEntry, textOf, type Violation } from './history.ts';
import { Measures } from './measures.ts';
import { PRODUCT, type Product } from './product.ts';
import type { Scenario } from './scenario.ts';

export interface SimulationOptions {
  ticks: number;
  seed: number;
  product?: Product;
  /** Goes on with the next episode; else it ends with the first violation. */
  goesOn?: boolean;
  /** Episode to begin with. */
  episode?: number;
}

export interface Found extends Violation {
  seed: number;
  episode: number;
  scenario: Scenario;
}

export interface Simulation {
  ticks: number;
  episodes: number;
  violations: Found[];
  measures: Measures;
}

/** Episode after episode, each with other fleets and other faults, until the ticks are done. */
export function simulate(options: SimulationOptions): Simulation {
  const { ticks, seed, product = PRODUCT, goesOn = false, episode: first = 0 } = options;
  const result: Simulation = { ticks: 0, episodes: 0, violations: [], measures: new Measures() };
  for (let episode = first; result.ticks < ticks; episode++) {
    const scenario = scenarioOf(seed, episode);
    const maxTicks = ticks - result.ticks;
    const run = runEpisode(scenario, { product, maxTicks });
    result.ticks += run.ticks;
    result.episodes++;
    result.measures.add(run.measures);
    result.violations.push(...run.violations.map((violation) => ({ ...violation, seed, episode, scenario })));
    if (!goesOn && result.violations.length > 0) break;
  }
  return result;
}

/** Runs that a trace may cost. */
const MAX_RUNS = 200;

/** The scenario with as few events as it takes to break the same truth of the same fleet. */
export function shorten(found: Found, product: Product = PRODUCT): Found {
  let best = { ...found, scenario: { ...found.scenario, events: upTo(found, found.scenario.events) } };
  let runs = 0;
  const attempt = (events: Scenario['events']): boolean => {
    if (runs++ >= MAX_RUNS) return false;
    const scenario = { ...best.scenario, events };
    const { violations } = runEpisode(scenario, { product, until: [found.truth] });
    const violation = violations.find(({ truth, fleet }) => truth === found.truth && fleet === found.fleet);
    if (violation === undefined) return false;
    best = { ...best, ...violation, scenario: { ...scenario, events: upTo(violation, events) } };
    return true;
  };
  for (let size = Math.ceil(best.scenario.events.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.scenario.events.length; ) {
      const { events } = best.scenario;
      if (!attempt([...events.slice(0, at), ...events.slice(at + size)])) at += size;
    }
  }
  return best;
}

function upTo({ tick }: Violation, events: Scenario['events']): Scenario['events'] {
  return events.filter((event) => event.tick <= tick);
}

/** For people: what was broken, what it takes, and what was decided on the way. */
export function traceOf(found: Found, product: Product = PRODUCT): string {
  const decisions: string[] = [];
  const watch: EpisodeOptions['watch'] = (entry) => decisions.push(lineOf(entry));
  runEpisode(found.scenario, { product, watch, until: [found.truth] });
  const fleet = found.scenario.fleets.find(({ name }) => name === found.fleet);
  const { voters = [], ...policy } = fleet?.policy ?? {};
  const { clusters, pools, name: _, policy: __, ...rest } = fleet ?? {};
  return [
    `${found.truth} broken: seed ${found.seed}, episode ${found.episode}, tick ${found.tick}, fleet ${found.fleet}: ${found.detail}`,
    `policy ${JSON.stringify({ ...policy, voters: voters.map((voter) => `${voter.name}:${voter.type}`) })}`,
    JSON.stringify(rest),
    `clusters ${clusters?.map(({ name, site, capacity, joins }) => `${name}@${site}${capacity ? `(${capacity}/s)` : ''}${joins === 'at-once' ? '!' : ''}`).join(' ')}`,
    ...(pools ?? []).map((pool) => {
      const members = pool.members.map(({ cluster, weight, tier }) => `${cluster}=${weight}/tier ${tier}`);
      return `pool ${pool.key}${pool.pinned ? ' pinned' : ''} ${pool.load ?? 0}/s: ${members.join(' ')}`;
    }),
    ...found.scenario.events.map(describeEvent),
    ...decisions.slice(-30),
  ].join('\n');
}

function lineOf({ tick, input, result, after }: DecisionEntry): string {
  const asked = input.command ? ` asked for ${input.command.type}` : '';
  const shares = Object.entries(after).map(([key, list]) => `${key}=${list.map(({ percent }) => percent).join('/')}`);
  const standings = result.traffic.clusters.map(({ cluster, standing }) => `${cluster}:${standing}`).join(' ');
  const changes = result.changes.map(textOf).join('; ');
  return `tick ${tick}: ${result.outcome}${asked}: ${changes} [${standings}] → ${shares.join(' ')}`;
}
