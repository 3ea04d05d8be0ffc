import { digest } from '../../../core/model/digest.ts';
import type { Rule } from '../../../core/model/ir.ts';
import type { Condition } from './canonical.ts';
import { conditionsFor, conditionsOf, describe } from './conditions.ts';
import { tagValue } from './marks.ts';

export interface DistinctRule {
  description: string;
  conditions: Condition[];
  rule: Rule;
  /** Keys of all rules that match the same, the one that is reached first. */
  keys: string[];
}

/**
 * Rules by what they match. That is also their identity at the gateway: a route that is reordered or split changes no rule, and a rule
 * that matches something else is a new one, created before the old one goes, so that no request finds a gap. Of rules that match the
 * same only the first can ever be reached. Filters are no part of it: they may ask for other conditions, but these match the same.
 */
export function distinctRules(rules: readonly Rule[]): DistinctRule[] {
  const distinct = new Map<string, DistinctRule>();
  for (const rule of rules) {
    const plain = conditionsOf(rule);
    const identity = digest(plain);
    const first = distinct.get(identity);
    if (first) first.keys.push(rule.key);
    else {
      const description = describe(rule, plain);
      distinct.set(identity, { description, conditions: conditionsFor(rule), rule, keys: [rule.key] });
    }
  }
  return [...distinct.values()];
}

/** A rule as one listener has it. */
export interface ListenerRule extends DistinctRule {
  listenerId: string;
  /** The key of the object. */
  key: string;
}

/** The rules of each listener, in their order. */
export function listenerRules(rules: readonly Rule[], listenerIds: readonly string[]): ListenerRule[] {
  const distinct = distinctRules(rules);
  return listenerIds.flatMap((listenerId) =>
    distinct.map((one) => ({ ...one, listenerId, key: tagValue(`${listenerId}/${one.description}`) })),
  );
}
