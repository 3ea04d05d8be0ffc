import type { FailureCause, HealthState } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import type { HealthPolicy } from '../../../schemas/fleet.ts';
import { compareText } from '../model/text.ts';
import { alarm } from './alerts.ts';
import { type Impairment, slowness } from './impairment.ts';
import type { HealthRecord, VoterRecord } from './record.ts';
import { isCounted, vantageOf } from './voters.ts';
import { saidAtMs } from './vouch.ts';
import { countIn, runsOf } from './window.ts';

/** What one voter says of a cluster now; times are epoch milliseconds. */
export interface CurrentVote {
  voter: string;
  /** unknown when it has not said anything for too long. */
  state: HealthState;
  sinceMs: number;
  /** Of its last observations, as many as the policy looks at. */
  failures: number;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  observedAtMs?: number | undefined;
  isFresh: boolean;
  isSuspect: boolean;
  /** Since when it finds the cluster slow; absent while it does not. */
  slowSinceMs?: number | undefined;
  cause?: FailureCause | undefined;
  detail: string;
}

export interface Tally {
  /** Of all counted voters that watch the cluster, in their order. */
  votes: CurrentVote[];
  /** Valid votes, and how many of them it takes. */
  up: number;
  down: number;
  quorum: number;
  /** unknown: there is no quorum for anything, and all stays as it is. */
  verdict: HealthState;
  /** Of a cluster that is found unhealthy. */
  cause?: FailureCause | undefined;
  /** Where the voters of the verdict stand, by name; none while there is no verdict. */
  vantages: string[];
  /** What speaks against the cluster although it answers. */
  impaired?: Impairment | undefined;
}

/** The rules by which votes are counted; the simulator breaks them one by one. */
export interface VoteRules {
  /** R1: an older observation says nothing of now, and neither does one from a time that has not come yet. */
  isFresh: (observedAtMs: number, policy: HealthPolicy, nowMs: number) => boolean;
  /** R4: the network of the voter seems to be at fault. */
  isSuspect: (suspectUntilMs: number, nowMs: number) => boolean;
  /** R3: of the voters that are configured, not of those that have answered. */
  quorumOf: (voters: number) => number;
  /** R5: the view of a gateway is not sufficient alone. */
  isSufficient: (types: readonly Voter['type'][]) => boolean;
}

export const VOTE_RULES: VoteRules = {
  isFresh: (observedAtMs, policy, nowMs) =>
    nowMs - observedAtMs <= freshnessMs(policy) && !isAhead(observedAtMs, nowMs),
  isSuspect: (suspectUntilMs, nowMs) => nowMs < suspectUntilMs,
  quorumOf: (voters) => Math.floor(voters / 2) + 1,
  isSufficient: (types) => types.some((type) => type !== 'gateway-view'),
};

/** Clocks that are set right differ by less. */
const CLOCK_SKEW_MS = 5_000;

/** The clock that tells the time is not set right, or this one is not. */
export function isAhead(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + CLOCK_SKEW_MS;
}

/** A round and its answers may be missed twice. */
export function freshnessMs({ intervalSeconds, timeoutSeconds }: HealthPolicy): number {
  return 3 * (intervalSeconds + timeoutSeconds) * 1000;
}

/**
 * What the voters that watch a cluster say of it at `nowMs`. A cluster is up or down when a majority of all that are counted says so by votes
 * that are fresh and not suspect, one of them other than the view of a gateway. It is impaired when such a majority finds it slow, or when a
 * monitoring system raises an alarm.
 */
export function tally(
  record: Pick<HealthRecord, 'votes' | 'alerts'> | undefined,
  watching: readonly Voter[],
  policy: HealthPolicy,
  nowMs: number,
  rules: VoteRules = VOTE_RULES,
): Tally {
  const voters = watching.filter(isCounted);
  const votes = voters.map((voter) =>
    currentVote(
      voter,
      record?.votes.find((vote) => vote.voter === voter.name),
      policy,
      nowMs,
      rules,
    ),
  );
  const quorum = rules.quorumOf(voters.length);
  const valid = voters.flatMap((voter, index) => {
    const vote = votes[index];
    return vote?.isFresh && !vote.isSuspect ? [{ voter, vote }] : [];
  });
  const sideOf = (state: HealthState) => valid.filter(({ vote }) => vote.state === state).map(({ voter }) => voter);
  const wins = (side: readonly (typeof voters)[number][]) =>
    side.length > 0 && side.length >= quorum && rules.isSufficient(side.map(({ type }) => type));
  const [up, down] = [sideOf('healthy'), sideOf('unhealthy')];
  const verdict = wins(down) ? 'unhealthy' : wins(up) ? 'healthy' : 'unknown';
  const winners = verdict === 'unhealthy' ? down : verdict === 'healthy' ? up : [];
  const cause = verdict === 'unhealthy' ? causeOf(votes) : undefined;
  const slow = valid.filter(({ vote }) => vote.slowSinceMs !== undefined && vote.state !== 'unhealthy');
  const impaired = wins(slow.map(({ voter }) => voter))
    ? slowness(
        slow.map(({ vote }) => vote),
        voters.length,
        quorum,
      )
    : alarm(
        record,
        watching.filter((voter) => voter.type === 'alert'),
        nowMs,
      );
  return {
    ...{ votes, up: up.length, down: down.length, quorum, verdict },
    vantages: [...new Set(winners.map(vantageOf))].sort(compareText),
    ...(cause && { cause }),
    ...(impaired && { impaired }),
  };
}

function currentVote(
  { name }: Voter,
  vote: VoterRecord | undefined,
  policy: HealthPolicy,
  nowMs: number,
  rules: VoteRules,
): CurrentVote {
  if (vote === undefined) return { ...SILENT, voter: name };
  const isFresh = rules.isFresh(saidAtMs(vote), policy, nowMs);
  const { failures: consecutiveFailures, successes: consecutiveSuccesses } = runsOf(vote.outcomes);
  return {
    voter: name,
    state: isFresh ? vote.state : 'unknown',
    sinceMs: vote.sinceMs,
    failures: countIn(vote.outcomes, 'f', policy.failureWindow),
    consecutiveFailures,
    consecutiveSuccesses,
    observedAtMs: saidAtMs(vote),
    isFresh,
    isSuspect: rules.isSuspect(vote.suspectUntilMs, nowMs),
    ...(vote.slowSinceMs !== undefined && { slowSinceMs: vote.slowSinceMs }),
    cause: vote.last.cause,
    detail: vote.last.detail,
  };
}

const SILENT = {
  state: 'unknown',
  sinceMs: 0,
  failures: 0,
  consecutiveFailures: 0,
  consecutiveSuccesses: 0,
  isFresh: false,
  isSuspect: false,
  detail: 'has not said anything yet',
} as const;

/** R6: whoever sees the cluster answer around its ingress is believed. */
function causeOf(votes: readonly CurrentVote[]): FailureCause | undefined {
  const causes = votes.filter(({ state, isSuspect }) => state === 'unhealthy' && !isSuspect).map(({ cause }) => cause);
  if (causes.includes('Ingress')) return 'Ingress';
  return causes.includes('Cluster') ? 'Cluster' : undefined;
}
