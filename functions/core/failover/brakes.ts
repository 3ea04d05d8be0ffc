/** What keeps a cluster that fails in for a time: few brakes, declared, bounded, and shown. None holds back a return. */

import type { FailoverPolicy } from '../../../schemas/failover.ts';
import { type Context, stateOf, type Watched } from './context.ts';
import type { Circumstances } from './standing.ts';
import type { Traffic } from './traffic.ts';

type Brake = NonNullable<Circumstances['brake']>;

/** The brake that speaks against taking a cluster out now; undefined where none does. */
export function brakeFor(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  return correlationBrake(context, traffic, item) ?? maxRemovedBrake(context, traffic, item);
}

/** Whether the policy wants people to be asked; `halt` is its name in an earlier release. */
export function asks({ action }: FailoverPolicy['correlation']): boolean {
  return action === 'ask' || action === 'halt';
}

/** Clusters of other sites that failed within the window, and so may have a cause in common with this one. */
export function correlatedWith({ situation, clusters }: Context, traffic: Traffic, { facts }: Watched): string[] {
  const windowMs = situation.policy.failover.correlation.windowSeconds * 1000;
  return traffic.clusters
    .filter(({ cluster, standing, sinceMs, failuresMs }) => {
      const other = clusters.get(cluster);
      const atMs = standing === 'suspected' ? sinceMs : failuresMs.at(-1);
      const isNear = atMs !== undefined && situation.nowMs - atMs <= windowMs;
      return other !== undefined && cluster !== facts.name && other.facts.site !== facts.site && isNear;
    })
    .map(({ cluster }) => cluster);
}

/** It is asked for once, when the cluster fails: what becomes of the others afterwards does not count. */
function correlationBrake(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { nowMs, policy } = context.situation;
  const { correlation } = policy.failover;
  if (!asks(correlation) || isCorroborated(context, item)) return undefined;
  const { standing, brake, reason } = stateOf(traffic, item.facts);
  if (standing === 'suspected') {
    return brake?.name === 'correlation' && nowMs < brake.untilMs ? { ...brake, reason } : undefined;
  }
  const others = correlatedWith(context, traffic, item);
  if (others.length === 0) return undefined;
  const untilMs = nowMs + correlation.askSeconds * 1000;
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

function maxRemovedBrake({ situation, clusters }: Context, traffic: Traffic, { facts }: Watched): Brake | undefined {
  const { nowMs, policy } = situation;
  const { maxRemoved } = policy.safety;
  if (maxRemoved === undefined || isSetAside(traffic, nowMs)) return undefined;
  const windowMs = maxRemoved.windowSeconds * 1000;
  const limit = maxRemoved.clusters ?? Math.max(1, Math.floor((clusters.size * (maxRemoved.percent ?? 100)) / 100));
  const removed = traffic.clusters
    .filter(({ cluster }) => cluster !== facts.name && clusters.has(cluster))
    .flatMap(({ removedAtMs }) => removedAtMs ?? [])
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
