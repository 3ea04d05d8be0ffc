import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { allocate } from '../../functions/core/allocation/allocate.ts';
import { decideFleet, SUPPLY } from './decide-fleet.ts';
import { nightOf } from './decide-night.ts';
import type { Load } from './decide-thread.ts';

const SIZES = [1_000, 10_000];
const RUNS = 5;
/** Nights take long, so fewer are measured. */
const NIGHTS = 3;
/** Members of each backend. */
const WIDTHS = [3, 20];
/** Heap in which the fleet must get its points. Young objects have little room, so that garbage is soon collected. */
const MOST_MB = 64;
const YOUNG_MB = 2;

/**
 * Measures what the points of a fleet of 200 clusters cost, half of which are down, all with capacities: CPU
 * milliseconds by the number of backends (medians), how they grow from 1,000 to 10,000, and the memory on top of the
 * input: the least heap in which a thread gives 10,000 backends their points, less the least heap in which it only
 * holds them. In `short` there is less capacity than traffic. `nights` has the whole decisions of a night in which half
 * of the clusters fail and return, and then all fail and return, by the number of members of each backend.
 */
export async function decide(): Promise<Record<string, unknown>> {
  const ample = SIZES.map((size) => allocationMs(size, SUPPLY.ample));
  const short = SIZES.map((size) => allocationMs(size, SUPPLY.short));
  const bySize = (values: readonly number[]) => Object.fromEntries(SIZES.map((size, index) => [size, values[index]]));
  return {
    ms: bySize(ample),
    growth: rounded((ample[1] ?? 0) / (ample[0] ?? 1)),
    peakMb: await peakMb(),
    short: { ms: bySize(short), growth: rounded((short[1] ?? 0) / (short[0] ?? 1)) },
    nights: Object.fromEntries(WIDTHS.map((members) => [members, medianNight(members)])),
  };
}

function allocationMs(backends: number, supply: number): number {
  const input = decideFleet(backends, supply);
  return median(Array.from({ length: RUNS }, () => cpuMs(() => allocate(input))));
}

function medianNight(members: number): Record<string, number> {
  const nights = Array.from({ length: NIGHTS }, () => nightOf(members, cpuMs));
  const names = Object.keys(nights[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, median(nights.map((night) => night[name] ?? 0))]));
}

function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  return rounded(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
}

/** Memory on top of the input. */
async function peakMb(): Promise<number> {
  const load = { backends: 10_000, supply: SUPPLY.ample };
  const held = await leastHeapMb({ ...load, allocates: false });
  return (await leastHeapMb({ ...load, allocates: true })) - held;
}

async function leastHeapMb(load: Load): Promise<number> {
  let [tooLittle, enough] = [0, MOST_MB];
  while (enough - tooLittle > 1) {
    const middle = Math.floor((tooLittle + enough) / 2);
    if (await isEnough(load, middle)) enough = middle;
    else tooLittle = middle;
  }
  return enough;
}

/** A thread that needs more memory ends with an error. */
async function isEnough(load: Load, heapMb: number): Promise<boolean> {
  const resourceLimits = { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: YOUNG_MB };
  const thread = new Worker(new URL('decide-thread.ts', import.meta.url), { workerData: load, resourceLimits });
  return once(thread, 'message').then(
    () => true,
    () => false,
  );
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
