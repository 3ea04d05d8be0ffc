import * as z from 'zod';
import type { Observed } from '../../provider.ts';
import { type AlbObject, Condition, isGroup, isRule } from '../compile/canonical.ts';

/** A rule that is not one of our objects: somebody else's, or one of ours that is going. */
const OtherRule = z.object({
  id: z.string(),
  name: z.string(),
  listenerId: z.string(),
  priority: z.int(),
  conditions: z.array(Condition),
  isForeign: z.boolean(),
});
export type OtherRule = z.infer<typeof OtherRule>;

/** What compile and the quotas need to know of a load balancer besides our own objects. */
const Facts = z.object({
  provider: z.literal('alb'),
  vpcId: z.string(),
  edition: z.string(),
  /** How many listeners carry our rules. */
  listenerCount: z.int(),
  /** These listeners; none where the scope was `pools`. */
  listeners: z.array(z.object({ id: z.string(), port: z.int(), protocol: z.string() })),
  otherRules: z.array(OtherRule),
});
export type Facts = z.infer<typeof Facts>;

/** A load balancer that has not been seen yet is taken to be empty, of the usual edition. */
const UNSEEN: Facts = {
  provider: 'alb',
  vpcId: '',
  edition: 'Standard',
  listenerCount: 1,
  listeners: [],
  otherRules: [],
};

/** Facts that stand alone may have been kept by another release: what has another form says nothing. */
export function keptFacts(facts: unknown): Facts {
  return Facts.safeParse(facts).data ?? UNSEEN;
}

/** What a load balancer has now, in its own types. */
export interface AlbObserved extends Observed {
  objects: AlbObject[];
  facts: Facts;
}

/** What `observe` has returned, whoever has passed it on. */
export function ownObserved(observed: Observed): AlbObserved {
  const { objects, facts } = observed;
  const own = objects.filter((object): object is AlbObject => isGroup(object) || isRule(object));
  if (own.length === objects.length && isFacts(facts)) return { ...observed, objects: own, facts };
  throw new TypeError('What was observed is not of a load balancer of ALB.');
}

/** They are marked as ours where they are made, from what the cloud has answered. */
function isFacts(facts: unknown): facts is Facts {
  return typeof facts === 'object' && facts !== null && 'provider' in facts && facts.provider === 'alb';
}

export function prioritiesAt(listenerId: string, { otherRules }: Facts): number[] {
  return otherRules.filter((rule) => rule.listenerId === listenerId).map(({ priority }) => priority);
}
