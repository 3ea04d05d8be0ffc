/** The history of a fleet, as it is told to those who judge it. */

import type { DecisionInput, DecisionResult, TrafficChange } from '../../functions/core/failover/decision-input.ts';
import type { Fleet } from './fleet.ts';
import type { Gateway, Programmed } from './gateway.ts';

/** A decision that was taken, with what was in force before and after it. */
export interface DecisionEntry {
  tick: number;
  fleet: Fleet;
  input: DecisionInput;
  result: DecisionResult;
  before: Programmed;
  after: Programmed;
}

export interface TickEntry {
  tick: number;
  fleet: Fleet;
  /** An edit or a fault began or ended in this tick. */
  hasChanged: boolean;
}

/** A gateway gives other shares than a second ago. */
export interface PushEntry {
  tick: number;
  fleet: Fleet;
  gateway: Gateway;
  before: Programmed;
  after: Programmed;
}

/** Returns what is wrong, if anything is. */
type Judge<T> = (entry: T) => string | undefined;

/** A truth of docs/rules.md, which is told everything that happens to one fleet. */
export interface Truth {
  name: string;
  decided?: Judge<DecisionEntry>;
  ticked?: Judge<TickEntry>;
  pushed?: Judge<PushEntry>;
  /** Is called after the time to come to rest. */
  ended?: Judge<TickEntry>;
}

export interface Violation {
  truth: string;
  fleet: string;
  tick: number;
  detail: string;
}

/**
 * Tells whether automation decided, and the decision was in force: people and recommendations are not bound by the
 * rules of automation.
 */
export function isAutomatic({ input, result }: Pick<DecisionEntry, 'input' | 'result'>): boolean {
  const isActing = input.policy.automation === 'automatic';
  return isActing && input.command === undefined && result.outcome !== 'refused';
}

export function textOf(change: TrafficChange): string {
  return `${change.action} ${change.cluster} ${change.fromPercent}→${change.toPercent} (${change.reason})`;
}
