import { describe, expect, it } from 'vitest';
import { matrix, scale } from '../matrix.ts';
import { scenarioOf } from './adversary.ts';
import { runEpisode } from './episode.ts';
import { PRODUCT } from './product.ts';
import { shorten, simulate, traceOf } from './simulate.ts';

const SEEDS = matrix([2, 3, 4], 1);

describe('simulation', () => {
  it.each(SEEDS)('keeps every truth under the whole adversary, seed %i', (seed) => {
    const { violations } = simulate({ ticks: scale(50_000, 15_000), seed });
    expect(violations.map((found) => traceOf(shorten(found)))).toEqual([]);
  });

  it('is the same for the same seed', () => {
    const runs = [1, 2].map(() => simulate({ ticks: 5000, seed: 5 }).measures);
    expect(runs[0]).toEqual(runs[1]);
  });

  it('goes on after a restart in any tick as if there had been none', () => {
    for (const episode of [0, 4, 8]) {
      const scenario = scenarioOf(7, episode);
      const [steady, restarted] = [false, true].map((restarts) => {
        const decisions: string[] = [];
        const { fleets, violations } = runEpisode(scenario, {
          product: PRODUCT,
          restarts,
          watch: ({ tick, after }) => decisions.push(`${tick} ${JSON.stringify(after)}`),
        });
        return { decisions, violations, stored: JSON.stringify(fleets.map(({ stored }) => stored)) };
      });
      expect(restarted).toEqual(steady);
    }
  });
});
