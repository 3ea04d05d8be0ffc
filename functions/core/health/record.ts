import type { FailureCause, HealthState, Observation } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import type { HealthPolicy } from '../../../schemas/fleet.ts';
import { compareText } from '../model/text.ts';
import { msOf } from '../model/time.ts';
import type { AlertRecord } from './alerts.ts';
import { freshnessMs, isAhead, tally, VOTE_RULES } from './votes.ts';
import { saidAtMs } from './vouch.ts';
import { type Finding, isFound, isGone, isOver, type Outcomes, withOutcome } from './window.ts';

/** What one voter has seen of a cluster. */
export interface VoterRecord {
  voter: string;
  /** By the windows of the policy. */
  state: HealthState;
  /** When `state` began. */
  sinceMs: number;
  /** Since when it finds the cluster slow, by the same windows; absent while it does not. */
  slowSinceMs?: number | undefined;
  /** The observations that it looks back upon. */
  outcomes: Outcomes;
  /** When the newest observation that is kept of it was made, of those that say something. */
  observedAtMs: number;
  /** Until when it has seen the same; absent where nothing newer is known. */
  vouchedAtMs?: number | undefined;
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
  /** Grows by one with every change. */
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
  /** What monitoring systems say of it, by voter; absent where that is nothing. */
  alerts?: AlertRecord[] | undefined;
  /** Newest first, at most RECENT, of all voters. */
  recent: Observation[];
}

export const RECENT = 10;

/** Who watches a cluster, and by which policy. */
export interface Watch {
  policy: HealthPolicy;
  /** Those that watch this cluster. */
  voters: readonly Voter[];
}

/**
 * Takes one observation into account. The voter says unhealthy and healthy by the windows of the policy; in between it says what it said. The
 * cluster is what a majority of the voters says; without one it stays what it was. Inconclusive observations are kept and count for nothing.
 * The record itself is returned when the observation is to be ignored: of a voter that does not watch the cluster, not newer than the last
 * one of the voter, or of a time that says nothing of now.
 */
export function step(record: HealthRecord, observation: Observation, watch: Watch, nowMs: number): HealthRecord {
  const { policy, voters } = watch;
  const observedAtMs = msOf(observation.observedAt);
  if (!VOTE_RULES.isFresh(observedAtMs, policy, nowMs)) return record;
  if (!voters.some(({ name }) => name === observation.voter)) return record;
  const before = lastWord(record, observation.voter, nowMs);
  if (before !== undefined && observedAtMs <= saidAtMs(before)) return record;
  const next = {
    ...withoutStrangers(record, voters),
    version: record.version + 1,
    recent: [observation, ...record.recent].slice(0, RECENT),
  };
  if (observation.outcome === 'inconclusive') return next;
  const seen = { ...observation, outcome: observation.outcome, observedAtMs };
  const vote = nextVote(before, seen, policy, nowMs);
  const votes = [...next.votes.filter(({ voter }) => voter !== vote.voter), vote];
  return settle({ ...next, votes: votes.sort((a, b) => compareText(a.voter, b.voter)) }, watch, nowMs);
}

/** What voters have said that do not watch the cluster any more goes with them. */
function withoutStrangers(record: HealthRecord, voters: readonly Voter[]): HealthRecord {
  const isKnown = ({ voter }: { voter: string }) => voters.some(({ name }) => name === voter);
  const { alerts, ...rest } = record;
  const known = alerts?.filter(isKnown) ?? [];
  return { ...rest, votes: record.votes.filter(isKnown), ...(known.length > 0 && { alerts: known }) };
}

/** What the voter has said before; a word from a time that has not come yet is that of a clock that was ahead, and counts for nothing. */
function lastWord({ votes }: HealthRecord, voter: string, nowMs: number): VoterRecord | undefined {
  const vote = votes.find((item) => item.voter === voter);
  return vote && !isAhead(saidAtMs(vote), nowMs) ? vote : undefined;
}

/** Voids the votes of a voter until `untilMs`: its own network seems to be at fault. */
export function distrust(record: HealthRecord, voter: string, untilMs: number): HealthRecord {
  const votes = record.votes.map((vote) => (vote.voter === voter ? { ...vote, suspectUntilMs: untilMs } : vote));
  return { ...record, votes };
}

type Seen = Omit<Observation, 'outcome'> & { outcome: 'ok' | 'fail'; observedAtMs: number };

/** R2. A voter that was silent for too long starts anew: what it looks back upon says nothing of now. */
function nextVote(before: VoterRecord | undefined, seen: Seen, policy: HealthPolicy, nowMs: number): VoterRecord {
  const isLate = before !== undefined && seen.observedAtMs - saidAtMs(before) > freshnessMs(policy);
  const known = isLate ? undefined : before;
  const outcomes = withOutcome(known?.outcomes ?? '', letterOf(seen));
  const state = nextState(known?.state ?? 'unknown', outcomes, policy);
  return {
    voter: seen.voter,
    state,
    sinceMs: known?.state === state ? sinceOf(known, nowMs) : nowMs,
    ...slowSince(known, outcomes, policy, nowMs),
    outcomes,
    observedAtMs: seen.observedAtMs,
    // No doubt lasts longer than a vote; a longer one was raised by a clock that was ahead.
    suspectUntilMs: Math.min(before?.suspectUntilMs ?? 0, nowMs + freshnessMs(policy)),
    last: { outcome: seen.outcome, ...(seen.cause && { cause: seen.cause }), detail: seen.detail },
  };
}

function letterOf({ outcome, isSlow = false }: Seen): Finding | 'o' {
  if (outcome === 'fail') return 'f';
  return isSlow ? 's' : 'o';
}

function slowSince(
  known: VoterRecord | undefined,
  outcomes: Outcomes,
  policy: HealthPolicy,
  nowMs: number,
): Pick<VoterRecord, 'slowSinceMs'> {
  const { slowSinceMs } = known ?? {};
  const isSlow = isFound(outcomes, 's', policy) || (slowSinceMs !== undefined && !isOver(outcomes, 's', policy));
  return isSlow ? { slowSinceMs: Math.min(slowSinceMs ?? nowMs, nowMs) } : {};
}

/** A voter that has said nothing yet does not look back any further than it takes to believe that the cluster is healthy. */
function nextState(state: HealthState, outcomes: Outcomes, policy: HealthPolicy): HealthState {
  if (isFound(outcomes, 'f', policy)) return 'unhealthy';
  const isWell = state === 'unknown' ? isGone(outcomes, 'f', policy) : isOver(outcomes, 'f', policy);
  return isWell ? 'healthy' : state;
}

function settle(record: HealthRecord, { policy, voters }: Watch, nowMs: number): HealthRecord {
  const { verdict, cause } = tally(record, voters, policy, nowMs);
  if (verdict === 'unknown') return record;
  const { cause: _, ...rest } = record;
  return {
    ...rest,
    state: verdict,
    sinceMs: verdict === record.state ? sinceOf(record, nowMs) : nowMs,
    ...(cause && { cause }),
    ...(verdict === 'healthy' && { firstHealthyAtMs: record.firstHealthyAtMs ?? nowMs }),
  };
}

/** Nothing has begun at a time that is still to come. */
function sinceOf({ sinceMs }: { sinceMs: number }, nowMs: number): number {
  return Math.min(sinceMs, nowMs);
}

/** A cluster of which nothing is known yet. */
export function unknownHealth(fleet: string, cluster: string, uid: string, nowMs: number): HealthRecord {
  return { fleet, cluster, uid, version: 0, state: 'unknown', sinceMs: nowMs, votes: [], recent: [] };
}
