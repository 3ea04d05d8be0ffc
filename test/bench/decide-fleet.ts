import type { AllocationInput, Backend, BackendMember } from '../../functions/core/allocation/types.ts';

const CLUSTERS = 200;
const MEMBERS = 3;
const NOW_MS = 1_000_000_000;
const WINDOW_MS = 60_000;

/**
 * Total capacity of the living clusters, as a part of all traffic. Each cluster is up to a third above or below its
 * part of the total.
 */
export const SUPPLY = { ample: 1.5, tight: 1.02, short: 0.8 };

/**
 * A fleet in a bad night: 200 clusters of which every other one is down, some of them together, and backends with so many members each. A quarter
 * of the members that live are held, ramp, or are drained. Every cluster has a capacity. The same arguments give the same fleet.
 */
export function decideFleet(backends: number, supply: number, members = MEMBERS): AllocationInput {
  const random = randomFrom(backends);
  const list = Array.from({ length: backends }, (_, index) => backendOf(index, members, random));
  const total = list.reduce((sum, { load }) => sum + load, 0);
  const part = (total * supply) / (CLUSTERS / 2);
  const capacities = Array.from({ length: CLUSTERS }, (_, cluster) => ({
    cluster: nameOf(cluster),
    requestsPerSecond: Math.ceil(part * (2 / 3 + (random() * 2) / 3)),
    hasFallen: cluster % 40 === 0,
  }));
  return { backends: list, capacities, headroomPercent: 10, correlationWindowMs: WINDOW_MS };
}

function backendOf(index: number, count: number, random: () => number): Backend {
  const clusters = new Set<number>();
  while (clusters.size < count) clusters.add(Math.floor(random() * CLUSTERS));
  const members = [...clusters].map((cluster) => memberOf(cluster, random));
  members.sort((a, b) => a.tier - b.tier || (a.cluster < b.cluster ? -1 : 1));
  return { id: `backend-${index}`, load: Math.ceil(1000 * random() ** 4), isPinned: index % 100 === 0, members };
}

function memberOf(cluster: number, random: () => number): BackendMember {
  const tier = random() < 0.7 ? 0 : 1;
  return { cluster: nameOf(cluster), weight: 1 + Math.floor(random() * 100), tier, had: 33, limits: limitsOf(cluster) };
}

/** The limits are those of the cluster, and so they are equal in all of its backends. */
function limitsOf(cluster: number): BackendMember['limits'] {
  if (cluster % 2 === 0) return [{ reason: 'down', sinceMs: NOW_MS - (cluster % 3) * WINDOW_MS }];
  if (cluster % 16 === 1) return [{ reason: 'dwell' }];
  if (cluster % 16 === 3) return [{ reason: 'ramp', percent: 50 }];
  if (cluster % 16 === 5) return [{ reason: 'turn' }];
  if (cluster % 16 === 7) return [{ reason: 'drained', percent: 20 }];
  return [];
}

function nameOf(cluster: number): string {
  return `cluster-${String(cluster).padStart(3, '0')}`;
}

/** Numbers from 0 to 1 that look random and are the same for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
