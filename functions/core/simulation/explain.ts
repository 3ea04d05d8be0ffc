import type { Vote } from '../../../schemas/cluster.ts';
import type { Split } from '../../../schemas/distribution.ts';
import type { ExplanationStep } from '../../../schemas/explanation.ts';
import { say } from '../../../schemas/messages/index.ts';
import { type ReasonCode, sentenceOf } from '../../../schemas/reasons.ts';
import type { ServiceSpec } from '../../../schemas/service.ts';
import { effectiveShares, type InForce, LIMIT_REASONS, type Shared, shares } from '../allocation/points.ts';
import { NO_ALLOCATION } from '../allocation/sealed.ts';
import { type OpenQuestion, questionText } from '../failover/data-gates.ts';
import type { Traffic } from '../failover/traffic.ts';
import { BRAKE_REASONS } from '../failover/waits.ts';
import { serviceWithdrawalsOf, type Withdrawal, withdrawalsOf } from '../failover/withdrawals.ts';
import type { Pool } from '../model/ir.ts';
import type { Resource } from '../model/resource.ts';
import { compareText } from '../model/text.ts';
import { isoOf } from '../model/time.ts';
import { declaredMembers, isNamedBy, placeOf } from '../routing/distribution.ts';

/** A backend of a route, and everything that decides which clusters serve it. */
export interface BackendFacts {
  split: Split;
  /** The service of the backend; undefined when it is gone. */
  service: ServiceSpec | undefined;
  /** The clusters that export the service, by name. */
  clusters: ReadonlyMap<string, Resource<'cluster'>>;
  pool: Pool;
  traffic: Traffic;
  /** The current votes, by cluster. */
  votes: ReadonlyMap<string, Vote[]>;
  /** The questions that data gates ask now. */
  questions: readonly OpenQuestion[];
}

const NOTHING: InForce = { allocation: NO_ALLOCATION };

type Percents = ReadonlyMap<string, number>;

/**
 * Explains the share of each cluster: the same arithmetic as `shares`, with one influence after the other taken into
 * account.
 */
export function explainBackend(facts: BackendFacts): ExplanationStep[] {
  return [
    ...declaredSteps(facts),
    ...exportSteps(facts),
    ...pinSteps(facts),
    ...withdrawalSteps(facts),
    ...brakeSteps(facts),
    ...allocationSteps(facts),
    ...shares(facts.pool, facts.traffic).map(({ cluster, effectivePercent, reason, message }) => ({
      step: 'intended' as const,
      cluster,
      reason,
      text: message,
      after: effectivePercent,
    })),
  ];
}

function percents(pool: Shared, traffic: InForce): Percents {
  return new Map(effectiveShares(pool, traffic).map(({ cluster, percent }) => [cluster, percent]));
}

/** Returns the pool as people declare it, whether or not the clusters export the service. */
function declaredPool({ split, service, clusters, pool }: BackendFacts): Shared {
  return { members: service ? declaredMembers(split, service, clusters) : [], pinned: pool.pinned };
}

function declaredSteps(facts: BackendFacts): ExplanationStep[] {
  const declared = declaredPool(facts);
  const after = percents(declared, NOTHING);
  return declared.members.map(({ cluster, weight, tier }) => ({
    step: 'declared',
    cluster,
    text: say('WeightInTier', { weight: weightText(facts, cluster, weight), tier }).text,
    after: after.get(cluster) ?? 0,
  }));
}

/**
 * Returns the weight as it is declared. Where sites or cities share one weight, the weight of a cluster is only its
 * part of it.
 */
function weightText({ split, clusters }: BackendFacts, cluster: string, weight: number): string {
  const member = split.clusters.find((item) => isNamedBy(item, cluster, clusters));
  if (member === undefined || !('weight' in member)) {
    return `${split.strategy === 'weighted' ? 'weight' : 'replicas'} ${weight}`;
  }
  const { by, name } = placeOf(member);
  return by === 'cluster'
    ? `weight ${member.weight}`
    : say('PartOfWeight', { weight: String(member.weight), by, name }).text;
}

function exportSteps(facts: BackendFacts): ExplanationStep[] {
  const before = percents(declaredPool(facts), NOTHING);
  const after = percents(facts.pool, NOTHING);
  const gone = [...before.keys()].filter((cluster) => !after.has(cluster));
  if (gone.length === 0) return [];
  const why = (cluster: string) =>
    say(after.has(cluster) ? 'ServesForOthers' : 'NotExported', { service: facts.pool.service }).text;
  const moved = differing(before, after).filter((cluster) => !gone.includes(cluster));
  return [...gone, ...moved].map((cluster) => moveOf('exports', cluster, why(cluster), before, after));
}

function pinSteps({ split, pool }: BackendFacts): ExplanationStep[] {
  if (pool.pinned) return [{ step: 'pin', reason: 'Pinned', text: sentenceOf('Pinned', {}) }];
  if (split.pin !== 'prefer') return [];
  return [{ step: 'pin', text: say('Preferred').text }];
}

/**
 * Returns the withdrawals in the order in which they began: what each of them takes away, and which clusters get it.
 */
function withdrawalSteps({ pool, traffic, votes }: BackendFacts): ExplanationStep[] {
  if (pool.pinned) return [];
  const relevant = [...withdrawalsOf(traffic), ...serviceWithdrawalsOf(traffic, pool.service)]
    .filter((item) => pool.members.some(({ cluster }) => cluster === item.cluster))
    .sort((a, b) => a.sinceMs - b.sinceMs || compareText(a.cluster, b.cluster));
  return relevant.flatMap((item, index) => {
    const [before, after] = [index, index + 1].map((count) =>
      percents(pool, limitedBy(traffic, relevant.slice(0, count))),
    ) as [Percents, Percents];
    const reason = reasonFor(item, traffic);
    const own = moveOf('withdrawal', item.cluster, withdrawn(item, reason, before, after), before, after);
    const others = differing(before, after).filter((cluster) => cluster !== item.cluster);
    return [
      { ...own, reason, withdrawal: shown(item), votes: votes.get(item.cluster) ?? [] },
      ...others.map((cluster) =>
        moveOf('withdrawal', cluster, say('ServesForCluster', { cluster: item.cluster }).text, before, after),
      ),
    ];
  });
}

/**
 * Returns the steps for failing clusters that a brake keeps in, and for clusters that wait for the answer to a
 * question.
 */
function brakeSteps({ pool, traffic, questions }: BackendFacts): ExplanationStep[] {
  if (pool.pinned) return [];
  return pool.members.flatMap(({ cluster }): ExplanationStep[] => {
    const state = traffic.clusters.find((item) => item.cluster === cluster);
    const question = questions.find(({ clusters }) => clusters.includes(cluster));
    if (state?.standing === 'suspected' && state.brake) {
      const reason = BRAKE_REASONS[state.brake.name];
      const { untilMs } = state.brake;
      const until = untilMs === undefined ? {} : { until: isoOf(untilMs) };
      return [{ step: 'brake', cluster, reason, text: `${sentenceOf(reason, until)} (${state.reason})` }];
    }
    return question ? [{ step: 'brake', cluster, reason: 'AwaitsRegainAnswer', text: questionText(question) }] : [];
  });
}

/** Returns an allocation that limits only the clusters of these withdrawals. */
function limitedBy({ allocation }: Traffic, some: readonly Withdrawal[]): InForce {
  const isMeant = (own: { cluster: string; service?: string }) =>
    some.some(({ cluster, service }) => cluster === own.cluster && service === own.service);
  const limits = allocation.limits.filter(isMeant);
  const services = allocation.services?.filter(isMeant) ?? [];
  return { allocation: { ...NO_ALLOCATION, limits, ...(services.length > 0 && { services }) } };
}

/** Returns the reason code of the gravest limit that holds the cluster back. */
function reasonFor({ cluster, service }: Withdrawal, { allocation }: Traffic): ReasonCode {
  const all =
    service === undefined ? allocation.limits : allocation.services?.filter((item) => item.service === service);
  const own = all?.find((item) => item.cluster === cluster)?.limits ?? [];
  const found = GRAVEST_FIRST.find((reason) => own.some((limit) => limit.reason === reason));
  return LIMIT_REASONS[found ?? 'capacity'];
}

const GRAVEST_FIRST = Object.keys(LIMIT_REASONS) as (keyof typeof LIMIT_REASONS)[];

function withdrawn(item: Withdrawal, reason: ReasonCode, before: Percents, after: Percents): string {
  const share = before.get(item.cluster) ?? 0;
  const isKept = share > 0 && item.percent === 0 && (after.get(item.cluster) ?? 0) > 0;
  return say('Withdrawn', { percent: item.percent, sentence: sentenceOf(reason, {}), reason: item.reason, isKept })
    .text;
}

function shown({ percent, cause, sinceMs, reason, decision }: Withdrawal): ExplanationStep['withdrawal'] {
  return { percent, cause, since: isoOf(sinceMs), reason, decision };
}

/**
 * Returns the effects that a fleet's backends have on each other: through the capacity of clusters, and through what
 * members had before.
 */
function allocationSteps({ pool, traffic }: BackendFacts): ExplanationStep[] {
  const all = [...withdrawalsOf(traffic), ...serviceWithdrawalsOf(traffic, pool.service)];
  const [before, after] = [percents(pool, limitedBy(traffic, all)), percents(pool, traffic)];
  const { text } = say('AllocatedTogether');
  return differing(before, after).map((cluster) => moveOf('allocation', cluster, text, before, after));
}

function differing(before: Percents, after: Percents): string[] {
  return [...after.keys()].filter((cluster) => after.get(cluster) !== (before.get(cluster) ?? 0));
}

function moveOf(
  step: ExplanationStep['step'],
  cluster: string,
  text: string,
  before: Percents,
  after: Percents,
): ExplanationStep {
  return { step, cluster, text, before: before.get(cluster) ?? 0, after: after.get(cluster) ?? 0 };
}
