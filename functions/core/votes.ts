import type { FailureCause, HealthState } from '../../schemas/cluster.ts';
import type { Voter } from '../../schemas/failover.ts';
import type { HealthPolicy } from '../../schemas/fleet.ts';
import type { Probe } from '../../schemas/probe.ts';
import type { HealthRecord, VoterRecord } from './health.ts';

/** What one voter says of a cluster now; times are epoch milliseconds. */
export interface CurrentVote {
  voter: string;
  /** unknown when it has not said anything for too long. */
  state: HealthState;
  sinceMs: number;
  consecutiveFailures: number;
  consecutiveSuccesses: number;
  observedAtMs?: number | undefined;
  isFresh: boolean;
  isSuspect: boolean;
  cause?: FailureCause | undefined;
  detail: string;
}

export interface Tally {
  /** Of all voters that watch the cluster, in their order. */
  votes: CurrentVote[];
  /** Valid votes, and how many of them it takes. */
  up: number;
  down: number;
  quorum: number;
  /** unknown: there is no quorum for anything, and all stays as it is. */
  verdict: HealthState;
  /** Of a cluster that is found unhealthy. */
  cause?: FailureCause | undefined;
}

/** The rules by which votes are counted; the simulator breaks them one by one. */
export interface VoteRules {
  /** R1: an older observation says nothing of now. */
  isFresh: (observedAtMs: number, policy: HealthPolicy, nowMs: number) => boolean;
  /** R4: the network of the voter seems to be at fault. */
  isSuspect: (suspectUntilMs: number, nowMs: number) => boolean;
  /** R3: of the voters that are configured, not of those that have answered. */
  quorumOf: (voters: number) => number;
  /** R5: the view of a gateway is not sufficient alone. */
  isSufficient: (types: readonly Voter['type'][]) => boolean;
}

export const VOTE_RULES: VoteRules = {
  isFresh: (observedAtMs, policy, nowMs) => nowMs - observedAtMs <= freshnessMs(policy),
  isSuspect: (suspectUntilMs, nowMs) => nowMs < suspectUntilMs,
  quorumOf: (voters) => Math.floor(voters / 2) + 1,
  isSufficient: (types) => types.some((type) => type !== 'gateway-view'),
};

/** A round and its answers may be missed twice. */
export function freshnessMs({ intervalSeconds, timeoutSeconds }: HealthPolicy): number {
  return 3 * (intervalSeconds + timeoutSeconds) * 1000;
}

/** Names of the voters that watch a cluster: gateways see every one, edge and agents those that have a probe for them. */
export function votersOf(
  { name, spec }: { name: string; spec: { probes: Probe[] } },
  voters: readonly Voter[],
): string[] {
  return voters.filter((voter) => watches(voter, name, spec.probes)).map((voter) => voter.name);
}

function watches(voter: Voter, cluster: string, probes: readonly Probe[]): boolean {
  if (voter.clusters && !voter.clusters.includes(cluster)) return false;
  if (voter.type === 'edge') return probes.some(({ from }) => from !== 'agents');
  if (voter.type === 'agent') return probes.some(({ from }) => from !== 'edge');
  return true;
}

/**
 * What the voters that watch a cluster say of it at `nowMs`. A cluster is up or down when a majority of all of them says so by votes that are
 * fresh and not suspect, one of them other than the view of a gateway.
 */
export function tally(
  record: Pick<HealthRecord, 'votes'> | undefined,
  voters: readonly Voter[],
  policy: HealthPolicy,
  nowMs: number,
  rules: VoteRules = VOTE_RULES,
): Tally {
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
  const sides = { up: typesOf('healthy', votes, voters), down: typesOf('unhealthy', votes, voters) };
  const wins = (side: Voter['type'][]) => side.length > 0 && side.length >= quorum && rules.isSufficient(side);
  const verdict = wins(sides.down) ? 'unhealthy' : wins(sides.up) ? 'healthy' : 'unknown';
  const counted = { votes, up: sides.up.length, down: sides.down.length, quorum, verdict } as const;
  const cause = verdict === 'unhealthy' ? causeOf(votes) : undefined;
  return cause === undefined ? counted : { ...counted, cause };
}

function currentVote(
  { name }: Voter,
  vote: VoterRecord | undefined,
  policy: HealthPolicy,
  nowMs: number,
  rules: VoteRules,
): CurrentVote {
  if (vote === undefined) return { ...SILENT, voter: name };
  const isFresh = vote.observedAtMs > 0 && rules.isFresh(vote.observedAtMs, policy, nowMs);
  return {
    voter: name,
    state: isFresh ? vote.state : 'unknown',
    sinceMs: vote.sinceMs,
    consecutiveFailures: vote.consecutiveFailures,
    consecutiveSuccesses: vote.consecutiveSuccesses,
    observedAtMs: vote.observedAtMs || undefined,
    isFresh,
    isSuspect: rules.isSuspect(vote.suspectUntilMs, nowMs),
    cause: vote.last.cause,
    detail: vote.last.detail,
  };
}

const SILENT = {
  state: 'unknown',
  sinceMs: 0,
  consecutiveFailures: 0,
  consecutiveSuccesses: 0,
  isFresh: false,
  isSuspect: false,
  detail: 'has not said anything yet',
} as const;

/** Types of the voters with a valid vote for the state. */
function typesOf(state: HealthState, votes: readonly CurrentVote[], voters: readonly Voter[]): Voter['type'][] {
  const types: Voter['type'][] = [];
  for (const [index, vote] of votes.entries()) {
    const voter = voters[index];
    if (voter && vote.state === state && vote.isFresh && !vote.isSuspect) types.push(voter.type);
  }
  return types;
}

/** R6: whoever sees the cluster answer around its ingress is believed. */
function causeOf(votes: readonly CurrentVote[]): FailureCause | undefined {
  const causes = votes.filter(({ state, isSuspect }) => state === 'unhealthy' && !isSuspect).map(({ cause }) => cause);
  if (causes.includes('Ingress')) return 'Ingress';
  return causes.includes('Cluster') ? 'Cluster' : undefined;
}
