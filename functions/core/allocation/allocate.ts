/** The points of all backends: what is known of each cluster, what is declared, and what members had. docs/adr/0024 has the algorithm. */

import { declaredPoints } from './bounds.ts';
import { relieveCapacity } from './capacity.ts';
import { isShort, relax, STAGES } from './relax.ts';
import { overloaded, relieve } from './relief.ts';
import type { Allocated, Allocation, AllocationInput, Limit } from './types.ts';
import { type Work, type WorkedBackend, workOf } from './work.ts';

/** Pure; equal input gives equal points. Near-linear in the number of backends. */
export function allocate(input: AllocationInput): Allocation {
  const work = workOf(input);
  relieveCapacity(work);
  relieve(work);
  for (const stage of STAGES) {
    if (!isShort(work)) break;
    relax(work, stage);
    relieve(work);
  }
  return { backends: work.all.map(allocatedOf), overloads: overloadsOf(work) };
}

function allocatedOf(item: WorkedBackend): Allocated {
  return { id: item.backend.id, points: item.points, reasons: reasonsOf(item) };
}

/** In the order in which reasons are relaxed; an isolation never is. */
const ORDER: readonly Limit['reason'][] = [...STAGES.flatMap(({ relaxes }) => relaxes), 'isolated'];

/** What holds back each member that has less than it would have if nothing did. */
function reasonsOf({ backend, points, relaxed }: WorkedBackend): Allocated['reasons'] {
  const declared = declaredPoints(backend.members);
  return backend.members.map(({ limits }, index) => {
    if ((points[index] ?? 0) >= (declared[index] ?? 0)) return undefined;
    const held = new Set(limits.map(({ reason }) => reason).filter((reason) => !relaxed.has(reason)));
    return ORDER.find((reason) => held.has(reason)) ?? 'capacity';
  });
}

/** A part of a point is no overload. */
function overloadsOf(work: Work): Allocation['overloads'] {
  return overloaded(work).flatMap((cluster) => {
    const [load, requestsPerSecond] = [work.loads.get(cluster) ?? 0, work.capacities.get(cluster)?.requestsPerSecond ?? 0];
    const parts = (work.servedBy.get(cluster) ?? []).filter(({ backend, points }) =>
      backend.members.some((member, index) => member.cluster === cluster && (points[index] ?? 0) > 0),
    );
    const least = Math.min(...parts.map(({ pointLoad }) => pointLoad));
    const isWhole = parts.length === 0 || load - requestsPerSecond >= least - 1e-6;
    return isWhole ? [{ cluster, load, requestsPerSecond }] : [];
  });
}
