/**
 * The input and the result of a decision. Both are plain JSON: a decision is recorded with its input, so that it
 * can be replayed.
 */

import type { HealthState } from '../../../schemas/cluster.ts';
import type { DecisionChange, DecisionFlag, RuleResult } from '../../../schemas/decision.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import type { EventType } from '../../../schemas/notification.ts';
import type { LiveBreakGlass } from '../allocation/break-glass.ts';
import type { HealthRecord } from '../health/types.ts';
import type { ClusterFacts, Placement, Policy } from '../model/fleet-facts.ts';
import type { DrillReading } from './drill-reading.ts';
import type { LiveShift, Traffic } from './traffic.ts';

/** A request by a person. */
export type Command =
  | { type: 'put-shift'; shift: LiveShift }
  /** Takes several clusters out, all of them or none, with one shift each. Other shifts of those clusters end. */
  | { type: 'evacuate'; shifts: LiveShift[] }
  /**
   * Ends the shifts that take the clusters out, and lets waiting clusters return. With `service`, only the shifts of
   * that service end.
   */
  | { type: 'return'; clusters: string[]; service?: string | undefined }
  | { type: 'end-shift'; name: string }
  | { type: 'put-break-glass'; breakGlass: LiveBreakGlass }
  | { type: 'end-break-glass'; name: string }
  | { type: 'start-drill'; drill: string; run: string }
  | { type: 'abort-drill' }
  /** Takes out a cluster that a brake keeps in. */
  | { type: 'resume'; cluster: string }
  /** Declares that a suspected cluster does not fail. */
  | { type: 'dismiss'; cluster: string }
  /** Lets a waiting cluster return now. */
  | { type: 'restore'; cluster: string }
  /** Answers whether a city may be left or regained; `question` is the id of the question. */
  | { type: 'answer-gate'; city: string; question: string; answer: GateAnswer }
  /** Gives gateways the recommended allocation. */
  | { type: 'apply' };

export interface DecisionInput {
  fleet: string;
  nowMs: number;
  /** The id that the decision gets if there is one to take. */
  decision: string;
  actor: string;
  command?: Command | undefined;
  policy: Policy;
  /** All clusters of the fleet, by name. */
  clusters: ClusterFacts[];
  /** The health records of those clusters. */
  health: Omit<HealthRecord, 'recent'>[];
  /** All placements, by key. */
  placements: Placement[];
  traffic: Traffic;
  /**
   * The time at which all gateways that take writes were verified to follow the current traffic; absent while one of
   * them does not.
   */
  verifiedAtMs?: number | undefined;
  /** The reading of gateways with regard to the live drill; absent when nothing was read, as while no drill is live. */
  drilled?: DrillReading | undefined;
}

/** A change of what a cluster gets. Times are milliseconds since the epoch. */
export type TrafficChange = Omit<DecisionChange, 'health' | 'evidence' | 'votes'> & {
  health: { state: HealthState; sinceMs: number };
};

/**
 * The result of a decision. The outcome is one of: applied, it is in force; withheld, the fleet is not automatic, and
 * the changes are what would have been done; blocked, a brake holds back what automation would do; refused, a rule
 * forbids what a person asks for, and only the refusal is recorded.
 */
export interface DecisionResult {
  outcome: 'applied' | 'withheld' | 'blocked' | 'refused';
  /** The traffic after the decision, still with the previous head. */
  traffic: Traffic;
  changes: TrafficChange[];
  /** The results of all rules that were evaluated. */
  rules: RuleResult[];
  flags: DecisionFlag[];
  /** Events worth reporting besides the changes themselves. */
  events: { type: EventType; clusters: string[]; summary: string }[];
  /** Shifts, break-glasses and drills that have come to an end. */
  endings: Ending[];
}

export type Ending =
  | { type: 'shift' | 'break-glass'; name: string; id: string; by: string }
  | { type: 'drill'; run: string; state: 'passed' | 'failed' | 'aborted' | 'interrupted'; detail: string };
