import type { FailureCause, HealthState, Observation } from '../../schemas/cluster.ts';
import type { Voter } from '../../schemas/failover.ts';
import type { HealthPolicy } from '../../schemas/fleet.ts';
import { compareText } from './precedence.ts';
import { msOf } from './time.ts';
import { tally, VOTE_RULES } from './votes.ts';

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

/** A voter that has been silent for so long starts anew; longer than any freshness, so that no edit of a policy has this effect. */
const MEMORY_MS = 15 * 60_000;

/** Who watches a cluster, and by which policy. */
export interface Watch {
  policy: HealthPolicy;
  /** Those that watch this cluster. */
  voters: readonly Voter[];
}

/**
 * Takes one observation into account. The voter says unhealthy after `failureThreshold` consecutive failures and healthy after
 * `successThreshold` consecutive successes; in between it says what it said. The cluster is what a majority of the voters says; without one
 * it stays what it was. Inconclusive observations are kept and count for nothing. The record itself is returned when the observation is to
 * be ignored: of a voter that does not watch the cluster, not newer than the last one of the voter, or too old to say anything.
 */
export function step(record: HealthRecord, observation: Observation, watch: Watch, nowMs: number): HealthRecord {
  const { policy, voters } = watch;
  const observedAtMs = msOf(observation.observedAt);
  const vote = record.votes.find(({ voter }) => voter === observation.voter);
  const isNew = observedAtMs > (vote?.observedAtMs ?? 0);
  if (!isNew || !VOTE_RULES.isFresh(observedAtMs, policy, nowMs)) return record;
  if (!voters.some(({ name }) => name === observation.voter)) return record;
  const next = {
    ...record,
    version: record.version + 1,
    recent: [observation, ...record.recent].slice(0, RECENT),
  };
  if (observation.outcome === 'inconclusive') return next;
  const seen = { ...observation, outcome: observation.outcome, observedAtMs };
  return settle({ ...next, votes: withVote(record.votes, seen, watch, nowMs) }, watch, nowMs);
}

/** Voids the votes of a voter until `untilMs`: its own network seems to be at fault. */
export function distrust(record: HealthRecord, voter: string, untilMs: number): HealthRecord {
  const votes = record.votes.map((vote) => (vote.voter === voter ? { ...vote, suspectUntilMs: untilMs } : vote));
  return { ...record, votes };
}

type Seen = Omit<Observation, 'outcome'> & { outcome: 'ok' | 'fail'; observedAtMs: number };

/** Votes of voters that do not watch the cluster any more are dropped; edits change nothing else. */
function withVote(votes: readonly VoterRecord[], seen: Seen, { policy, voters }: Watch, nowMs: number): VoterRecord[] {
  const before = votes.find(({ voter }) => voter === seen.voter);
  const others = votes.filter(({ voter }) => voter !== seen.voter && voters.some(({ name }) => name === voter));
  const isKnown = before !== undefined && seen.observedAtMs - before.observedAtMs <= MEMORY_MS;
  const vote = nextVote(isKnown ? before : undefined, seen, policy, nowMs);
  return [...others, { ...vote, suspectUntilMs: before?.suspectUntilMs ?? 0 }].sort((a, b) =>
    compareText(a.voter, b.voter),
  );
}

/** R2. */
function nextVote(before: VoterRecord | undefined, seen: Seen, policy: HealthPolicy, nowMs: number): VoterRecord {
  const isOk = seen.outcome === 'ok';
  const consecutiveSuccesses = isOk ? (before?.consecutiveSuccesses ?? 0) + 1 : 0;
  const consecutiveFailures = isOk ? 0 : (before?.consecutiveFailures ?? 0) + 1;
  const state = nextState(before?.state ?? 'unknown', consecutiveSuccesses, consecutiveFailures, policy);
  return {
    voter: seen.voter,
    state,
    sinceMs: before?.state === state ? before.sinceMs : nowMs,
    consecutiveSuccesses,
    consecutiveFailures,
    observedAtMs: seen.observedAtMs,
    suspectUntilMs: 0,
    last: { outcome: seen.outcome, ...(seen.cause && { cause: seen.cause }), detail: seen.detail },
  };
}

function nextState(state: HealthState, successes: number, failures: number, policy: HealthPolicy): HealthState {
  if (failures >= policy.failureThreshold) return 'unhealthy';
  if (successes >= policy.successThreshold) return 'healthy';
  return state;
}

function settle(record: HealthRecord, { policy, voters }: Watch, nowMs: number): HealthRecord {
  const { verdict, cause } = tally(record, voters, policy, nowMs);
  if (verdict === 'unknown') return record;
  const { cause: _, ...rest } = record;
  return {
    ...rest,
    state: verdict,
    sinceMs: verdict === record.state ? record.sinceMs : nowMs,
    ...(cause && { cause }),
    ...(verdict === 'healthy' && { firstHealthyAtMs: record.firstHealthyAtMs ?? nowMs }),
  };
}

/** A cluster of which nothing is known yet. */
export function unknownHealth(fleet: string, cluster: string, uid: string, nowMs: number): HealthRecord {
  return { fleet, cluster, uid, version: 0, state: 'unknown', sinceMs: nowMs, votes: [], recent: [] };
}
