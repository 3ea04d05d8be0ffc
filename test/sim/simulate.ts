import { describe, scenarioOf } from './adversary.ts';
import { type EpisodeOptions, runEpisode } from './episode.ts';
import { type DecisionEntry, textOf, type Violation } from './history.ts';
import { Measures } from './measures.ts';
import { PRODUCTION, type Production } from './production.ts';
import type { Scenario } from './scenario.ts';

export interface SimulationOptions {
  ticks: number;
  seed: number;
  production?: Production;
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
  const { ticks, seed, production = PRODUCTION, goesOn = false, episode: first = 0 } = options;
  const result: Simulation = { ticks: 0, episodes: 0, violations: [], measures: new Measures() };
  for (let episode = first; result.ticks < ticks; episode++) {
    const scenario = scenarioOf(seed, episode);
    const maxTicks = ticks - result.ticks;
    const run = runEpisode(scenario, { production, maxTicks });
    result.ticks += run.ticks;
    result.episodes++;
    result.measures.add(run.measures);
    if (!run.violation) continue;
    result.violations.push({ ...run.violation, seed, episode, scenario });
    if (!goesOn) break;
  }
  return result;
}

/** Runs that a trace may cost. */
const MAX_RUNS = 200;

/** The scenario with as few events as it takes to break the same invariant of the same fleet. */
export function shorten(found: Found, production: Production = PRODUCTION): Found {
  let best = { ...found, scenario: { ...found.scenario, events: upTo(found, found.scenario.events) } };
  let runs = 0;
  const attempt = (events: Scenario['events']): boolean => {
    if (runs++ >= MAX_RUNS) return false;
    const scenario = { ...best.scenario, events };
    const { violation } = runEpisode(scenario, { production });
    if (violation?.invariant !== found.invariant || violation.fleet !== found.fleet) return false;
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
export function traceOf(found: Found, production: Production = PRODUCTION): string {
  const decisions: string[] = [];
  const watch: EpisodeOptions['watch'] = (entry) => decisions.push(lineOf(entry));
  runEpisode(found.scenario, { production, watch });
  const { policy, clusters, pools } = found.scenario.fleets[0] ?? {};
  return [
    `${found.invariant} broken: seed ${found.seed}, episode ${found.episode}, tick ${found.tick}, fleet ${found.fleet}: ${found.detail}`,
    `policy ${JSON.stringify({ ...policy, voters: policy?.voters.map(({ name, type }) => `${name}:${type}`) })}`,
    `clusters ${clusters?.map(({ name, faultDomain, capacity }) => `${name}@${faultDomain}${capacity ? `(${capacity}/s)` : ''}`).join(' ')}`,
    ...(pools ?? []).map((pool) => {
      const members = pool.members.map(({ cluster, weight, tier }) => `${cluster}=${weight}/tier ${tier}`);
      return `pool ${pool.key}${pool.pinned ? ' pinned' : ''} ${pool.load ?? 0}/s: ${members.join(' ')}`;
    }),
    ...found.scenario.events.map(describe),
    ...decisions.slice(-30),
  ].join('\n');
}

function lineOf({ tick, situation, verdict, after }: DecisionEntry): string {
  const asked = situation.command ? ` asked for ${situation.command.type}` : '';
  const shares = Object.entries(after).map(([key, list]) => `${key}=${list.map(({ percent }) => percent).join('/')}`);
  return `tick ${tick}: ${verdict.outcome}${asked}: ${verdict.changes.map(textOf).join('; ')} → ${shares.join(' ')}`;
}
