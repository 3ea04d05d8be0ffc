import { digest } from '../../../core/model/digest.ts';
import type { Rule } from '../../../core/model/ir.ts';
import type { Condition } from './canonical.ts';
import { conditionsFor, conditionsOf, describe } from './conditions.ts';
import { tagValue } from './marks.ts';

export interface DistinctRule {
  description: string;
  conditions: Condition[];
  rule: Rule;
  /** The keys of all rules that match the same requests, in order of precedence. */
  keys: string[];
}

/**
 * Groups rules by what they match, which is also their identity at the gateway. Reordering or splitting a route
 * therefore changes no rule. A rule that matches something else is a new one, created before the old one is deleted, so
 * that no request finds a gap. Only the first of several rules that match the same can ever be reached. Filters are no
 * part of the identity: they may demand other conditions, but these match the same.
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

/** A rule at one listener. */
export interface ListenerRule extends DistinctRule {
  listenerId: string;
  /** The key of the object at the gateway. */
  key: string;
}

/** Returns the rules of each listener, in order of precedence. */
export function listenerRules(rules: readonly Rule[], listenerIds: readonly string[]): ListenerRule[] {
  const distinct = distinctRules(rules);
  return listenerIds.flatMap((listenerId) =>
    distinct.map((one) => ({ ...one, listenerId, key: tagValue(`${listenerId}/${one.description}`) })),
  );
}
