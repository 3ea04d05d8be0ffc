import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { allocate } from '../../functions/core/allocation/allocate.ts';
import type { AllocationInput } from '../../functions/core/allocation/types.ts';
import { decideFleet, SUPPLY } from './decide-fleet.ts';

const SIZES = [1_000, 10_000];
const RUNS = 5;
const MB = 1024 * 1024;

/**
 * What the points of a fleet of 200 clusters cost, half of which are down, all with capacities: CPU milliseconds by the number of backends
 * (medians), how they grow from 1,000 to 10,000, and the heap over the input at the end of one call. `short` has less capacity than traffic.
 */
export function decide(): Record<string, unknown> {
  const ample = SIZES.map((size) => cpuMs(decideFleet(size, SUPPLY.ample)));
  const short = SIZES.map((size) => cpuMs(decideFleet(size, SUPPLY.short)));
  const bySize = (values: readonly number[]) => Object.fromEntries(SIZES.map((size, index) => [size, values[index]]));
  return {
    ms: bySize(ample),
    growth: rounded((ample[1] ?? 0) / (ample[0] ?? 1)),
    peakMb: rounded(heapMb(decideFleet(10_000, SUPPLY.ample))),
    short: { ms: bySize(short), growth: rounded((short[1] ?? 0) / (short[0] ?? 1)) },
  };
}

function cpuMs(input: AllocationInput): number {
  const times = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    allocate(input);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return rounded(times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0);
}

function heapMb(input: AllocationInput): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const result = allocate(input);
  const after = process.memoryUsage().heapUsed;
  if (result.backends.length !== input.backends.length) throw new Error('Every backend has points.');
  return (after - before) / MB;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
