import { describe, expect, it } from 'vitest';
import { allocate } from '../../functions/core/allocation/allocate.ts';
import type { AllocationInput } from '../../functions/core/allocation/types.ts';
import { scale } from '../matrix.ts';
import { allocate as allocateByReference } from './allocation.ts';
import { randomInput } from './fleets.ts';
import golden from './golden.json' with { type: 'json' };

/** Each part is short enough to show progress, and to be run alone. */
const PARTS = 10;

/** Capacities are integers here, as the schema of a cluster requires; the random fleets have tenths. */
function inWholeNumbers(input: AllocationInput): AllocationInput {
  const factor = 1000;
  const backends = input.backends.map((backend) => ({ ...backend, load: backend.load * factor }));
  const capacities = input.capacities.map((capacity) => ({
    ...capacity,
    requestsPerSecond: Math.round(capacity.requestsPerSecond * factor),
  }));
  return { ...input, backends, capacities };
}

/** Loads of the reference are decimals; only who is overloaded can be compared exactly. */
function outcome({ backends, overloads }: ReturnType<typeof allocate>) {
  return { backends, overloads: overloads.map(({ cluster }) => cluster) };
}

describe('the allocation equals a naive reference that was written from docs/adr/0024 alone', () => {
  const count = scale(10_000, 2_000) / PARTS;
  it.each(Array.from({ length: PARTS }, (_, part) => part * count))(
    `on ${count} random fleets from seed %i`,
    (first) => {
      for (let seed = first; seed < first + count; seed++) {
        const input = inWholeNumbers(randomInput(seed));
        expect(outcome(allocate(input)), `seed ${seed}`).toEqual(outcome(allocateByReference(input)));
      }
    },
  );

  it.each(golden as unknown as { name: string; input: AllocationInput; points: Record<string, number[]> }[])(
    'on the golden state: $name',
    ({ input, points }) => {
      const { backends } = allocate(input);
      expect(Object.fromEntries(backends.map((backend) => [backend.id, backend.points]))).toEqual(points);
    },
  );
});
