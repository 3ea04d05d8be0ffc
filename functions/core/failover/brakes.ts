/**
 * Brakes, which keep a failing cluster in for a time. They are few, declared, bounded and shown, and none of them holds
 * back a return.
 */

import type { FailoverPolicy } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import { isLeaving } from './ask-gates.ts';
import { type Context, quorumVerdictOf, stateOf, type Watched } from './context.ts';
import { gateEndMs, gateOf, isReleased, questionOf } from './data-gates.ts';
import { clustersBehindClosedGates } from './limits.ts';
import type { TransitionInput } from './standing.ts';
import type { Traffic } from './traffic.ts';

type Brake = NonNullable<TransitionInput['brake']>;

/**
 * Returns the brake that speaks against taking a cluster out now; undefined when there is none. A cluster on its way
 * back is taken out without asking, and is no new removal if it was taken out within the window before.
 */
export function brakeFor(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { standing } = stateOf(traffic, item.facts);
  const isBack = standing === 'up' || standing === 'suspected';
  const correlation = isBack ? correlationBrake(context, traffic, item) : undefined;
  return correlation ?? dataGateBrake(context, traffic, item) ?? maxRemovedBrake(context, traffic, item);
}

/** Tells whether the policy wants people to be asked. `halt` is the name that an earlier release gave to `ask`. */
export function asks({ action }: FailoverPolicy['correlation']): boolean {
  return action === 'ask' || action === 'halt';
}

/**
 * Returns the clusters of other sites that failed within the correlation window of this one, and so may share a cause
 * with it.
 */
export function correlatedWith({ input, clusters }: Context, traffic: Traffic, item: Watched): string[] {
  const windowMs = input.policy.failover.correlation.windowSeconds * 1000;
  const ownMs = failingSinceMs(item) ?? input.nowMs;
  return [...clusters.values()]
    .filter((other) => {
      const atMs = failedAtMs(traffic, other);
      return other.facts.site !== item.facts.site && atMs !== undefined && Math.abs(ownMs - atMs) <= windowMs;
    })
    .map(({ facts }) => facts.name);
}

/**
 * Returns the time of the cluster's last failure; while a person says that it does not fail, the time since which its
 * voters say otherwise.
 */
function failedAtMs(traffic: Traffic, item: Watched): number | undefined {
  if (quorumVerdictOf(traffic, item) !== item.tally.verdict) return failingSinceMs(item);
  return stateOf(traffic, item.facts).failuresMs.at(-1);
}

/**
 * Returns the time since which its voters find it failing, whatever people or a closed gate say; undefined while they
 * do not.
 */
function failingSinceMs({ record, tally }: Watched): number | undefined {
  return tally.verdict === 'unhealthy' && record?.state === 'unhealthy' ? record.sinceMs : undefined;
}

/**
 * Returns the brake that asks people about a correlated failure. It asks once, when the cluster fails; later changes of
 * the other clusters do not matter.
 */
function correlationBrake(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { nowMs, policy } = context.input;
  const { correlation } = policy.failover;
  if (!asks(correlation) || isCorroborated(context, item)) return undefined;
  const { standing, brake, reason } = stateOf(traffic, item.facts);
  if (standing === 'suspected') {
    return brake?.name === 'correlation' && nowMs < (brake.untilMs ?? 0) ? { ...brake, reason } : undefined;
  }
  const others = correlatedWith(context, traffic, item);
  const untilMs = (failingSinceMs(item) ?? nowMs) + correlation.askSeconds * 1000;
  if (others.length === 0 || nowMs >= untilMs) return undefined;
  const why = say('FailedWithOthers', { others: others.join(' and '), seconds: correlation.windowSeconds });
  return { name: 'correlation', untilMs, reason: why.text };
}

/**
 * Tells whether a failure is confirmed: voters of several vantages see it, or, where control targets show whether the
 * voters' own network works, an accusing voter sees another cluster answer.
 */
export function isCorroborated({ input, clusters }: Context, { facts, tally }: Watched): boolean {
  const against = tally.votes.filter(({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect);
  if (tally.vantages.length > 1) return true;
  if (input.policy.controlTargets.length === 0) return false;
  const names = new Set(against.map(({ voter }) => voter));
  return [...clusters.values()].some(({ facts: other, tally: seen }) => {
    const isHealthy = seen.votes.some(
      ({ voter, state, isFresh }) => names.has(voter) && state === 'healthy' && isFresh,
    );
    return other.name !== facts.name && isHealthy;
  });
}

/**
 * Returns the brake that keeps the last clusters of a city in until a person or the clock says that the city's data is
 * ready elsewhere.
 */
function dataGateBrake(context: Context, traffic: Traffic, item: Watched): Brake | undefined {
  const { nowMs, policy } = context.input;
  const { city = '' } = item.facts;
  const question = questionOf(traffic, city);
  if (question?.way !== 'leave' || isReleased(policy, question, nowMs) || !isLeaving(context, traffic, item)) {
    return undefined;
  }
  const gate = gateOf(policy, city);
  const untilMs = gate && gateEndMs(gate, question);
  const reason = say('LastOfCity', { city }).text;
  return { name: 'data-gate', ...(untilMs !== undefined && { untilMs }), reason };
}

/**
 * Returns the brake that limits how many clusters are taken out within a window. It does not apply to a cluster behind
 * a closed gate, which is not taken out anyway.
 */
function maxRemovedBrake(context: Context, traffic: Traffic, { facts }: Watched): Brake | undefined {
  const { input, clusters } = context;
  const { nowMs, policy } = input;
  const { maxRemoved } = policy.safety;
  if (maxRemoved === undefined || isSetAside(traffic, nowMs) || clustersBehindClosedGates(context).has(facts.name))
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
  const why = say('TooManyOut', { count: removed.length, seconds: maxRemoved.windowSeconds, most: limit });
  return { name: 'max-removed', untilMs: freed + windowMs, reason: why.text };
}

function isSetAside({ breakGlasses }: Traffic, nowMs: number): boolean {
  return breakGlasses.some(({ rules, expiresAtMs }) => expiresAtMs > nowMs && rules.includes('max-removed'));
}
