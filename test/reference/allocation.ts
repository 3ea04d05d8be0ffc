// @ts-nocheck: it indexes arrays without looking whether there is something, which its own tests were content with.
/**
 * The naive reference of the allocation. It follows the algorithm in docs/adr/0024-one-allocation.md step by step:
 * nothing is kept between questions, and all comparisons are exact except for the TOLERANCE that is defined there.
 */

import type {
  Allocated,
  Allocation,
  AllocationInput,
  Backend,
  LimitReason,
} from '../../functions/core/allocation/types.ts';
import { boundsOf, fillables, leastBound, REASONS, unrelaxed } from './bounds.ts';
import { applyCapacity, relax } from './capacity.ts';
import { fill, UNBOUNDED } from './fill.ts';
import { relieve } from './relief.ts';
import type { BackendState, Load, State } from './state.ts';
import { capacityOf, exact, inOrderOfBackends, isAbove, limitedClusters, loadOf, memberIndex } from './state.ts';

export function allocate(input: AllocationInput): Allocation {
  const state: State = { input, backends: inOrderOfBackends(input.backends).map((backend) => begin(input, backend)) };
  applyCapacity(state);
  relieve(state, 'ordinary');
  relax(state);
  return {
    backends: input.backends.map((backend) =>
      allocated(state, state.backends.find((one) => one.backend === backend) as BackendState),
    ),
    overloads: overloadsOf(state),
  };
}

/** Does steps 1 to 3 for one backend. */
function begin(input: AllocationInput, backend: Backend): BackendState {
  const members = fillables(backend);
  const bounds = boundsOf(backend, input.correlationWindowMs);
  const isAnyoneAble = members.some((member) => member.isAble);
  const filled = fill(
    members,
    backend.members.map((_, index) => (backend.isPinned ? UNBOUNDED : leastBound(bounds[index], 0))),
  );
  return {
    backend,
    loadOfPoint: exact(backend.load),
    bounds,
    points: filled.got,
    displaced: new Map(),
    leftOver: isAnyoneAble ? filled.leftOver : 0,
    stage: 0,
  };
}

function allocated(fleet: State, state: BackendState): Allocated {
  return { id: state.backend.id, points: state.points, reasons: reasonsOf(fleet, state) };
}

/**
 * Returns what still holds each member back. Isolation is one of the limits here, so that the points without any limit
 * are those of all members with a weight.
 */
function reasonsOf(fleet: State, state: BackendState): (LimitReason | 'capacity' | undefined)[] {
  const members = state.backend.members;
  const unlimited = fill(
    members.map((member) => ({ tier: member.tier, weight: member.weight, isAble: member.weight > 0 })),
    members.map(() => UNBOUNDED),
  ).got;
  return members.map((member, index) => {
    if (state.points[index] >= unlimited[index]) return undefined;
    const all = state.bounds[index].map((bound) => bound.reason);
    // In a pinned backend no other limit counts.
    if (state.backend.isPinned) return all.includes('isolated') ? 'isolated' : undefined;
    const holding = unrelaxed(state.bounds[index], state.stage).map((bound) => bound.reason);
    const first = REASONS.find((reason) => holding.includes(reason));
    if (first !== undefined) return first;
    if (capacityOf(fleet, member.cluster) !== undefined && state.backend.load > 0) return 'capacity';
    return REASONS.find((reason) => all.includes(reason));
  });
}

/** Clusters that are above their capacity by at least a whole point of a backend, pinned or not, of which they have points. */
function overloadsOf(state: State): Allocation['overloads'] {
  return limitedClusters(state).flatMap((cluster) => {
    const capacity = capacityOf(state, cluster) as Load;
    const load = loadOf(state, cluster);
    const isOverloaded = state.backends.some((backend) => {
      const index = memberIndex(backend, cluster);
      return (
        index >= 0 &&
        backend.points[index] > 0 &&
        backend.loadOfPoint > 0n &&
        !isAbove(backend.loadOfPoint, load - capacity)
      );
    });
    if (!isAbove(load, capacity) || !isOverloaded) return [];
    const declared = state.input.capacities.find((one) => one.cluster === cluster) as { requestsPerSecond: number };
    return [{ cluster, load: Number(load) / 1e14, requestsPerSecond: declared.requestsPerSecond }];
  });
}
