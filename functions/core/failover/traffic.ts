/** What is in force of the points of a fleet, and what is remembered to decide on. Times are epoch milliseconds. */

import type { FailureCause } from '../../../schemas/cluster.ts';
import type { GateAnswer } from '../../../schemas/failover.ts';
import type { LiveBreakGlass } from '../allocation/break-glass.ts';
import { NO_ALLOCATION, type SealedAllocation } from '../allocation/sealed.ts';

/** The state of a fleet; one record, which every decision replaces. */
export interface Traffic {
  /** Grows with every decision; 0 before the first. */
  version: number;
  /** The last decision; the next one carries its hash. */
  head?: { decision: string; hash: string } | undefined;
  /** By cluster; one that is up and of which nothing is remembered has no state. */
  clusters: ClusterState[];
  /** What gateways are given. */
  allocation: SealedAllocation;
  /** What they would be given if automation acted; absent while it does. */
  recommended?: SealedAllocation | undefined;
  /** Live ones, by name. */
  shifts: LiveShift[];
  /** Live ones, by name. */
  breakGlasses: LiveBreakGlass[];
  drill?: LiveDrill | undefined;
  /** Services that return to clusters by themselves, by service and cluster; absent while there are none. */
  serviceReturns?: ServiceReturn[] | undefined;
  /** When automation took out clusters that are gone since: who is deleted makes no room for another removal. */
  goneRemovalsMs?: number[] | undefined;
  /** When drills began by themselves last, by name: they do so once in each of their windows. */
  rehearsed?: { drill: string; atMs: number }[] | undefined;
  /** What is asked of cities whose data has to be ready first, by city; it stays while its answer counts. */
  gateQuestions?: GateQuestion[] | undefined;
}

/** Whether the traffic of a city may leave it, or return to it. */
export interface GateQuestion {
  city: string;
  way: 'leave' | 'regain';
  /** The same for as long as it is asked. */
  id: string;
  askedAtMs: number;
  answer?: { answer: GateAnswer; by: string; atMs: number } | undefined;
}

/**
 * What a cluster is held to be. up: it has all that it is entitled to. suspected: it fails, and a brake keeps it in. down: it fails. held: it
 * has recovered and waits with what it has. ramping: it gets its points back step by step. joining: it is new, and was never found healthy.
 */
export type Standing = 'up' | 'suspected' | 'down' | 'held' | 'ramping' | 'joining';

export interface ClusterState {
  cluster: string;
  /** A cluster that is deleted and created again starts anew; empty in state of early releases, which did not record it. */
  uid: string;
  standing: Standing;
  /** When the standing began. */
  sinceMs: number;
  reason: string;
  /** The decision that began it. */
  decision: string;
  /** When the cluster failed, as far back as memory goes, oldest first. */
  failuresMs: number[];
  /** When it failed while it carried more than its capacity. */
  fallsMs: number[];
  /** When automation took it out last, which brakes and gates may have made later than its failure. */
  removedAtMs?: number | undefined;
  /** When it lost its last point, if that was after it went down: it served on while nobody else could. */
  leftAtMs?: number | undefined;
  /** It is down behind a closed gate, and has not been taken out. */
  isGated?: boolean | undefined;
  /** When it was last found healthy after it had been down. */
  recoveredAtMs?: number | undefined;
  /** When a quorum of its voters saw a down cluster fail again although another one had recovered: it is given no more grace. */
  seenFailingAtMs?: number | undefined;
  /** What failed when it went down. */
  cause?: FailureCause | undefined;
  /** What a held cluster has to wait for; absent: nothing but its turn and consent. */
  dwell?: Dwell | undefined;
  /** Somebody has asked for its return, or it needs nobody's consent. */
  isApproved?: boolean | undefined;
  /** How far a ramping cluster is, in percent of its entitlement, and when it was given more last. */
  ramp?: { percent: number; steppedAtMs: number; doubtedSinceMs?: number | undefined } | undefined;
  /** What keeps a suspected cluster in, and until when at most; without a time, until somebody answers. */
  brake?: { name: BrakeName; untilMs?: number | undefined } | undefined;
  /** Somebody has said that it does not fail; until then nothing else is believed. */
  dismissedUntilMs?: number | undefined;
  /** Since when latency or alerts alone speak against it. */
  impairedSinceMs?: number | undefined;
  /**
   * It is above its capacity, or was so lately, and has not been found quick enough since: that it is slow is no impairment. `untilMs`: at
   * least until then, once it is above its capacity no longer.
   */
  heat?: { untilMs?: number | undefined } | undefined;
}

export type BrakeName = 'correlation' | 'data-gate' | 'max-removed';

export interface Dwell {
  /** Its cooldown. */
  untilMs: number;
  /** How long it has been found healthy, not counting the time since `sinceMs`. */
  servedMs: number;
  /** Since when it is found healthy; absent while nobody can say so. */
  sinceMs?: number | undefined;
}

/** drain: the cluster keeps a part of its entitlement, and more when nobody else is left. isolate: it gets nothing, whatever happens. keep: it counts as healthy. */
export type ShiftMode = 'drain' | 'isolate' | 'keep';

export interface LiveShift {
  name: string;
  /** Of its record. */
  id: string;
  cluster: string;
  /** Nothing else is taken out of the cluster; absent: everything is. */
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

/** A service whose shift or drill has ended gets its share of a cluster back step by step, while the cluster itself is up. */
export interface ServiceReturn {
  service: string;
  cluster: string;
  /** Name of the shift that has ended; absent after a drill. */
  shift?: string | undefined;
  sinceMs: number;
  reason: string;
  /** The decision that gave it its last step. */
  decision: string;
  /** How far it is, in percent of its entitlement, and when it was given more last; absent while it waits for its turn. */
  ramp?: { percent: number; steppedAtMs: number } | undefined;
}

export interface LiveDrill {
  /** Id of its record. */
  run: string;
  /** Of the declaration. */
  name: string;
  /** All of its place when it began, by name. */
  clusters: string[];
  /** It takes nothing else out of them; absent: everything. */
  service?: string | undefined;
  actor: string;
  /** returning: it holds its clusters back no longer, and is over when these have everything again. */
  phase: 'moving' | 'holding' | 'returning';
  currentPercent: number;
  startedAtMs: number;
  /** When the last of the gateways was read to give the clusters nothing. */
  verifiedAtMs?: number | undefined;
  /** Before the clusters began to return, every gateway was last read then or later, and gave them nothing. */
  lastReadAtMs?: number | undefined;
  phaseSinceMs: number;
  steppedAtMs: number;
  decision: string;
  /** How it will have ended once its clusters are back, and why. */
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

/** A cluster that is up and of which nothing is remembered. */
export function freshStateOf(cluster: string, uid: string): ClusterState {
  return { cluster, uid, standing: 'up', sinceMs: 0, reason: '', decision: '', failuresMs: [], fallsMs: [] };
}

/** The traffic with another state of a cluster; one that is up and remembers nothing is left out. */
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
