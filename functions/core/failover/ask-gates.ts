/**
 * The steps that ask whether a city may be left or regained. Each question is asked once in an outage, and its time
 * counts from then.
 */

import { placementShares } from '../allocation/points.ts';
import { digest } from '../model/digest.ts';
import {
  type Context,
  quorumVerdictOf,
  moved,
  type Step,
  type StepResult,
  stateOf,
  UNCHANGED,
  type Watched,
} from './context.ts';
import { gateOf, questionOf, withQuestion, withQuestions } from './data-gates.ts';
import { clustersBehindClosedGates } from './limits.ts';
import type { ClusterState, GateQuestion, Traffic } from './traffic.ts';

/**
 * The step before standings are updated: asks about each city whose last clusters fail now, and drops the questions that
 * are over. When automation stops acting, open questions stay, but no new one is asked, since gateways keep what they
 * have and people decide what they are given.
 */
export const askToLeave: Step = (context, traffic) => {
  const kept = stillAsked(context, traffic);
  const next = gatesIn(context)
    .filter(({ city }) => context.acts && questionOf(kept, city) === undefined && isLost(context, kept, city))
    .reduce((so, { city }) => withQuestion(so, questionFor(context, city, 'leave')), kept);
  return changed(traffic, next);
};

/** The step after standings are updated: asks about each city that was out and has a cluster that has recovered. */
export const askToRegain: Step = (context, traffic) => {
  const next = gatesIn(context)
    .filter(({ city }) => context.acts && questionOf(traffic, city)?.way !== 'regain' && isBack(context, traffic, city))
    .reduce((so, { city }) => withQuestion(so, questionFor(context, city, 'regain')), traffic);
  return changed(traffic, next);
};

/**
 * Tells whether traffic would leave the city with this cluster: it fails and has traffic, and no other cluster of the
 * city is left to serve. Clusters that fail together all count as the last ones.
 */
export function isLeaving(context: Context, traffic: Traffic, item: Watched): boolean {
  const { facts } = item;
  const { standing, isGated, dismissedUntilMs = 0 } = stateOf(traffic, facts);
  const isServing = standing === 'down' ? isGated === true : standing !== 'joining';
  if (facts.city === undefined || !isServing || context.input.nowMs < dismissedUntilMs) return false;
  if (quorumVerdictOf(traffic, item) !== 'unhealthy' || clustersBehindClosedGates(context).has(facts.name)) return false;
  const others = clustersIn(context, facts.city).filter((other) => other !== item);
  return hasPoints(context, traffic, facts.name) && !others.some((other) => isLeft(context, traffic, other));
}

function gatesIn({ input }: Context) {
  return input.policy.failover.dataGates ?? [];
}

function clustersIn({ clusters }: Context, city: string): Watched[] {
  return [...clusters.values()].filter(({ facts }) => facts.city === city);
}

function isLost(context: Context, traffic: Traffic, city: string): boolean {
  return clustersIn(context, city).some((item) => isLeaving(context, traffic, item));
}

/**
 * Tells whether a cluster can take over what others of its city had: nothing speaks against it, and no person has taken
 * it out.
 */
function isLeft(context: Context, traffic: Traffic, item: Watched): boolean {
  const { name } = item.facts;
  const { standing, dismissedUntilMs = 0 } = stateOf(traffic, item.facts);
  const isFailing = quorumVerdictOf(traffic, item) === 'unhealthy' && context.input.nowMs >= dismissedUntilMs;
  if (isFailing || isTakenOut(traffic, name)) return false;
  if (standing === 'held') return hasPoints(context, traffic, name);
  return isIn(standing) && isMember(context, name);
}

function isIn(standing: ClusterState['standing']): boolean {
  return standing === 'up' || standing === 'ramping' || standing === 'suspected';
}

/**
 * Tells whether people have taken out the whole cluster. A cluster that has lost only single services can still take
 * over others.
 */
function isTakenOut({ shifts, drill }: Traffic, name: string): boolean {
  const isShifted = shifts.some(({ cluster, service, mode, percent }) => {
    return cluster === name && service === undefined && (mode === 'isolate' || (mode === 'drain' && percent === 0));
  });
  const isDrilled = drill?.service === undefined && drill?.clusters.includes(name) === true;
  return isShifted || (isDrilled && drill.phase !== 'returning');
}

function hasPoints({ placements }: Context, traffic: Traffic, name: string): boolean {
  return (placements.get(name) ?? []).some((placement) => {
    if (placement.pinned) return false;
    return placementShares(placement, traffic).some(({ cluster, percent }) => cluster === name && percent > 0);
  });
}

function isMember({ placements }: Context, name: string): boolean {
  return (placements.get(name) ?? []).some(({ pinned, members }) => {
    return !pinned && members.some(({ cluster, weight }) => cluster === name && weight > 0);
  });
}

/**
 * Tells whether a cluster of the city waits to return while none serves. After the city was left, any held cluster
 * counts; otherwise only one that was down.
 */
function isBack(context: Context, traffic: Traffic, city: string): boolean {
  const wasLeft = questionOf(traffic, city) !== undefined;
  const own = clustersIn(context, city);
  const states = own.map(({ facts }) => stateOf(traffic, facts));
  if (!states.some((state) => state.standing === 'held' && (wasLeft || hasRecovered(state)))) return false;
  const isAnyIn = states.some(({ standing, cluster }) => isIn(standing) && !isTakenOut(traffic, cluster));
  return !isAnyIn && !own.some((item) => servesOn(context, traffic, item));
}

/** Tells whether a held cluster still serves a part of its share that no failure has taken from it. */
function servesOn(context: Context, traffic: Traffic, item: Watched): boolean {
  const state = stateOf(traffic, item.facts);
  return state.standing === 'held' && !hasRecovered(state) && isLeft(context, traffic, item);
}

/** Tells whether the cluster is held because it was found healthy after it had been down. */
function hasRecovered({ recoveredAtMs, sinceMs }: ClusterState): boolean {
  return recoveredAtMs !== undefined && recoveredAtMs >= sinceMs;
}

/** Returns the traffic without the questions that are over. A question with a time in the future is set to now. */
function stillAsked(context: Context, traffic: Traffic): Traffic {
  const { nowMs } = context.input;
  const questions = traffic.gateQuestions ?? [];
  const kept = questions
    .filter((question) => !isOver(context, traffic, question))
    .map((question) => (question.askedAtMs <= nowMs ? question : { ...question, askedAtMs: nowMs }));
  const isSame = kept.length === questions.length && kept.every((question, index) => question === questions[index]);
  return isSame ? traffic : withQuestions(traffic, kept);
}

/**
 * Tells whether a question is over: the city has been regained, or was not left after all. Until the time of a `leave`
 * question is up, a city that is healthy for a moment does not end it, so that a cluster that flaps is not kept in for
 * longer by a new question.
 */
function isOver(context: Context, traffic: Traffic, { city, way, askedAtMs }: GateQuestion): boolean {
  const { nowMs, policy } = context.input;
  const gate = gateOf(policy, city);
  if (gate === undefined) return true;
  const own = clustersIn(context, city);
  const isAnyWell = own.some((item) => {
    const { standing } = stateOf(traffic, item.facts);
    return (standing === 'up' || standing === 'ramping') && isLeft(context, traffic, item);
  });
  if (way === 'regain') return isAnyWell;
  const isInTime = nowMs < askedAtMs + gate.gateSeconds * 1000;
  return !isInTime && (isAnyWell || own.some((item) => servesOn(context, traffic, item)));
}

export function questionFor({ input }: Context, city: string, way: GateQuestion['way']): GateQuestion {
  const id = `gat_${input.decision.replace(/^[a-z]+_/, '')}-${digest([city, way]).slice(0, 8)}`;
  return { city, way, id, askedAtMs: input.nowMs };
}

function changed(before: Traffic, after: Traffic): StepResult {
  return after === before ? UNCHANGED : moved(after);
}
