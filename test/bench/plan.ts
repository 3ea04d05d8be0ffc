import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Assignment, Measured } from './plan-thread.ts';

const SIZES = [1_000, 10_000];

/**
 * An ALB has 100 rules. MSE documents no quota; a gateway of 1,000 routes with five clusters each fits into a Worker's
 * memory.
 */
const LAYOUTS = {
  alb: { provider: 'alb', routesPerGateway: 100 },
  mse: { provider: 'mse', routesPerGateway: 1_000 },
} satisfies Record<string, Omit<Assignment, 'sizes'>>;

/** The memory of a Worker. */
const LIMITS = { maxOldGenerationSizeMb: 112, maxYoungGenerationSizeMb: 16 };

/**
 * Measures resolve + compile + plan of a whole fleet, gateway by gateway as the engine does it, in milliseconds of the
 * processor. `ms` is the total over all gateways of both providers, when they are empty, when they are as declared, and
 * when each of their objects differs. growth is the ratio of the two sizes. This runs in threads with the memory of a
 * Worker, 128 MB, and peakMb is the most that their JavaScript heap held after any stage, garbage included. `oneMse` is
 * the same measurement with all routes on one MSE gateway and as much memory as it takes.
 */
export async function plan(): Promise<Record<string, unknown>> {
  const alb = await measure({ ...LAYOUTS.alb, sizes: SIZES }, LIMITS);
  const mse = await measure({ ...LAYOUTS.mse, sizes: SIZES }, LIMITS);
  const oneMse = await measure({ provider: 'mse', routesPerGateway: Math.max(...SIZES), sizes: SIZES });
  const ms = totals([alb, mse]);
  return {
    ms,
    growth: growthOf(ms),
    peakMb: Math.max(alb.peakMb, mse.peakMb),
    alb: shown(alb),
    mse: shown(mse),
    oneMse: shown(oneMse),
  };
}

async function measure(assignment: Assignment, resourceLimits = {}): Promise<Measured> {
  const thread = new Worker(new URL('plan-thread.ts', import.meta.url), { workerData: assignment, resourceLimits });
  const [measured] = await once(thread, 'message');
  return measured;
}

function shown(measured: Measured) {
  const ms = totals([measured]);
  const byCase = Object.fromEntries(Object.entries(measured.ms).map(([name, times]) => [name, rounded(times)]));
  return { ms, growth: growthOf(ms), ...byCase, peakMb: measured.peakMb };
}

/** Returns totals over all cases, by size. */
function totals(measured: readonly Measured[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const times of measured.flatMap(({ ms }) => Object.values(ms))) {
    for (const [size, time] of Object.entries(times)) sums[size] = (sums[size] ?? 0) + time;
  }
  return rounded(sums);
}

function rounded(times: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(times).map(([size, time]) => [size, Math.round(time)]));
}

function growthOf(ms: Record<string, number>): number {
  const [small = 1, large = 0] = Object.values(ms);
  return Number((large / small).toFixed(1));
}
