/** What is decided upon, and what a decision is. All of it is JSON: a decision is recorded with its situation, and can be taken again. */

import type { HealthState } from '../../../schemas/cluster.ts';
import type { DecisionChange, DecisionFlag, RuleResult } from '../../../schemas/decision.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import type { EventType } from '../../../schemas/notification.ts';
import type { LiveBreakGlass } from '../allocation/break-glass.ts';
import type { HealthRecord } from '../health/record.ts';
import type { ClusterFacts, Placement, Policy } from '../model/fleet-facts.ts';
import type { DrillSight } from './drill-sight.ts';
import type { LiveShift, Traffic } from './traffic.ts';

/** What somebody asks for. */
export type Command =
  | { type: 'put-shift'; shift: LiveShift }
  /** Takes clusters out all together or not at all, by one shift of each; another shift of such a cluster ends. */
  | { type: 'evacuate'; shifts: LiveShift[] }
  /** Ends whatever people have taken out of clusters, and lets those that wait return; of one service, where that is named, only its shifts end. */
  | { type: 'return'; clusters: string[]; service?: string | undefined }
  | { type: 'end-shift'; name: string }
  | { type: 'put-break-glass'; breakGlass: LiveBreakGlass }
  | { type: 'end-break-glass'; name: string }
  | { type: 'start-drill'; drill: string; run: string }
  | { type: 'abort-drill' }
  /** Takes out a cluster that a brake keeps in. */
  | { type: 'resume'; cluster: string }
  /** Says that a suspected cluster does not fail. */
  | { type: 'dismiss'; cluster: string }
  /** Lets a cluster that waits return now. */
  | { type: 'restore'; cluster: string }
  /** Says whether the city may be left or regained. `question`: the one that is answered. */
  | { type: 'answer-gate'; city: string; question: string; answer: GateAnswer }
  /** Gives gateways what is recommended. */
  | { type: 'apply' };

export interface Situation {
  fleet: string;
  nowMs: number;
  /** The id of the decision, if there is one to take. */
  decision: string;
  actor: string;
  command?: Command | undefined;
  policy: Policy;
  /** By name. */
  clusters: ClusterFacts[];
  /** Of those clusters. */
  health: Omit<HealthRecord, 'recent'>[];
  /** By key. */
  placements: Placement[];
  traffic: Traffic;
  /** When all gateways that take writes were verified to follow the traffic as it is; absent while one does not. */
  verifiedAtMs?: number | undefined;
  /** What gateways were read to do about the drill that is live; absent while none is, which says that nothing was read. */
  drilled?: DrillSight | undefined;
}

/** A change of what a cluster gets; times in changes are milliseconds since the epoch. */
export type TrafficChange = Omit<DecisionChange, 'health' | 'evidence' | 'votes'> & {
  health: { state: HealthState; sinceMs: number };
};

/**
 * applied: it is in force. withheld: the fleet is not automatic, this is what would have been done. blocked: a brake holds back what automation
 * would do. refused: a rule forbids what somebody asks for; nothing is recorded but the refusal.
 */
export interface Verdict {
  outcome: 'applied' | 'withheld' | 'blocked' | 'refused';
  /** As it will be; with the same head as before. */
  traffic: Traffic;
  changes: TrafficChange[];
  /** All that were looked at. */
  rules: RuleResult[];
  flags: DecisionFlag[];
  /** What is worth telling besides the changes themselves. */
  events: { type: EventType; clusters: string[]; summary: string }[];
  /** Shifts, break-glasses and drills that have come to an end. */
  endings: Ending[];
}

export type Ending =
  | { type: 'shift' | 'break-glass'; name: string; id: string; by: string }
  | { type: 'drill'; run: string; state: 'passed' | 'failed' | 'aborted' | 'interrupted'; detail: string };
