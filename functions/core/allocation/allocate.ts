/**
 * Allocates the points of all backends from the state of each cluster, the declarations, and the points that members
 * had. docs/adr/0024 describes the algorithm.
 */

import { displace } from './capacity.ts';
import { allocatedOf, overloadsOf } from './outcome.ts';
import { isShort, relax } from './relax.ts';
import { relieve, relieveHot } from './relief.ts';
import { STAGES } from './stages.ts';
import type { Allocation, AllocationInput } from './types.ts';
import { workOf } from './work.ts';

/**
 * Allocates the points of all backends. The function is pure: equal input gives equal points. Its running time is
 * nearly linear in the number of backends.
 */
export function allocate(input: AllocationInput): Allocation {
  const work = workOf(input);
  displace(work);
  relieve(work);
  for (const stage of STAGES) {
    if (!isShort(work)) break;
    relax(work, stage);
    if (stage.isUrgent) relieveHot(work);
    relieve(work);
  }
  const allocated = new Map(work.items.map((item) => [item.backend, allocatedOf(work, item)]));
  const backends = input.backends.flatMap((backend) => allocated.get(backend) ?? []);
  return { backends, overloads: overloadsOf(work) };
}
