import { describe, expect, it } from 'vitest';
import { matrix, scale } from '../matrix.ts';
import { runHonesty } from './honesty.ts';

const SEEDS = [1, 4, 5, 6];
const STEPS = scale(300, 150);

describe('what the API says', () => {
  it.each(matrix(SEEDS, 1))(
    'is what the clouds had when it was read, whatever goes wrong, and routes are never stuck, seed %i',
    async (seed) => {
      const { lies, stuck, maxAgeSeconds, verifiedWithin30s } = await runHonesty({ steps: STEPS, seed });
      const told = lies.map(({ step, rule, said, found }) => `seed ${seed}, step ${step}, ${rule}: ${said}; ${found}`);
      expect([...told, ...stuck]).toEqual([]);
      expect(maxAgeSeconds).toBeLessThanOrEqual(60);
      expect(verifiedWithin30s).toBeGreaterThanOrEqual(0.95);
    },
    600_000,
  );

  it('is the same for the same seed', async () => {
    const runs = [await runHonesty({ steps: 40, seed: 5 }), await runHonesty({ steps: 40, seed: 5 })];
    expect(runs[0]?.trace).toBe(runs[1]?.trace);
  }, 120_000);
});
