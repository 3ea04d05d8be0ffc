// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/** Step 4, where clusters give up what is above their capacity, and step 5, where limits are relaxed for what is left over. */

import { leastBound } from './bounds.ts';
import { tiersOf, UNBOUNDED, waterFill } from './fill.ts';
import { relieve } from './relief.ts';
import type { BackendState, Load, State } from './state.ts';
import {
  ableIndices,
  capacityOf,
  exact,
  hasFallen,
  isAbove,
  isMovable,
  limitedClusters,
  loadOf,
  memberIndex,
  POINT_PARTS,
} from './state.ts';

/** Does step 4. */
export function applyCapacity(state: State): void {
  for (const cluster of limitedClusters(state)) giveUp(state, cluster);
  for (const backend of state.backends.filter(isMovable)) placeDisplaced(state, backend);
}

/** A cluster above its capacity gives up points of all backends in proportion. */
function giveUp(state: State, cluster: string): void {
  const excess = loadOf(state, cluster) - (capacityOf(state, cluster) as Load);
  if (!isAbove(excess, 0n)) return;
  const givers = state.backends
    .filter(isMovable)
    .map((backend) => ({ backend, index: memberIndex(backend, cluster) }))
    .filter(({ backend, index }) => index >= 0 && backend.points[index] > 0);
  if (givers.length === 0) return;
  const given = givers.reduce(
    (sum, { backend, index }) => sum + BigInt(backend.points[index]) * backend.loadOfPoint,
    0n,
  );
  // The part that each gives is the fraction `part` / `given`, and at most 1.
  // biome-ignore lint/complexity/useMathMinMax: Math.min takes no BigInt.
  const part = excess < given ? excess : given;
  const exactly = givers.map(({ backend, index }) => BigInt(backend.points[index]) * part);
  const gives = exactly.map((numerator) => (numerator * POINT_PARTS + given) / (given * POINT_PARTS));
  const remainders = exactly.map((numerator, position) => numerator - gives[position] * given);
  let remaining = givers.reduce((rest, { backend }, position) => rest - gives[position] * backend.loadOfPoint, excess);
  // The sort is stable, so that equal remainders stay in the order of backends.
  const order = givers
    .map((_, position) => position)
    .sort((a, b) => (remainders[a] > remainders[b] ? -1 : remainders[a] < remainders[b] ? 1 : 0));
  for (const position of order) {
    const { backend, index } = givers[position];
    if (!isAbove(remaining, 0n)) break;
    if (gives[position] >= BigInt(backend.points[index])) continue;
    gives[position] += 1n;
    remaining -= backend.loadOfPoint;
  }
  givers.forEach(({ backend, index }, position) => {
    const tier = backend.backend.members[index].tier;
    backend.points[index] -= Number(gives[position]);
    backend.displaced.set(tier, (backend.displaced.get(tier) ?? 0) + Number(gives[position]));
  });
}

/** Displaced points go to their own tier first, then to the others; then come the points that are left over without a tier. */
function placeDisplaced(state: State, backend: BackendState): void {
  const tiers = tiersOf(backend.backend.members);
  for (const from of tiers) {
    let amount = backend.displaced.get(from) ?? 0;
    for (const tier of [from, ...tiers.filter((other) => other !== from)])
      amount = fillTier(state, backend, amount, tier, 0);
    backend.displaced.delete(from);
    backend.leftOver += amount;
  }
  placeLeftOver(state, backend, 0);
}

/** Places what is left over, tier by tier. */
function placeLeftOver(state: State, backend: BackendState, stage: number): void {
  for (const tier of tiersOf(backend.backend.members))
    backend.leftOver = fillTier(state, backend, backend.leftOver, tier, stage);
}

/** Fills the able members of a tier, and returns what did not fit. */
function fillTier(state: State, backend: BackendState, amount: number, tier: number, stage: number): number {
  const indices = ableIndices(backend).filter((index) => backend.backend.members[index].tier === tier);
  return fillMembers(
    state,
    backend,
    amount,
    indices,
    indices.map((index) => BigInt(backend.backend.members[index].weight)),
    stage,
  );
}

function fillMembers(
  state: State,
  backend: BackendState,
  amount: number,
  indices: readonly number[],
  weights: readonly bigint[],
  stage: number,
): number {
  const filled = waterFill(
    amount,
    indices.map((index, position) => ({ weight: weights[position], cap: capOf(state, backend, index, stage) })),
  );
  indices.forEach((index, position) => {
    backend.points[index] += filled.got[position];
  });
  return filled.leftOver;
}

/** The points that a member may take besides those that it has: what its bound leaves, and no more than its cluster has room for. */
function capOf(state: State, backend: BackendState, index: number, stage: number): number {
  const free = Math.max(0, leastBound(backend.bounds[index], stage) - backend.points[index]);
  return Math.min(free, roomFor(state, backend, backend.backend.members[index].cluster, stage));
}

/** The whole points of the backend that the cluster has room for. */
function roomFor(state: State, backend: BackendState, cluster: string, stage: number): number {
  if (backend.backend.load === 0) return UNBOUNDED;
  const limit = limitOfRoom(state, cluster, stage);
  if (limit === undefined) return UNBOUNDED;
  const room = limit - loadOf(state, cluster);
  const parts = room * POINT_PARTS + backend.loadOfPoint;
  return parts <= 0n ? 0 : Number(parts / (backend.loadOfPoint * POINT_PARTS));
}

/** Returns the load up to which a cluster is filled at a stage; undefined when there is no limit. */
function limitOfRoom(state: State, cluster: string, stage: number): Load | undefined {
  const capacity = capacityOf(state, cluster);
  if (capacity === undefined) return undefined;
  if (stage < 1) return (capacity * (exact(100) - exact(state.input.headroomPercent))) / exact(100);
  if (stage < 4) return capacity;
  if (hasFallen(state, cluster)) return stage < 12 ? capacity : undefined;
  return stage < 6 ? (capacity * 11n) / 10n : undefined;
}

/** Does step 5. */
export function relax(state: State): void {
  for (let stage = 1; stage <= 12; stage += 1) {
    const applied = state.backends.filter((backend) => backend.leftOver > 0);
    if (applied.length === 0) return;
    for (const backend of applied) {
      backend.stage = stage;
      if (stage === 6) placeByCapacity(state, backend);
      else placeLeftOver(state, backend, stage);
    }
    if (stage >= 5) relieve(state, 'hot');
    relieve(state, 'ordinary');
  }
}

/**
 * Does stage 6: it fills all members with a cap above 0, whatever their tier, by the capacities of their clusters.
 */
function placeByCapacity(state: State, backend: BackendState): void {
  if (backend.backend.load === 0) return;
  const indices = ableIndices(backend).filter((index) => capOf(state, backend, index, 6) > 0);
  const capacities = indices.map((index) => capacityOf(state, backend.backend.members[index].cluster));
  const largest = capacities.reduce((most: bigint, one) => (one !== undefined && one > most ? one : most), 0n);
  const weights = capacities.map((one) => one ?? (largest > 0n ? largest : 1n));
  backend.leftOver = fillMembers(state, backend, backend.leftOver, indices, weights, 6);
}
