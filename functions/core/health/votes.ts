import type { FailureCause, HealthState } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import type { HealthPolicy } from '../../../schemas/fleet.ts';
import { say } from '../../../schemas/messages/index.ts';
import { compareText } from '../model/text.ts';
import { alarm } from './alerts.ts';
import { slowness } from './impairment.ts';
import type { CurrentVote, HealthRecord, Impairment, VoterRecord } from './types.ts';
import { isCounted, vantageOf } from './voters.ts';
import { isAhead, saidAtMs } from './vouch.ts';
import { countIn, runsOf } from './window.ts';

export interface Tally {
  /** The votes of all counted voters that watch the cluster, in the order of the voters. */
  votes: CurrentVote[];
  /**
   * The numbers of valid votes for healthy (`up`) and unhealthy (`down`), and the number that a verdict needs
   * (`quorum`).
   */
  up: number;
  down: number;
  quorum: number;
  /** The verdict of the quorum; unknown when there is none, in which case everything stays as it is. */
  verdict: HealthState;
  /** The cause of the failure; present only when the verdict is unhealthy. */
  cause?: FailureCause | undefined;
  /** The vantages of the voters that made the verdict, sorted by name; empty while there is none. */
  vantages: string[];
  /** The impairment that speaks against the cluster although it answers. */
  impaired?: Impairment | undefined;
}

/** The rules by which votes are counted. The simulator replaces them one by one, to show what each of them is for. */
export interface VoteRules {
  /**
   * Tells whether an observation is recent enough to count. An older one says nothing about now, and neither does one
   * from the future.
   */
  isFresh: (observedAtMs: number, policy: HealthPolicy, nowMs: number) => boolean;
  /** Tells whether the voter's own network seems to be at fault. */
  isSuspect: (suspectUntilMs: number, nowMs: number) => boolean;
  /**
   * Returns the number of votes that a verdict needs: a majority of the voters that are configured, not of those that
   * have answered.
   */
  quorumOf: (voters: number) => number;
  /** Tells whether voters of these types are sufficient for a verdict. Views of gateways alone are not. */
  isSufficient: (types: readonly Voter['type'][]) => boolean;
}

export const VOTE_RULES: VoteRules = {
  isFresh: (observedAtMs, policy, nowMs) =>
    nowMs - observedAtMs <= freshnessMs(policy) && !isAhead(observedAtMs, nowMs),
  isSuspect: (suspectUntilMs, nowMs) => nowMs < suspectUntilMs,
  quorumOf: (voters) => Math.floor(voters / 2) + 1,
  isSufficient: (types) => types.some((type) => type !== 'gateway-view'),
};

/** Returns how long a vote counts, in milliseconds: a voter may miss two rounds of probes. */
export function freshnessMs({ intervalSeconds, timeoutSeconds }: HealthPolicy): number {
  return 3 * (intervalSeconds + timeoutSeconds) * 1000;
}

/**
 * Counts the votes on a cluster at `nowMs`. The cluster is healthy or unhealthy when a majority of all counted voters
 * says so by votes that are fresh and not suspect, at least one of them other than the view of a gateway. It is
 * impaired when such a majority finds it slow, or when a monitoring system raises an alert.
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
  detail: say('NotHeardYet').text,
} as const;

/**
 * Returns the cause of a failure. A voter that sees the cluster answer when its ingress is bypassed is believed: the
 * cause is then the ingress.
 */
function causeOf(votes: readonly CurrentVote[]): FailureCause | undefined {
  const causes = votes.filter(({ state, isSuspect }) => state === 'unhealthy' && !isSuspect).map(({ cause }) => cause);
  if (causes.includes('Ingress')) return 'Ingress';
  return causes.includes('Cluster') ? 'Cluster' : undefined;
}
