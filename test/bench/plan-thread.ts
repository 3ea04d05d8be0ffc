import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { effectiveShares } from '../../functions/core/allocation/points.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import { plan as planReconcile } from '../../functions/core/gateway/plan.ts';
import type { Plan, ProviderObject } from '../../functions/core/gateway/provider-object.ts';
import type { Snapshot } from '../../functions/core/model/resource.ts';
import { resolve } from '../../functions/core/routing/resolve.ts';
import { providerFor } from '../../functions/providers/registry.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { snapshotOf, TARGETS } from './plan-fleet.ts';

/** Work of one thread: fleets of these sizes, with at most so many routes on one gateway. */
export interface Assignment {
  provider: GatewayTarget['provider'];
  routesPerGateway: number;
  sizes: readonly number[];
}

/** The gateway is empty, or as declared, or every one of its objects differs. */
export type Case = 'empty' | 'same' | 'changed';

/** Milliseconds by case and size of fleet. */
export interface Measured {
  ms: Record<Case, Record<string, number>>;
  peakMb: number;
}

const RUNS = 5;

let peakBytes = 0;

function lookAtHeap(): void {
  peakBytes = Math.max(peakBytes, getHeapStatistics().used_heap_size);
}

function measure({ provider, routesPerGateway, sizes }: Assignment): Measured {
  const ms: Measured['ms'] = { empty: {}, same: {}, changed: {} };
  const gateways = sizes.flatMap((size) => {
    const count = Math.min(size, routesPerGateway);
    return Array.from({ length: size / count }, (_, index) => ({ size, first: index * count, count }));
  });
  // The compiler has to be warm before measuring, and other work of the machine should meet both sizes alike.
  timesOf(provider, 1_000, 0, 100);
  gateways.sort((a, b) => a.first / a.size - b.first / b.size);
  for (const { size, first, count } of gateways) {
    const times = timesOf(provider, size, first, count);
    for (const name of ['empty', 'same', 'changed'] as const) ms[name][size] = (ms[name][size] ?? 0) + times[name];
  }
  return { ms, peakMb: Math.round(peakBytes / 2 ** 20) };
}

function timesOf(provider: Assignment['provider'], size: number, first: number, count: number): Record<Case, number> {
  const before = snapshotOf(size, first, count, 100);
  const after = snapshotOf(size, first, count, 50);
  const current = desiredOf(provider, before, []).map((object, index) => ({ ...object, remoteId: `id-${index}` }));
  return {
    empty: leastMs(() => planFor(provider, before, []), count),
    same: leastMs(() => planFor(provider, before, current), 0),
    changed: leastMs(() => planFor(provider, after, current), count),
  };
}

/**
 * Returns milliseconds of the processor, since others may use the machine. `changes` is how many there must be at
 * least; 0 means none.
 */
function leastMs(work: () => Plan, changes: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const before = process.threadCpuUsage();
    const { length } = work().changes;
    const { user, system } = process.threadCpuUsage(before);
    if (changes === 0 ? length > 0 : length < changes) throw new Error(`There are ${length} changes.`);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

function planFor(provider: Assignment['provider'], snapshot: Snapshot, current: ProviderObject[]): Plan {
  const plan = planReconcile(desiredOf(provider, snapshot, current), current, 'sync');
  lookAtHeap();
  return plan;
}

function desiredOf(provider: Assignment['provider'], snapshot: Snapshot, objects: ProviderObject[]): ProviderObject[] {
  const { target, facts } = TARGETS[provider];
  const config = resolve(snapshot);
  const shares = new Map(config.pools.map((pool) => [pool.key, effectiveShares(pool, NO_TRAFFIC)]));
  lookAtHeap();
  const observed = { objects, foreign: [], facts };
  return providerFor(provider).compile(config, shares, observed, { target, owner: 'bench/prod/edge' });
}

parentPort?.postMessage(measure(workerData));
