/** What keeps a cluster that fails in for a time: few brakes, declared, bounded, and shown. None holds back a return. */

import type { FailoverPolicy } from '../../../schemas/failover.ts';
import { isLeaving } from './ask-gates.ts';
import { type Context, findingOf, stateOf, type Watched } from './context.ts';
import { gateEndMs, gateOf, isReleased, questionOf } from './data-gates.ts';
import { gatedClusters } from './limits.ts';
import type { Circumstances } from './standing.ts';
import type { Traffic } from './traffic.ts';

type Brake = NonNullable<Circumstances['brake']>;

/**
 * The brake that speaks against taking a cluster out now; undefined where none does. One that is on its way back goes without being asked for, and
 * is no new removal where it was taken out within the window before.
 */
export function brakeFor(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { standing } = stateOf(traffic, item.facts);
  const isBack = standing === 'up' || standing === 'suspected';
  const correlation = isBack ? correlationBrake(context, traffic, item) : undefined;
  return correlation ?? dataGateBrake(context, traffic, item) ?? maxRemovedBrake(context, traffic, item);
}

/** Whether the policy wants people to be asked; `halt` is its name in an earlier release. */
export function asks({ action }: FailoverPolicy['correlation']): boolean {
  return action === 'ask' || action === 'halt';
}

/** Clusters of other sites that failed within the window of this one, and so may have a cause in common with it. */
export function correlatedWith({ situation, clusters }: Context, traffic: Traffic, item: Watched): string[] {
  const windowMs = situation.policy.failover.correlation.windowSeconds * 1000;
  const ownMs = failingSinceMs(item) ?? situation.nowMs;
  return [...clusters.values()]
    .filter((other) => {
      const atMs = failedAtMs(traffic, other);
      return other.facts.site !== item.facts.site && atMs !== undefined && Math.abs(ownMs - atMs) <= windowMs;
    })
    .map(({ facts }) => facts.name);
}

/** When it failed last; while a person says that it does not, since when its voters say so. */
function failedAtMs(traffic: Traffic, item: Watched): number | undefined {
  if (findingOf(traffic, item) !== item.tally.verdict) return failingSinceMs(item);
  return stateOf(traffic, item.facts).failuresMs.at(-1);
}

/** Since when its voters find it failing, whatever people or a closed gate say; undefined while they do not. */
function failingSinceMs({ record, tally }: Watched): number | undefined {
  return tally.verdict === 'unhealthy' && record?.state === 'unhealthy' ? record.sinceMs : undefined;
}

/** It is asked for once, when the cluster fails: what becomes of the others afterwards does not count. */
function correlationBrake(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { nowMs, policy } = context.situation;
  const { correlation } = policy.failover;
  if (!asks(correlation) || isCorroborated(context, item)) return undefined;
  const { standing, brake, reason } = stateOf(traffic, item.facts);
  if (standing === 'suspected') {
    return brake?.name === 'correlation' && nowMs < (brake.untilMs ?? 0) ? { ...brake, reason } : undefined;
  }
  const others = correlatedWith(context, traffic, item);
  const untilMs = (failingSinceMs(item) ?? nowMs) + correlation.askSeconds * 1000;
  if (others.length === 0 || nowMs >= untilMs) return undefined;
  const why = `${others.join(' and ')} failed within ${correlation.windowSeconds} s of it, and voters of one vantage alone say so`;
  return { name: 'correlation', untilMs, reason: why };
}

/** Voters of two vantages say so; or the network of the voters works, and they see another cluster answer. */
export function isCorroborated({ situation, clusters }: Context, { facts, tally }: Watched): boolean {
  const against = tally.votes.filter(({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect);
  if (tally.vantages.length > 1) return true;
  if (situation.policy.controlTargets.length === 0) return false;
  const names = new Set(against.map(({ voter }) => voter));
  return [...clusters.values()].some(({ facts: other, tally: seen }) => {
    const isHealthy = seen.votes.some(
      ({ voter, state, isFresh }) => names.has(voter) && state === 'healthy' && isFresh,
    );
    return other.name !== facts.name && isHealthy;
  });
}

/** The last clusters of a city stay until its data is ready elsewhere, and it is said so. */
function dataGateBrake(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { nowMs, policy } = context.situation;
  const { city = '' } = item.facts;
  const question = questionOf(traffic, city);
  if (question?.way !== 'leave' || isReleased(policy, question, nowMs) || !isLeaving(context, traffic, item)) {
    return undefined;
  }
  const gate = gateOf(policy, city);
  const untilMs = gate && gateEndMs(gate, question);
  const reason = `it is the last of ${city}, and its data gate asks whether the city may be left`;
  return { name: 'data-gate', ...(untilMs !== undefined && { untilMs }), reason };
}

/** A cluster that a closed gate keeps in is not taken out. */
function maxRemovedBrake(context: Context, traffic: Traffic, { facts }: Watched): Brake | undefined {
  const { situation, clusters } = context;
  const { nowMs, policy } = situation;
  const { maxRemoved } = policy.safety;
  if (maxRemoved === undefined || isSetAside(traffic, nowMs) || gatedClusters(context).has(facts.name))
    return undefined;
  const windowMs = maxRemoved.windowSeconds * 1000;
  const { removedAtMs } = stateOf(traffic, facts);
  if (removedAtMs !== undefined && nowMs - removedAtMs < windowMs) return undefined;
  const limit = maxRemoved.clusters ?? Math.max(1, Math.floor((clusters.size * (maxRemoved.percent ?? 100)) / 100));
  const removed = traffic.clusters
    .filter(({ cluster }) => cluster !== facts.name && clusters.has(cluster))
    .flatMap((state) => state.removedAtMs ?? [])
    .concat(traffic.goneRemovalsMs ?? [])
    .filter((atMs) => nowMs - atMs < windowMs)
    .sort((a, b) => a - b);
  if (removed.length < limit) return undefined;
  const freed = removed[removed.length - limit] ?? nowMs;
  const reason = `${removed.length} clusters were taken out within ${maxRemoved.windowSeconds} s, and ${limit} may be`;
  return { name: 'max-removed', untilMs: freed + windowMs, reason };
}

function isSetAside({ breakGlasses }: Traffic, nowMs: number): boolean {
  return breakGlasses.some(({ rules, expiresAtMs }) => expiresAtMs > nowMs && rules.includes('max-removed'));
}
