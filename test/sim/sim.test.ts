import { describe, expect, it } from 'vitest';
import { matrix } from '../matrix.ts';
import { scenarioOf } from './adversary.ts';
import { runEpisode } from './episode.ts';
import { FAULTS } from './faults.ts';
import { PRODUCTION } from './production.ts';
import { shorten, simulate, traceOf } from './simulate.ts';

const SEEDS = matrix([1, 2, 3], 1);
/** Of the runs that have to find a planted fault; the product itself runs through the same without a violation. */
const SEED = 7;

describe('simulation', () => {
  it.each(SEEDS)('breaks no invariant under the whole adversary, seed %i', (seed) => {
    const { violations } = simulate({ ticks: 20_000, seed });
    expect(violations.map((found) => traceOf(shorten(found)))).toEqual([]);
  });

  it('is the same for the same seed', () => {
    const runs = [1, 2].map(() => simulate({ ticks: 5000, seed: 5 }).measures);
    expect(runs[0]).toEqual(runs[1]);
  });

  it('tells the shortest trace of a violation', () => {
    const fault = FAULTS.find(({ name }) => name.startsWith('R3'));
    const found = fault && simulate({ ticks: 20_000, seed: SEED, production: fault.production }).violations[0];
    if (!found) throw new Error('the planted fault was not found');
    const shortest = shorten(found, fault.production);
    expect(shortest.invariant).toBe(found.invariant);
    expect(shortest.scenario.events.length).toBeLessThan(found.scenario.events.length);
    expect(traceOf(shortest, fault.production)).toContain(
      `seed ${SEED}, episode ${found.episode}, tick ${shortest.tick}`,
    );
  });

  it('goes on after a restart in any tick as if there had been none', () => {
    for (const episode of [0, 4, 8]) {
      const scenario = scenarioOf(SEED, episode);
      const [steady, restarted] = [false, true].map((restarts) => {
        const decisions: string[] = [];
        const { fleets, violation } = runEpisode(scenario, {
          production: PRODUCTION,
          restarts,
          watch: ({ tick, after }) => decisions.push(`${tick} ${JSON.stringify(after)}`),
        });
        return { decisions, violation, stored: JSON.stringify(fleets.map(({ stored }) => stored)) };
      });
      expect(restarted).toEqual(steady);
    }
  });
});

describe('planted faults', () => {
  it.each(FAULTS.map((fault) => [fault.name, fault] as const))('finds %s', (_, { production, caughtBy, episode }) => {
    const { violation } = runEpisode(scenarioOf(SEED, episode), { production });
    expect(caughtBy).toContain(violation?.invariant);
  });

  it.each([...new Set(FAULTS.map(({ episode }) => episode))])('finds nothing in the product, episode %i', (episode) => {
    expect(runEpisode(scenarioOf(SEED, episode), { production: PRODUCTION }).violation).toBeUndefined();
  });
});
