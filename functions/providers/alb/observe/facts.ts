import * as z from 'zod';
import type { Observed } from '../../provider.ts';
import { type AlbObject, Condition, isGroup, isRule } from '../compile/canonical.ts';

/** A rule that is not one of our objects: either somebody else's, or one of ours that is being deleted. */
const OtherRule = z.object({
  id: z.string(),
  name: z.string(),
  listenerId: z.string(),
  priority: z.int(),
  conditions: z.array(Condition),
  isForeign: z.boolean(),
});
export type OtherRule = z.infer<typeof OtherRule>;

/** The facts about a load balancer that `compile` and the quotas need besides our own objects. */
const Facts = z.object({
  provider: z.literal('alb'),
  vpcId: z.string(),
  edition: z.string(),
  /** The number of listeners that carry our rules. */
  listenerCount: z.int(),
  /** The listeners that carry our rules; empty when the scope was `pools`. */
  listeners: z.array(z.object({ id: z.string(), port: z.int(), protocol: z.string() })),
  otherRules: z.array(OtherRule),
});
export type Facts = z.infer<typeof Facts>;

/** The facts that are assumed for a load balancer that has not been read yet: it is empty, and of the usual edition. */
const UNSEEN: Facts = {
  provider: 'alb',
  vpcId: '',
  edition: 'Standard',
  listenerCount: 1,
  listeners: [],
  otherRules: [],
};

/**
 * Returns facts that were stored without the objects. Another release may have stored them, so facts of another form
 * are ignored.
 */
export function keptFacts(facts: unknown): Facts {
  return Facts.safeParse(facts).data ?? UNSEEN;
}

/** The state of a load balancer, in the types of ALB. */
export interface AlbObserved extends Observed {
  objects: AlbObject[];
  facts: Facts;
}

/**
 * Returns the result of an earlier `observe` with the types of ALB. Throws a `TypeError` when another provider has
 * returned it.
 */
export function ownObserved(observed: Observed): AlbObserved {
  const { objects, facts } = observed;
  const own = objects.filter((object): object is AlbObject => isGroup(object) || isRule(object));
  if (own.length === objects.length && isFacts(facts)) return { ...observed, objects: own, facts };
  throw new TypeError('What was observed is not of a load balancer of ALB.');
}

/** Tells facts of ALB by `provider`, which is set where they are made, from the answers of the cloud. */
function isFacts(facts: unknown): facts is Facts {
  return typeof facts === 'object' && facts !== null && 'provider' in facts && facts.provider === 'alb';
}

export function prioritiesAt(listenerId: string, { otherRules }: Facts): number[] {
  return otherRules.filter((rule) => rule.listenerId === listenerId).map(({ priority }) => priority);
}
