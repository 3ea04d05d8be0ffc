import * as z from 'zod';
import type { Observed } from '../provider.ts';

/** What compile and the checks need to know of a gateway besides our own objects. */
const Facts = z.object({
  /** Ids of the domains by name. */
  domains: z.record(z.string(), z.int()),
  /** Objects that have our mark in their name, but are not of the kind that we create. */
  impostors: z.array(z.string()),
  /** The Ingress controller of a cluster owns the gateway. */
  ofIngressController: z.boolean(),
  /** Of our routes, by key. */
  routeStatus: z.record(z.string(), z.int()),
});
export type Facts = z.infer<typeof Facts>;

export function factsOf(observed: Pick<Observed, 'facts'>): Facts {
  return Facts.parse(observed.facts);
}
