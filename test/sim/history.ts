/** What happens to a fleet, as it is told to those who judge it. */

import type { DecisionInput, TrafficChange, DecisionResult } from '../../functions/core/failover/decision-input.ts';
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

/** A gateway does something else than a second ago. */
export interface PushEntry {
  tick: number;
  fleet: Fleet;
  gateway: Gateway;
  before: Programmed;
  after: Programmed;
}

/** Says what is wrong, if anything is. */
type Judge<T> = (entry: T) => string | undefined;

/** A truth of DECISION.md, told everything that happens to one fleet. */
export interface Truth {
  name: string;
  decided?: Judge<DecisionEntry>;
  ticked?: Judge<TickEntry>;
  pushed?: Judge<PushEntry>;
  /** After the time to come to rest. */
  ended?: Judge<TickEntry>;
}

export interface Violation {
  truth: string;
  fleet: string;
  tick: number;
  detail: string;
}

/** Automation did it, and it was done: people and recommendations are not judged by what binds automation. */
export function isAutomatic({ input, result }: Pick<DecisionEntry, 'input' | 'result'>): boolean {
  const isActing = input.policy.automation === 'automatic';
  return isActing && input.command === undefined && result.outcome !== 'refused';
}

export function textOf(change: TrafficChange): string {
  return `${change.action} ${change.cluster} ${change.fromPercent}→${change.toPercent} (${change.reason})`;
}
