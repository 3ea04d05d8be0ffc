import { getHeapStatistics } from 'node:v8';
import { effectiveShares } from '../../functions/core/distribution.ts';
import type { Snapshot } from '../../functions/core/model.ts';
import { plan as planChanges } from '../../functions/core/plan.ts';
import type { Plan, ProviderObject } from '../../functions/core/provider-object.ts';
import { resolve } from '../../functions/core/resolve.ts';
import { providerFor } from '../../functions/providers/registry.ts';
import type { GatewayTarget } from '../../schemas/gateway.ts';
import { snapshotOf, TARGETS } from './plan-fleet.ts';

const SIZES = [1_000, 10_000];
const RUNS = 3;

/** How many routes stand on one gateway, at most. */
interface Layout {
  provider: GatewayTarget['provider'];
  routesPerGateway: number;
}

/** An ALB has 100 rules. MSE documents no quota; 1,000 routes of five clusters each are what plans in the memory of a Worker. */
const LAYOUTS: Record<string, Layout> = {
  alb: { provider: 'alb', routesPerGateway: 100 },
  mse: { provider: 'mse', routesPerGateway: 1_000 },
};
/** For comparison. */
const ONE_MSE: Layout = { provider: 'mse', routesPerGateway: 10_000 };

type Case = 'empty' | 'same' | 'changed';
const CASES: readonly Case[] = ['empty', 'same', 'changed'];

interface Measured {
  ms: Record<string, number>;
  growth: number;
  byCase: Record<Case, Record<string, number>>;
  peakMb: number;
}

/**
 * resolve + compile + plan of a whole fleet, gateway by gateway as the engine does it, in ms: before empty gateways, before gateways that
 * are as declared, and before gateways of which every object differs. Time is that of the processor, the least of some runs, since others
 * may use the machine.
 * `ms` is of all three cases and both providers; growth is its ratio. peakMb is the most that the JavaScript heap held whenever it was
 * looked at, which is after each stage of each run, garbage included.
 */
export function plan(): Record<string, unknown> {
  for (const layout of Object.values(LAYOUTS)) measure(layout, SIZES.slice(0, 1));
  const measured = Object.entries(LAYOUTS).map(([name, layout]) => [name, measure(layout, SIZES)] as const);
  const oneMse = measure(ONE_MSE, SIZES);
  const ms = Object.fromEntries(
    SIZES.map((size) => [size, measured.reduce((sum, [, item]) => sum + (item.ms[size] ?? 0), 0)]),
  );
  const peakMb = Math.max(...measured.map(([, item]) => item.peakMb));
  return { ms, growth: growthOf(ms), peakMb, ...Object.fromEntries(measured), oneMse };
}

function growthOf(ms: Record<string, number>): number {
  const [small = 1, large = 0] = Object.values(ms);
  return Number((large / small).toFixed(1));
}

let peakBytes = 0;

function lookAtHeap(): void {
  peakBytes = Math.max(peakBytes, getHeapStatistics().used_heap_size);
}

function measure({ provider, routesPerGateway }: Layout, sizes: readonly number[]): Measured {
  peakBytes = 0;
  const byCase: Measured['byCase'] = { empty: {}, same: {}, changed: {} };
  const ms: Record<string, number> = {};
  for (const size of sizes) {
    for (let first = 0; first < size; first += routesPerGateway) {
      const count = Math.min(size, routesPerGateway);
      for (const [name, time] of Object.entries(timesOf(provider, size, first, count))) {
        byCase[name as Case][size] = (byCase[name as Case][size] ?? 0) + time;
        ms[size] = (ms[size] ?? 0) + time;
      }
    }
  }
  const rounded = (record: Record<string, number>) =>
    Object.fromEntries(Object.entries(record).map(([key, value]) => [key, Math.round(value)]));
  return {
    ms: rounded(ms),
    growth: growthOf(ms),
    byCase: { empty: rounded(byCase.empty), same: rounded(byCase.same), changed: rounded(byCase.changed) },
    peakMb: Math.round(peakBytes / 2 ** 20),
  };
}

function timesOf(provider: Layout['provider'], size: number, first: number, count: number): Record<Case, number> {
  const before = snapshotOf(size, first, count, 100);
  const after = snapshotOf(size, first, count, 50);
  const current = desiredOf(provider, before, []).map((object, index) => ({ ...object, remoteId: `id-${index}` }));
  const work: Record<Case, () => Plan> = {
    empty: () => planFor(provider, before, []),
    same: () => planFor(provider, before, current),
    changed: () => planFor(provider, after, current),
  };
  for (const name of CASES) {
    const { length } = work[name]().changes;
    if (name === 'same' ? length > 0 : length < count) throw new Error(`${provider}, ${name}: ${length} changes`);
  }
  return { empty: leastMs(work.empty), same: leastMs(work.same), changed: leastMs(work.changed) };
}

function leastMs(work: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

function planFor(provider: Layout['provider'], snapshot: Snapshot, current: ProviderObject[]): Plan {
  const result = planChanges(desiredOf(provider, snapshot, current), current, 'sync');
  lookAtHeap();
  return result;
}

function desiredOf(provider: Layout['provider'], snapshot: Snapshot, objects: ProviderObject[]): ProviderObject[] {
  const { target, facts } = TARGETS[provider];
  const config = resolve(snapshot);
  const shares = new Map(config.pools.map((pool) => [pool.key, effectiveShares(pool, [])]));
  lookAtHeap();
  return providerFor(provider).compile(
    config,
    shares,
    { objects, foreign: [], facts },
    { target, owner: 'bench/prod/edge' },
  );
}
