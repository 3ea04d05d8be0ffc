/** What is in force of the shares of a fleet besides what people declared, and what is remembered to decide on. Times are epoch milliseconds. */

import type { WithdrawalCause } from '../../schemas/cluster.ts';
import type { SafetyRuleName } from '../../schemas/failover.ts';
import type { Share } from './ir.ts';

/** A cluster that gets less than its share while others can serve. */
export interface Withdrawal {
  cluster: string;
  /** Of the share that it would have, what is left to it: 0 to 99. */
  percent: number;
  cause: WithdrawalCause;
  sinceMs: number;
  reason: string;
  /** That began it. */
  decision: string;
}

/** The shares of the pools of one placement where they are not what withdrawals alone would make of them. */
export interface Allocation {
  /** Key of the placement. */
  placement: string;
  cause: 'capacity' | 'panic';
  /** Totals 100; none at all: requests are rejected. */
  shares: Share[];
}

/** The state of a fleet; one record, which every decision replaces. */
export interface Traffic {
  /** Grows with every decision; 0 before the first. */
  version: number;
  /** The last decision; the next one carries its hash. */
  head?: { decision: string; hash: string } | undefined;
  /** In force; by cluster. */
  withdrawals: Withdrawal[];
  /** In force; by placement. */
  allocations: Allocation[];
  /** What automation has done and remembers. */
  automation: AutomationState;
  /** The same of a fleet that is not automatic, as if it were; absent once automation acts. */
  recommended?: AutomationState | undefined;
  /** Live ones, by name. */
  shifts: LiveShift[];
  /** Live ones, by name. */
  breakGlasses: LiveBreakGlass[];
  drill?: LiveDrill | undefined;
  /** When drills began by themselves last, by name: they do so once in each of their windows. */
  rehearsed?: { drill: string; atMs: number }[] | undefined;
}

export interface AutomationState {
  /** Clusters that are out or on their way back, by cluster. */
  outages: Outage[];
  /** When automation withdrew clusters, oldest first; as far back as any rule looks. */
  episodes: Episode[];
  /** By placement. */
  panics: Panic[];
  /** Present while automation waits for somebody. */
  halt?: Halt | undefined;
  /** When somebody ended the last halt: what failed before is known to them. */
  resumedAtMs?: number | undefined;
  /** What automation would do, and a rule forbids; by cluster. */
  blocked: { cluster: string; rule: string; sinceMs: number }[];
}

/** joining: not served yet. out: withdrawn. returning: gets its share back step by step. */
export type OutagePhase = 'joining' | 'out' | 'returning';

export interface Outage {
  cluster: string;
  /** Empty when it began under an early release, which did not record which cluster of the name it was. */
  uid: string;
  phase: OutagePhase;
  percent: number;
  sinceMs: number;
  reason: string;
  decision: string;
  /** Stays out at least until then. */
  heldUntilMs: number;
  /** When it began to return, and when it was last given more. */
  returnSinceMs?: number | undefined;
  steppedAtMs?: number | undefined;
  /** Somebody has asked for its return, where that is needed. */
  isApproved?: boolean | undefined;
}

export interface Episode {
  cluster: string;
  uid: string;
  atMs: number;
}

export interface Panic {
  placement: string;
  mode: 'hold' | 'base' | 'reject';
  sinceMs: number;
  /** In force meanwhile. */
  shares: Share[];
}

export interface Halt {
  sinceMs: number;
  /** Those that failed together. */
  clusters: string[];
  reason: string;
}

export interface LiveShift {
  name: string;
  /** Of its record. */
  id: string;
  cluster: string;
  percent: number;
  stepPercent: number;
  stepSeconds: number;
  owner: string;
  reason: string;
  createdAtMs: number;
  expiresAtMs: number;
  /** returning: it has ended, and its cluster gets its share back step by step. */
  phase: 'moving' | 'draining' | 'applied' | 'returning';
  currentPercent: number;
  phaseSinceMs: number;
  steppedAtMs: number;
  /** Of one that is returning: an actor, or `expiry`. */
  endedBy?: string | undefined;
  decision: string;
}

export interface LiveBreakGlass {
  name: string;
  id: string;
  rules: SafetyRuleName[];
  owner: string;
  reason: string;
  createdAtMs: number;
  expiresAtMs: number;
}

export interface LiveDrill {
  /** Id of its record. */
  run: string;
  /** Of the declaration. */
  name: string;
  cluster: string;
  actor: string;
  phase: 'moving' | 'holding' | 'returning';
  currentPercent: number;
  startedAtMs: number;
  verifiedAtMs?: number | undefined;
  phaseSinceMs: number;
  steppedAtMs: number;
  decision: string;
  /** How it will have ended once its cluster is back. */
  ending?: 'passed' | 'failed' | 'aborted' | undefined;
}

export const NO_AUTOMATION: AutomationState = { outages: [], episodes: [], panics: [], blocked: [] };

export const NO_TRAFFIC: Traffic = {
  version: 0,
  withdrawals: [],
  allocations: [],
  automation: NO_AUTOMATION,
  shifts: [],
  breakGlasses: [],
};
