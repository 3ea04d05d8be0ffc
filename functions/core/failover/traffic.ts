/**
 * The failover state of a fleet: what gateways are given now, and what decisions have to remember. Times are
 * milliseconds since the epoch.
 */

import type { FailureCause } from '../../../schemas/cluster.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import type { LiveBreakGlass } from '../allocation/break-glass.ts';
import { NO_ALLOCATION, type SealedAllocation } from '../allocation/sealed.ts';

/** The failover state of a fleet: one record, which every decision replaces. */
export interface Traffic {
  /** Increases by one with every decision that is not a refusal; 0 before the first. */
  version: number;
  /** The last decision; the next one carries its hash. */
  head?: { decision: string; hash: string } | undefined;
  /** The states of clusters, sorted by name. A cluster that is up and has nothing to remember is left out. */
  clusters: ClusterState[];
  /** The allocation that gateways are given. */
  allocation: SealedAllocation;
  /** The allocation that gateways would be given if automation acted; absent while it does act. */
  recommended?: SealedAllocation | undefined;
  /** Live shifts, sorted by name. */
  shifts: LiveShift[];
  /** Live break-glasses, sorted by name. */
  breakGlasses: LiveBreakGlass[];
  drill?: LiveDrill | undefined;
  /** Services that return to clusters on their own, sorted by service and cluster; absent while there are none. */
  serviceReturns?: ServiceReturn[] | undefined;
  /**
   * The times at which automation took out clusters that no longer exist. They still count against `max-removed`:
   * deleting a cluster makes no room for another removal.
   */
  goneRemovalsMs?: number[] | undefined;
  /**
   * The last time at which each drill began, by itself or by a person's command. Within one of its windows a drill
   * begins by itself only if it has not begun there before.
   */
  rehearsed?: { drill: string; atMs: number }[] | undefined;
  /** The questions of data gates, sorted by city. A question stays for as long as its answer counts. */
  gateQuestions?: GateQuestion[] | undefined;
}

/** A data gate's question: may the traffic of a city leave it (`leave`), or return to it (`regain`)? */
export interface GateQuestion {
  city: string;
  way: 'leave' | 'regain';
  /** The question's id; it stays unchanged for as long as the question is asked. */
  id: string;
  askedAtMs: number;
  answer?: { answer: GateAnswer; by: string; atMs: number } | undefined;
}

/**
 * The standing of a cluster in failover. up: it has all that it is entitled to. suspected: it fails, and a brake keeps
 * it in. down: it fails. held: it has recovered, and waits with what it has. ramping: it gets its points back step by
 * step. joining: it is new, and has never been found healthy.
 */
export type Standing = 'up' | 'suspected' | 'down' | 'held' | 'ramping' | 'joining';

export interface ClusterState {
  cluster: string;
  /**
   * The cluster's uid: a cluster that is deleted and created again starts anew. Empty in the state of early releases,
   * which did not record it.
   */
  uid: string;
  standing: Standing;
  /** The time at which the standing began. */
  sinceMs: number;
  reason: string;
  /** The id of the decision that began the standing. */
  decision: string;
  /** The times of the cluster's remembered failures, oldest first. */
  failuresMs: number[];
  /** The times of its failures while it carried more than its capacity. */
  fallsMs: number[];
  /** The last time at which automation took it out. Brakes and gates may have delayed this past the failure. */
  removedAtMs?: number | undefined;
  /**
   * The time at which it lost its last point; absent unless that was after it went down, as when no other cluster could
   * serve until then.
   */
  leftAtMs?: number | undefined;
  /** True when it is down behind a closed gate and has not been taken out. */
  isGated?: boolean | undefined;
  /** The last time at which it was found healthy after it had been down. */
  recoveredAtMs?: number | undefined;
  /**
   * The time at which a quorum of its voters saw it fail again while it was down and another cluster had recovered.
   * From then on it gets no more grace.
   */
  seenFailingAtMs?: number | undefined;
  /** The part that had failed when it went down. */
  cause?: FailureCause | undefined;
  /**
   * The time that a held cluster has to be healthy first; absent when it waits for nothing but its turn and consent.
   */
  dwell?: Dwell | undefined;
  /** True when a person has asked for its return, or when it needs nobody's consent. */
  isApproved?: boolean | undefined;
  /** The progress of a ramping cluster, in percent of its entitlement, and the last time it was given more. */
  ramp?: { percent: number; steppedAtMs: number; doubtedSinceMs?: number | undefined } | undefined;
  /**
   * The brake that keeps a suspected cluster in, and the latest time at which it ends. Without `untilMs` it holds until
   * somebody answers.
   */
  brake?: { name: BrakeName; untilMs?: number | undefined } | undefined;
  /**
   * The time until which voters who find it failing are not believed, because a person has said that it does not fail.
   */
  dismissedUntilMs?: number | undefined;
  /** The time since which latency or alerts speak against it. */
  impairedSinceMs?: number | undefined;
  /**
   * Present when the cluster is above its capacity, or was so lately and has not been found quick enough since. While
   * it is present, slowness is no impairment. `untilMs` is the earliest time at which it ends; it is set once the
   * cluster is no longer above its capacity.
   */
  heat?: { untilMs?: number | undefined } | undefined;
}

export type BrakeName = 'correlation' | 'data-gate' | 'max-removed';

export interface Dwell {
  /** The end of its cooldown. */
  untilMs: number;
  /** The time for which it has been found healthy, in milliseconds, not counting the time since `sinceMs`. */
  servedMs: number;
  /** The time since which it is found healthy without a break; absent while nobody can say so. */
  sinceMs?: number | undefined;
}

/**
 * drain: the cluster keeps a part of its entitlement, and more when no other cluster is left. isolate: it gets nothing,
 * whatever happens. keep: it counts as healthy.
 */
export type ShiftMode = 'drain' | 'isolate' | 'keep';

export interface LiveShift {
  name: string;
  /** The id of the shift's record. */
  id: string;
  cluster: string;
  /** The only service that is shifted; absent when the shift is about the whole cluster. */
  service?: string | undefined;
  mode: ShiftMode;
  percent: number;
  stepPercent: number;
  stepSeconds: number;
  owner: string;
  reason: string;
  createdAtMs: number;
  expiresAtMs: number;
  phase: 'moving' | 'draining' | 'applied';
  currentPercent: number;
  phaseSinceMs: number;
  steppedAtMs: number;
  decision: string;
}

/**
 * A service that gets its share of a cluster back step by step after its shift or drill has ended, while the cluster
 * itself is up.
 */
export interface ServiceReturn {
  service: string;
  cluster: string;
  /** The name of the shift that has ended; absent after a drill. */
  shift?: string | undefined;
  sinceMs: number;
  reason: string;
  /** The id of the decision that gave it its last step. */
  decision: string;
  /**
   * The progress of the return, in percent of the entitlement, and the last time it was given more; absent while it
   * waits for its turn.
   */
  ramp?: { percent: number; steppedAtMs: number } | undefined;
}

export interface LiveDrill {
  /** The id of the drill run's record. */
  run: string;
  /** The name of the drill in the declarations. */
  name: string;
  /** All clusters that the drilled place had when the drill began, by name. */
  clusters: string[];
  /** The only service that is taken out of them; absent when everything is. */
  service?: string | undefined;
  actor: string;
  /**
   * moving: it takes its clusters out. holding: gateways were read to give them nothing. returning: it no longer holds
   * them back, and ends when they have everything again.
   */
  phase: 'moving' | 'holding' | 'returning';
  currentPercent: number;
  startedAtMs: number;
  /** The time at which the last gateway was read to give the clusters nothing. */
  verifiedAtMs?: number | undefined;
  /**
   * The time of the oldest gateway reading before the clusters began to return; absent unless all gateways were last
   * read to give them nothing.
   */
  lastReadAtMs?: number | undefined;
  phaseSinceMs: number;
  steppedAtMs: number;
  decision: string;
  /** The result of the drill, fixed before its clusters return, and the reason for it in `why`. */
  ending?: 'passed' | 'failed' | undefined;
  why?: string | undefined;
}

export const NO_TRAFFIC: Traffic = {
  version: 0,
  clusters: [],
  allocation: NO_ALLOCATION,
  shifts: [],
  breakGlasses: [],
};

/** Returns the state of a cluster that is up and has nothing to remember. */
export function freshStateOf(cluster: string, uid: string): ClusterState {
  return { cluster, uid, standing: 'up', sinceMs: 0, reason: '', decision: '', failuresMs: [], fallsMs: [] };
}

/**
 * Returns the traffic with this state of a cluster. The state of a cluster that is up and has nothing to remember is
 * left out.
 */
export function withState(traffic: Traffic, state: ClusterState): Traffic {
  const others = traffic.clusters.filter(({ cluster }) => cluster !== state.cluster);
  const clusters = isForgettable(state) ? others : [...others, state];
  return { ...traffic, clusters: clusters.sort((a, b) => (a.cluster < b.cluster ? -1 : 1)) };
}

function isForgettable(state: ClusterState): boolean {
  const { standing, failuresMs, fallsMs, removedAtMs, dismissedUntilMs, impairedSinceMs, heat } = state;
  const marks = [removedAtMs, dismissedUntilMs, impairedSinceMs, heat].filter((mark) => mark !== undefined);
  return standing === 'up' && failuresMs.length + fallsMs.length + marks.length === 0;
}
