import type { FailureCause, HealthState, Observation } from '../../schemas/cluster.ts';
import type { HealthPolicy } from '../../schemas/fleet.ts';

/** What one voter has seen of a cluster. */
export interface VoterRecord {
  voter: string;
  /** By its own hysteresis. */
  state: HealthState;
  /** When `state` began. */
  sinceMs: number;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  /** Of its newest observation that says something; 0 before the first. */
  observedAtMs: number;
  /** Its votes are void until then: its own network seems to be at fault. */
  suspectUntilMs: number;
  /** Of its newest observation that says something. */
  last: { outcome: 'ok' | 'fail'; cause?: FailureCause | undefined; detail: string };
}

/** What is known of the health of a cluster. */
export interface HealthRecord {
  fleet: string;
  cluster: string;
  /** uid of the cluster: a cluster that is deleted and created again starts anew. */
  uid: string;
  /** Grows by one with every observation. */
  version: number;
  /** What a majority of the voters said last. */
  state: HealthState;
  /** When `state` began. */
  sinceMs: number;
  /** Of an unhealthy cluster. */
  cause?: FailureCause | undefined;
  /** When it was first found healthy. */
  firstHealthyAtMs?: number | undefined;
  /** By name. */
  votes: VoterRecord[];
  /** Newest first, at most RECENT, of all voters. */
  recent: Observation[];
}

export const RECENT = 10;

/**
 * Takes one observation into account. A cluster becomes unhealthy after `failureThreshold` consecutive failures and
 * healthy after `successThreshold` consecutive successes; in between it stays what it was.
 */
export function step(
  record: HealthRecord,
  observation: Observation,
  nowMs: number,
  policy: HealthPolicy,
): HealthRecord {
  const ok = observation.outcome === 'ok';
  const consecutiveSuccesses = ok ? record.consecutiveSuccesses + 1 : 0;
  const consecutiveFailures = ok ? 0 : record.consecutiveFailures + 1;
  const state = nextState(record.state, consecutiveSuccesses, consecutiveFailures, policy);
  return {
    ...record,
    version: record.version + 1,
    state,
    sinceMs: state === record.state ? record.sinceMs : nowMs,
    consecutiveSuccesses,
    consecutiveFailures,
    observedAtMs: nowMs,
    recent: [observation, ...record.recent].slice(0, RECENT),
  };
}

function nextState(state: HealthState, successes: number, failures: number, policy: HealthPolicy): HealthState {
  if (failures >= policy.failureThreshold) return 'unhealthy';
  if (successes >= policy.successThreshold) return 'healthy';
  return state;
}

/** A cluster of which nothing is known yet. */
export function unknownHealth(fleet: string, cluster: string, uid: string, nowMs: number): HealthRecord {
  return {
    fleet,
    cluster,
    uid,
    version: 0,
    state: 'unknown',
    sinceMs: nowMs,
    consecutiveFailures: 0,
    consecutiveSuccesses: 0,
    observedAtMs: 0,
    recent: [],
  };
}
