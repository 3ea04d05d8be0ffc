import type { HealthState, Observation } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import type { HealthPolicy } from '../../../schemas/fleet.ts';
import { compareText } from '../model/text.ts';
import { msOf } from '../model/time.ts';
import type { HealthRecord, VoterRecord } from './types.ts';
import { freshnessMs, tally, VOTE_RULES } from './votes.ts';
import { isAhead, saidAtMs } from './vouch.ts';
import { isFound, isGone, isOver, type Outcomes, type Symptom, withOutcome } from './window.ts';

export const RECENT = 10;

/** The voters that watch a cluster, and the policy by which they do. */
export interface Watch {
  policy: HealthPolicy;
  /** The voters that watch this cluster. */
  voters: readonly Voter[];
}

/**
 * Returns the record after one observation. The voter's state changes to unhealthy or healthy by the windows of the
 * policy, and stays the same in between. The state of the cluster is what a majority of the voters says; without a
 * majority it stays what it was. Inconclusive observations are kept, but count for nothing. The record itself is
 * returned when the observation is ignored because its voter does not watch the cluster, because it is not newer than
 * the voter's last one, or because it is not fresh.
 */
export function withObservation(
  record: HealthRecord,
  observation: Observation,
  watch: Watch,
  nowMs: number,
): HealthRecord {
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
  return withMajority({ ...next, votes: votes.sort((a, b) => compareText(a.voter, b.voter)) }, watch, nowMs);
}

/** Returns the record without the votes and alerts of voters that no longer watch the cluster. */
function withoutStrangers(record: HealthRecord, voters: readonly Voter[]): HealthRecord {
  const isKnown = ({ voter }: { voter: string }) => voters.some(({ name }) => name === voter);
  const { alerts, ...rest } = record;
  const known = alerts?.filter(isKnown) ?? [];
  return { ...rest, votes: record.votes.filter(isKnown), ...(known.length > 0 && { alerts: known }) };
}

/** Returns the voter's previous vote. A vote from the future comes from a clock that ran ahead, and is ignored. */
function lastWord({ votes }: HealthRecord, voter: string, nowMs: number): VoterRecord | undefined {
  const vote = votes.find((item) => item.voter === voter);
  return vote && !isAhead(saidAtMs(vote), nowMs) ? vote : undefined;
}

/** Voids the votes of a voter until `untilMs`, because its own network seems to be at fault. */
export function distrust(record: HealthRecord, voter: string, untilMs: number): HealthRecord {
  const votes = record.votes.map((vote) => (vote.voter === voter ? { ...vote, suspectUntilMs: untilMs } : vote));
  return { ...record, votes };
}

type CountedObservation = Omit<Observation, 'outcome'> & { outcome: 'ok' | 'fail'; observedAtMs: number };

/**
 * Returns the voter's next vote: its state changes by the windows of the policy. A voter that was silent for too long
 * starts anew, since its earlier observations say nothing about now.
 */
function nextVote(
  before: VoterRecord | undefined,
  seen: CountedObservation,
  policy: HealthPolicy,
  nowMs: number,
): VoterRecord {
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
    // A doubt lasts no longer than a vote; a longer one was raised by a clock that ran ahead.
    suspectUntilMs: Math.min(before?.suspectUntilMs ?? 0, nowMs + freshnessMs(policy)),
    last: { outcome: seen.outcome, ...(seen.cause && { cause: seen.cause }), detail: seen.detail },
  };
}

function letterOf({ outcome, isSlow = false }: CountedObservation): Symptom | 'o' {
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

/**
 * Returns the next state of a voter. One that has no state yet needs only `successThreshold` observations without a
 * failure to find the cluster healthy.
 */
function nextState(state: HealthState, outcomes: Outcomes, policy: HealthPolicy): HealthState {
  if (isFound(outcomes, 'f', policy)) return 'unhealthy';
  const isWell = state === 'unknown' ? isGone(outcomes, 'f', policy) : isOver(outcomes, 'f', policy);
  return isWell ? 'healthy' : state;
}

function withMajority(record: HealthRecord, { policy, voters }: Watch, nowMs: number): HealthRecord {
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

/** Returns the time at which the state began, but no time in the future. */
function sinceOf({ sinceMs }: { sinceMs: number }, nowMs: number): number {
  return Math.min(sinceMs, nowMs);
}

/** Returns the record of a cluster about which nothing is known yet. */
export function unknownHealth(fleet: string, cluster: string, uid: string, nowMs: number): HealthRecord {
  return { fleet, cluster, uid, version: 0, state: 'unknown', sinceMs: nowMs, votes: [], recent: [] };
}
