// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/**
 * The data of the steps: the points placed so far and what is left over, with loads that are computed anew each time
 * they are asked for.
 */

import type { AllocationInput, Backend } from '../../functions/core/allocation/types.ts';
import type { Bound } from './bounds.ts';
import { isAble } from './bounds.ts';

/**
 * Loads are BigInt in units of 1e-14 of a request per second, so that they have no rounding of their own.
 * What is declared is read to 12 decimals.
 */
export type Load = bigint;

/** 1e-6 of a request per second. */
export const TOLERANCE: Load = 10n ** 8n;

/** 1e-6 of a point is one part in a million of the load of that point. */
export const POINT_PARTS = 10n ** 6n;

/** A declared number in units of 1e-12. */
export function exact(value: number): bigint {
  return BigInt(value.toFixed(12).replace('.', ''));
}

export function isAbove(a: Load, b: Load): boolean {
  return a > b + TOLERANCE;
}

export interface BackendState {
  backend: Backend;
  /** The load of the backend / 100. */
  loadOfPoint: Load;
  /** Bounds of each member. */
  bounds: Bound[][];
  /** Points of each member. */
  points: number[];
  /** Displaced points by the tier that they are displaced from. */
  displaced: Map<number, number>;
  /** Points that are left over without a tier. */
  leftOver: number;
  /** The last stage that has been applied to the backend. */
  stage: number;
}

export interface State {
  input: AllocationInput;
  /** Backends in their order. */
  backends: BackendState[];
}

/** Compares UTF-16 code units, which is how JavaScript compares strings. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Returns the order of backends: load descending, then id ascending. */
export function inOrderOfBackends(backends: readonly Backend[]): Backend[] {
  return [...backends].sort((a, b) => b.load - a.load || compareNames(a.id, b.id));
}

/** Backends that capacity and relief move: not pinned, with a load. */
export function isMovable(backend: BackendState): boolean {
  return !backend.backend.isPinned && backend.backend.load > 0;
}

/** Clusters that have a capacity, by name. */
export function limitedClusters(state: State): string[] {
  return state.input.capacities.map((capacity) => capacity.cluster).sort(compareNames);
}

/** Returns the capacity of a cluster; undefined when it can serve anything. */
export function capacityOf(state: State, cluster: string): Load | undefined {
  const capacity = state.input.capacities.find((one) => one.cluster === cluster);
  return capacity === undefined ? undefined : exact(capacity.requestsPerSecond) * 100n;
}

export function hasFallen(state: State, cluster: string): boolean {
  return state.input.capacities.some((one) => one.cluster === cluster && one.hasFallen);
}

/** Returns the load of a cluster, including pinned backends. */
export function loadOf(state: State, cluster: string): Load {
  let load = 0n;
  for (const backend of state.backends) {
    const index = memberIndex(backend, cluster);
    if (index >= 0 && backend.points[index] > 0) load += BigInt(backend.points[index]) * backend.loadOfPoint;
  }
  return load;
}

/** The place of the cluster among the members of the backend, or -1. */
export function memberIndex(backend: BackendState, cluster: string): number {
  return backend.backend.members.findIndex((member) => member.cluster === cluster);
}

export function ableIndices(backend: BackendState): number[] {
  return backend.backend.members.map((_, index) => index).filter((index) => isAble(backend.backend.members[index]));
}
