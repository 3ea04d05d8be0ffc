/**
 * Scores a fleet whose automation does not act: how much traffic it keeps on clusters that are down, and how well its
 * recommendations have done.
 */

import type { Decision, WithheldShare } from '../../../schemas/decision.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { RecommendationScore, ScoredFailure } from '../../../schemas/recommendation-score.ts';
import { placementShares } from '../allocation/points.ts';
import type { DecisionInput } from '../failover/decision-input.ts';
import type { Traffic } from '../failover/traffic.ts';
import { isoOf, msOf } from '../model/time.ts';

/**
 * Returns the clusters that are down, each with the traffic that the recommended points would take away from it;
 * undefined where automation acts.
 */
export function withheldOf({ placements, policy }: DecisionInput, traffic: Traffic): WithheldShare[] | undefined {
  if (policy.automation === 'automatic') return undefined;
  const down = traffic.clusters.filter(({ standing }) => standing === 'down').map(({ cluster }) => cluster);
  const isLoaded = placements.some(({ load }) => load > 0);
  const amountOf = (placement: DecisionInput['placements'][number]) =>
    isLoaded ? placement.load : placement.pools.length;
  const total = placements.reduce((sum, placement) => sum + amountOf(placement), 0);
  const kept = new Map(down.map((cluster) => [cluster, 0]));
  for (const placement of down.length > 0 && traffic.recommended ? placements : []) {
    const given = placementShares(placement, traffic);
    const advised = placementShares(placement, { allocation: traffic.recommended ?? traffic.allocation });
    for (const [index, { cluster, percent }] of given.entries()) {
      const before = kept.get(cluster);
      const excess = Math.max(0, percent - (advised[index]?.percent ?? 0));
      if (before !== undefined) kept.set(cluster, before + (excess * amountOf(placement)) / 100);
    }
  }
  return [...kept].map(([cluster, amount]) => ({
    cluster,
    percent: total === 0 ? 0 : rounded((100 * amount) / total),
    ...(isLoaded && { requestsPerSecond: rounded(amount) }),
  }));
}

/** The fields of a decision that are scored. */
export type ScoredDecision = Pick<Decision, 'id' | 'decidedAt' | 'outcome' | 'withheld'>;

/** The period that is scored. Times are milliseconds since the epoch. */
export interface Scope {
  sinceMs: number;
  untilMs: number;
  /** The longest time that voters take to find a cluster healthy after it answers again. */
  flapMs: number;
}

/** A failure of a cluster, and the traffic that the cluster keeps meanwhile. */
interface Failure {
  decision: string;
  cluster: string;
  sinceMs: number;
  /** The time at which the cluster was found healthy again, or people took its traffic away. */
  untilMs?: number | undefined;
  isActedUpon: boolean;
  isRecovered: boolean;
  /** True when automation would have taken traffic away from it. */
  isMovable: boolean;
  share: WithheldShare;
  percentSeconds: number;
  requests?: number | undefined;
}

type Score = Omit<RecommendationScore, 'fleet' | 'automation' | 'isWholeWeek' | 'conclusion'>;

/**
 * Scores the decisions of a fleet whose automation does not act, oldest first. A decision from before the period tells
 * what was down when the period began.
 */
export function scoreOf(decisions: readonly ScoredDecision[], scope: Scope): Score {
  const failures = failuresIn(decisions, scope).filter(({ isMovable }) => isMovable);
  const scored = failures.map((failure) => scoredFailure(failure, scope)).reverse();
  const numberOf = (assessment: ScoredFailure['assessment']) =>
    scored.filter((item) => item.assessment === assessment).length;
  const costly = scored.filter(({ assessment }) => assessment !== 'regretted');
  return {
    since: isoOf(scope.sinceMs),
    until: isoOf(scope.untilMs),
    flapSeconds: scope.flapMs / 1000,
    failovers: scored.length,
    confirmed: numberOf('confirmed'),
    regretted: numberOf('regretted'),
    open: numberOf('open'),
    percentSeconds: rounded(costly.reduce((sum, item) => sum + item.percentSeconds, 0)),
    ...requestsOf(costly),
    failures: scored.slice(0, MAX_SHOWN),
  };
}

const MAX_SHOWN = 100;

/** Returns the failures in the order in which they began. */
function failuresIn(decisions: readonly ScoredDecision[], { sinceMs, untilMs }: Scope): Failure[] {
  const open = new Map<string, Failure>();
  const all: Failure[] = [];
  let reachedMs = sinceMs;
  const passTo = (ms: number) => {
    const seconds = Math.max(0, Math.min(ms, untilMs) - reachedMs) / 1000;
    for (const failure of open.values()) accrue(failure, seconds);
    reachedMs = Math.max(reachedMs, ms);
  };
  for (const decision of decisions) {
    const atMs = msOf(decision.decidedAt);
    passTo(atMs);
    const shares = new Map((decision.withheld ?? []).map((share) => [share.cluster, share]));
    for (const failure of open.values()) {
      if (shares.has(failure.cluster)) continue;
      failure.isRecovered = true;
      failure.untilMs ??= atMs;
      open.delete(failure.cluster);
    }
    for (const share of shares.values()) {
      const known = open.get(share.cluster);
      const failure = known ?? begun(decision, share, atMs);
      if (known === undefined) all.push(failure);
      open.set(share.cluster, failure);
      proceed(failure, share, decision, atMs);
    }
  }
  passTo(untilMs);
  return all;
}

function begun({ id }: ScoredDecision, share: WithheldShare, sinceMs: number): Failure {
  const { cluster } = share;
  const failure = { decision: id, cluster, sinceMs, share, percentSeconds: 0 };
  return { ...failure, isActedUpon: false, isRecovered: false, isMovable: false };
}

/**
 * Records a further decision on a failure. When what was withheld has been put into force, people have acted on it;
 * they may undo that later.
 */
function proceed(failure: Failure, share: WithheldShare, { outcome }: ScoredDecision, atMs: number): void {
  const isPutInForce = outcome === 'applied' && failure.share.percent > 0 && share.percent === 0;
  if (isPutInForce) Object.assign(failure, { isActedUpon: true, untilMs: atMs });
  if (share.percent > 0) Object.assign(failure, { isMovable: true, untilMs: undefined });
  failure.share = share;
}

function accrue(failure: Failure, seconds: number): void {
  const { percent, requestsPerSecond } = failure.share;
  failure.percentSeconds += percent * seconds;
  if (requestsPerSecond !== undefined) failure.requests = (failure.requests ?? 0) + requestsPerSecond * seconds;
}

function scoredFailure(failure: Failure, { untilMs: nowMs, flapMs }: Scope): ScoredFailure {
  const { cluster, decision, sinceMs, untilMs, isActedUpon, isRecovered, percentSeconds, requests } = failure;
  const isLong = (untilMs ?? nowMs) - sinceMs > flapMs;
  const unconfirmed = isRecovered ? 'regretted' : 'open';
  return {
    cluster,
    decision,
    since: isoOf(sinceMs),
    ...(untilMs !== undefined && { until: isoOf(untilMs) }),
    assessment: isActedUpon || isLong ? 'confirmed' : unconfirmed,
    percentSeconds: rounded(percentSeconds),
    ...(requests !== undefined && { requests: rounded(requests) }),
  };
}

function requestsOf(failures: readonly ScoredFailure[]): Pick<Score, 'requests'> {
  const known = failures.flatMap(({ requests }) => requests ?? []);
  return known.length === 0 ? {} : { requests: rounded(known.reduce((sum, requests) => sum + requests, 0)) };
}

/** Returns the score in one sentence. */
export function conclusionOf(score: Omit<RecommendationScore, 'conclusion'>): string {
  if (score.automation === 'automatic') return say('NothingToScore').text;
  const when = say('ScoreSince', score).text;
  if (score.failovers === 0) return say('NoneWithheld', { when }).text;
  const { failovers, confirmed, regretted, open, percentSeconds } = score;
  const seconds = Math.round(percentSeconds / 100);
  const requests = score.requests === undefined ? undefined : Math.round(score.requests);
  return say('Withheld', { when, failovers, confirmed, regretted, open, seconds, requests }).text;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
