import * as z from 'zod';
import type { Observed } from '../provider.ts';

/** What compile and the quotas need to know of a load balancer besides our own objects. */
export const Facts = z.object({
  vpcId: z.string(),
  edition: z.string(),
  /** Listeners that carry our rules. */
  listenerCount: z.int(),
  /** Priorities in use by rules that are not ours, by listener id. */
  foreignPriorities: z.record(z.string(), z.array(z.int())),
});
export type Facts = z.infer<typeof Facts>;

export function factsOf(observed: Pick<Observed, 'facts'>): Facts {
  return Facts.parse(observed.facts);
}
