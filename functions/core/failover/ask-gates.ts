/** When it is asked whether a city may be left or regained. Each question is asked once in an outage, and its time counts from then. */

import { placementShares } from '../allocation/points.ts';
import { digest } from '../model/digest.ts';
import {
  type Context,
  findingOf,
  moved,
  type Step,
  type StepResult,
  stateOf,
  UNCHANGED,
  type Watched,
} from './context.ts';
import { gateOf, questionOf, withQuestion, withQuestions } from './data-gates.ts';
import { gatedClusters } from './limits.ts';
import type { ClusterState, GateQuestion, Traffic } from './traffic.ts';

/**
 * Before clusters are judged: asks for each city whose last clusters fail now, and forgets what is over. A question that is open stays so when automation
 * does not act any more; none is asked then, since gateways keep what they have and a person says what they are given.
 */
export const askToLeave: Step = (context, traffic) => {
  const kept = stillAsked(context, traffic);
  const next = gatesIn(context)
    .filter(({ city }) => context.acts && questionOf(kept, city) === undefined && isLost(context, kept, city))
    .reduce((so, { city }) => withQuestion(so, questionFor(context, city, 'leave')), kept);
  return changed(traffic, next);
};

/** After clusters were judged: asks for each city that was out, and of which a cluster has recovered. */
export const askToRegain: Step = (context, traffic) => {
  const next = gatesIn(context)
    .filter(({ city }) => context.acts && questionOf(traffic, city)?.way !== 'regain' && isBack(context, traffic, city))
    .reduce((so, { city }) => withQuestion(so, questionFor(context, city, 'regain')), traffic);
  return changed(traffic, next);
};

/**
 * Whether traffic would leave the city with this cluster: it fails and has traffic, and no other cluster of the city is left to serve. Clusters
 * that fail together are the last ones together.
 */
export function isLeaving(context: Context, traffic: Traffic, item: Watched): boolean {
  const { facts } = item;
  const { standing, isGated, dismissedUntilMs = 0 } = stateOf(traffic, facts);
  const isServing = standing === 'down' ? isGated === true : standing !== 'joining';
  if (facts.city === undefined || !isServing || context.situation.nowMs < dismissedUntilMs) return false;
  if (findingOf(traffic, item) !== 'unhealthy' || gatedClusters(context).has(facts.name)) return false;
  const others = clustersIn(context, facts.city).filter((other) => other !== item);
  return hasPoints(context, traffic, facts.name) && !others.some((other) => isLeft(context, traffic, other));
}

function gatesIn({ situation }: Context) {
  return situation.policy.failover.dataGates ?? [];
}

function clustersIn({ clusters }: Context, city: string): Watched[] {
  return [...clusters.values()].filter(({ facts }) => facts.city === city);
}

function isLost(context: Context, traffic: Traffic, city: string): boolean {
  return clustersIn(context, city).some((item) => isLeaving(context, traffic, item));
}

/** It can take what others of its city had: nothing speaks against it, and no person has taken it out. */
function isLeft(context: Context, traffic: Traffic, item: Watched): boolean {
  const { name } = item.facts;
  const { standing, dismissedUntilMs = 0 } = stateOf(traffic, item.facts);
  const isFailing = findingOf(traffic, item) === 'unhealthy' && context.situation.nowMs >= dismissedUntilMs;
  if (isFailing || isTakenOut(traffic, name)) return false;
  if (standing === 'held') return hasPoints(context, traffic, name);
  return isIn(standing) && isMember(context, name);
}

function isIn(standing: ClusterState['standing']): boolean {
  return standing === 'up' || standing === 'ramping' || standing === 'suspected';
}

/** As a whole: one of whose services alone is taken out takes over the others. */
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

/** A cluster waits to return, and none of the city is in. After the city was left any cluster does; before, one that was down. */
function isBack(context: Context, traffic: Traffic, city: string): boolean {
  const wasLeft = questionOf(traffic, city) !== undefined;
  const own = clustersIn(context, city);
  const states = own.map(({ facts }) => stateOf(traffic, facts));
  if (!states.some((state) => state.standing === 'held' && (wasLeft || hasRecovered(state)))) return false;
  const isAnyIn = states.some(({ standing, cluster }) => isIn(standing) && !isTakenOut(traffic, cluster));
  return !isAnyIn && !own.some((item) => servesOn(context, traffic, item));
}

/** It waits for all of its share, and has a part of it that it never lost by a failure. */
function servesOn(context: Context, traffic: Traffic, item: Watched): boolean {
  const state = stateOf(traffic, item.facts);
  return state.standing === 'held' && !hasRecovered(state) && isLeft(context, traffic, item);
}

/** It is held since it was found healthy after it had been down. */
function hasRecovered({ recoveredAtMs, sinceMs }: ClusterState): boolean {
  return recoveredAtMs !== undefined && recoveredAtMs >= sinceMs;
}

/** Without the questions that are over, and none asked at a time that is still to come. */
function stillAsked(context: Context, traffic: Traffic): Traffic {
  const { nowMs } = context.situation;
  const questions = traffic.gateQuestions ?? [];
  const kept = questions
    .filter((question) => !isOver(context, traffic, question))
    .map((question) => (question.askedAtMs <= nowMs ? question : { ...question, askedAtMs: nowMs }));
  const isSame = kept.length === questions.length && kept.every((question, index) => question === questions[index]);
  return isSame ? traffic : withQuestions(traffic, kept);
}

/**
 * The city is regained, or was not left after all. A city that is well for a moment is not asked about again within the time of the question, so that a
 * cluster that flaps is not kept in for longer.
 */
function isOver(context: Context, traffic: Traffic, { city, way, askedAtMs }: GateQuestion): boolean {
  const { nowMs, policy } = context.situation;
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

export function questionFor({ situation }: Context, city: string, way: GateQuestion['way']): GateQuestion {
  const id = `gat_${situation.decision.replace(/^[a-z]+_/, '')}-${digest([city, way]).slice(0, 8)}`;
  return { city, way, id, askedAtMs: situation.nowMs };
}

function changed(before: Traffic, after: Traffic): StepResult {
  return after === before ? UNCHANGED : moved(after);
}
