/** The records of health that are kept of clusters, and what is derived from them. */

import type { FailureCause, HealthState, Observation } from '../../../schemas/cluster.ts';
import type { Outcomes } from './window.ts';

/** A voter's view of a cluster. */
export interface VoterRecord {
  voter: string;
  /** The voter's state of the cluster, by the windows of the policy. */
  state: HealthState;
  /** The time at which `state` began. */
  sinceMs: number;
  /** The time since which it finds the cluster slow, by the same windows; absent while it does not. */
  slowSinceMs?: number | undefined;
  /** The last conclusive observations, from which `state` follows. */
  outcomes: Outcomes;
  /** The time of the newest conclusive observation that was written. */
  observedAtMs: number;
  /** The time until which the voter has seen the same since then; absent when nothing newer is known. */
  vouchedAtMs?: number | undefined;
  /** The time until which its votes are void, because its own network seems to be at fault. */
  suspectUntilMs: number;
  /** The newest conclusive observation. */
  last: { outcome: 'ok' | 'fail'; cause?: FailureCause | undefined; detail: string };
}

/** The health of a cluster, as far as it is known. */
export interface HealthRecord {
  fleet: string;
  cluster: string;
  /** The cluster's uid: a cluster that is deleted and created again starts anew. */
  uid: string;
  /** Increases by one with every change. */
  version: number;
  /** The last verdict of a majority of the voters. */
  state: HealthState;
  /** The time at which `state` began. */
  sinceMs: number;
  /** The cause of the failure of an unhealthy cluster. */
  cause?: FailureCause | undefined;
  /** The time at which the cluster was first found healthy. */
  firstHealthyAtMs?: number | undefined;
  /** The voters' views, sorted by the voter's name. */
  votes: VoterRecord[];
  /** The alerts of monitoring systems, by voter; absent when there are none. */
  alerts?: AlertRecord[] | undefined;
  /** The last observations of all voters, newest first, at most RECENT. */
  recent: Observation[];
}

/** The alerts of one voter on a cluster. */
export interface AlertRecord {
  voter: string;
  /** The last time at which the voter showed that it is alive; 0 before the first time. */
  heartbeatAtMs: number;
  /** The alerts that fire, and for a moment those that have ended, sorted by fingerprint. */
  alerts: KnownAlert[];
}

export interface KnownAlert {
  fingerprint: string;
  name: string;
  sinceMs: number;
  /** The time at which the alert started, by its sender's clock. */
  startsAtMs: number;
  /** The time at which the alert ended; absent while it fires. */
  endedAtMs?: number | undefined;
}

/** The current statement of one voter about a cluster. Times are milliseconds since the epoch. */
export interface CurrentVote {
  voter: string;
  /** The state that the voter reports; unknown when it has not said anything for too long. */
  state: HealthState;
  sinceMs: number;
  /** The number of failures among its last observations, within the policy's failure window. */
  failures: number;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  observedAtMs?: number | undefined;
  isFresh: boolean;
  isSuspect: boolean;
  /** The time since which it finds the cluster slow; absent while it does not. */
  slowSinceMs?: number | undefined;
  cause?: FailureCause | undefined;
  detail: string;
}

export interface Impairment {
  by: 'latency' | 'alert';
  /** The time since which the cluster is impaired. */
  sinceMs: number;
  detail: string;
}
