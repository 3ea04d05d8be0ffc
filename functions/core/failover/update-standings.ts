/**
 * Applies evidence to the standings of clusters. Failing clusters come first, in the order in which they failed.
 */

import { say } from '../../../schemas/messages/index.ts';
import { fullClusters } from '../allocation/points.ts';
import { freshnessMs } from '../health/votes.ts';
import { compareText } from '../model/text.ts';
import { brakeFor, correlatedWith } from './brakes.ts';
import {
  type Context,
  isKept,
  moved,
  quorumVerdictOf,
  ruleResult,
  type Step,
  stateOf,
  type Trace,
  UNCHANGED,
  type Watched,
} from './context.ts';
import { withFailureSeen } from './grace.ts';
import { clustersBehindClosedGates, limitsOf } from './limits.ts';
import { cooldownMs } from './pace.ts';
import { heldPercent } from './seal.ts';
import { held, TRANSITIONS, type TransitionInput, withStanding } from './standing.ts';
import { type ClusterState, freshStateOf, type Traffic, withState } from './traffic.ts';

/** The step that updates the standing of each cluster by what its voters say now. */
export const updateStandings: Step = (context, traffic) => {
  const trace: Pick<Trace, 'rules' | 'events'> = { rules: [], events: [] };
  let next = traffic;
  for (const item of inOrder(context, traffic)) {
    const state = stateOf(next, item.facts);
    const after = withFailureSeen(
      context,
      next,
      item,
      marked(context, next, item, nextStateOf(context, next, item, state)),
    );
    if (after === state) continue;
    trace.rules.push(...rulesOf(context, item, after));
    trace.events.push(...eventsOf(context, next, item, after));
    next = withState(next, after);
  }
  return next === traffic ? UNCHANGED : moved(next, trace);
};

/**
 * Sorts the clusters to update: failing ones come before the others, and those that failed first come first, so that a
 * brake holds back the later ones. Clusters about which there is nothing to change are left out.
 */
function inOrder({ clusters, input }: Context, traffic: Traffic): Watched[] {
  const isOut = ({ facts }: Watched) => {
    const { standing } = stateOf(traffic, facts);
    return standing === 'held' || standing === 'ramping';
  };
  // Failing clusters on their way back come first, since they count for the brakes of the others.
  const rank = (item: Watched) => (quorumVerdictOf(traffic, item) === 'unhealthy' ? (isOut(item) ? 0 : 1) : 2);
  const sinceMs = ({ record }: Watched) => (record?.state === 'unhealthy' ? record.sinceMs : input.nowMs);
  const isUnaffected = (item: Watched) =>
    quorumVerdictOf(traffic, item) !== 'unhealthy' &&
    item.tally.impaired === undefined &&
    !traffic.clusters.some(({ cluster }) => cluster === item.facts.name);
  return [...clusters.values()]
    .filter((item) => !isUnaffected(item))
    .sort((a, b) => rank(a) - rank(b) || sinceMs(a) - sinceMs(b) || compareText(a.facts.name, b.facts.name));
}

function nextStateOf(context: Context, traffic: Traffic, item: Watched, state: ClusterState): ClusterState {
  if (!item.isWatched && state.standing !== 'up') {
    const reason = say('NobodyWatches').text;
    return withStanding(state, 'up', { ...context.input, reason });
  }
  if (state.standing === 'joining' && item.facts.joins === 'at-once') {
    return withStanding(state, 'up', { ...context.input, reason: say('ServesAtOnce').text });
  }
  const transition = TRANSITIONS[state.standing][quorumVerdictOf(traffic, item)];
  return transition(state, transitionInputOf(context, traffic, item, state));
}

function transitionInputOf(context: Context, traffic: Traffic, item: Watched, state: ClusterState): TransitionInput {
  const { input } = context;
  const { nowMs, decision, policy } = input;
  const { name } = item.facts;
  const verdict = quorumVerdictOf(traffic, item);
  return {
    nowMs,
    decision,
    reason: verdict === 'unhealthy' ? failureOf(item) : state.reason,
    cause: item.tally.cause,
    cooldownSeconds: policy.failover.cooldownSeconds,
    doubtMs: 2 * freshnessMs(policy.health),
    brake: brakeFor(context, traffic, item),
    isGateClosed: clustersBehindClosedGates(context).has(name),
    isOverloaded: isOverloaded(traffic, name),
    hasEntitlement: state.standing === 'down' && verdict === 'healthy' && isWhole(context, traffic, state),
  };
}

/** Tells whether a cluster that comes back now has all that it would have. */
function isWhole(context: Context, traffic: Traffic, state: ClusterState): boolean {
  const { nowMs } = context.input;
  const back = withState(
    traffic,
    withStanding({ ...state, recoveredAtMs: nowMs }, 'up', { ...context.input, reason: '' }),
  );
  return (
    heldPercent(context, back, limitsOf(context, back), state) === 100 && !isShort(context, traffic, state.cluster)
  );
}

/**
 * Tells whether another member of one of the cluster's backends is at its capacity, so that this cluster would be given
 * points at once.
 */
function isShort({ placements }: Context, { allocation }: Traffic, name: string): boolean {
  const full = fullClusters(allocation);
  if (full.size === 0) return false;
  return (placements.get(name) ?? []).some(({ members }) => members.some(({ cluster }) => full.has(cluster)));
}

function isOverloaded({ allocation }: Traffic, name: string): boolean {
  return allocation.overloads.some(({ cluster }) => cluster === name);
}

/**
 * Returns the state with or without the mark of an impairment, which latency and alerts set. A cluster that has been
 * above its capacity is overloaded, not impaired, until it is found quick enough again. When a mark ends, the cluster
 * is held at what it has.
 */
function marked(context: Context, traffic: Traffic, item: Watched, state: ClusterState): ClusterState {
  const { impairedSinceMs, ...rest } = state;
  if (!SERVING.has(state.standing)) return impairedSinceMs === undefined ? state : rest;
  const isSlow = item.tally.impaired !== undefined;
  if (state.heat) return state;
  const { nowMs, decision, policy } = context.input;
  if (isSlow) return impairedSinceMs === undefined ? { ...state, impairedSinceMs: nowMs } : state;
  if (impairedSinceMs === undefined || quorumVerdictOf(traffic, item) !== 'healthy') return state;
  const untilMs = nowMs + cooldownMs(1, policy.failover.cooldownSeconds);
  return held(rest, { nowMs, decision, reason: say('WasImpaired').text }, { untilMs, servedMs: 0, sinceMs: nowMs });
}

const SERVING: ReadonlySet<ClusterState['standing']> = new Set<ClusterState['standing']>(['up', 'held', 'ramping']);

function failureOf({ tally }: Watched): string {
  const accusers = tally.votes.filter(
    ({ state, isFresh, isSuspect }) => state === 'unhealthy' && isFresh && !isSuspect,
  );
  const [witness] = accusers.sort((a, b) => b.failures - a.failures);
  const { failures: failed = 0, detail = '' } = witness ?? {};
  const failures = say('ProbesFailed', { failed, detail }).text;
  const voters = tally.votes.length;
  return voters === 1 ? failures : say('VotersSeeFail', { down: tally.down, voters, failures }).text;
}

function rulesOf(context: Context, { tally }: Watched, { cluster, standing, reason }: ClusterState): Trace['rules'] {
  if (standing === 'suspected') return [ruleResult('brake', false, reason, cluster)];
  if (standing !== 'down') return [];
  const { down, quorum: needed } = tally;
  const said = say('QuorumSeesFail', { down, voters: tally.votes.length, quorum: needed }).text;
  const quorum = ruleResult('quorum', true, said, cluster);
  const gate = ruleResult('gate', false, say('GateKeeps').text, cluster);
  return clustersBehindClosedGates(context).has(cluster) ? [quorum, gate] : [quorum];
}

/** Reports failures that may have a common cause as a single event. */
function eventsOf(
  context: Context,
  traffic: Traffic,
  item: Watched,
  { cluster, standing }: ClusterState,
): Trace['events'] {
  const others = standing === 'down' ? correlatedWith(context, traffic, item) : [];
  if (others.length === 0) return [];
  const names = [...others, cluster].sort(compareText);
  const { windowSeconds } = context.input.policy.failover.correlation;
  const summary = say('FailedTogether', { clusters: names.join(' and '), seconds: windowSeconds }).text;
  return [{ type: 'failover.correlated', clusters: names, summary }];
}

/**
 * The step that admits new clusters. A cluster that is new to a fleet that already serves gets nothing until it has
 * been found healthy or a person has said that it is.
 */
export const admit: Step = (context, traffic) => {
  const { input, clusters } = context;
  const healthySince = input.health.flatMap(({ firstHealthyAtMs }) => firstHealthyAtMs ?? []);
  const servesSinceMs = healthySince.length > 0 ? Math.min(...healthySince) : Number.POSITIVE_INFINITY;
  const next = [...clusters.values()].reduce((so, { facts, record, isWatched }) => {
    const isKnown = so.clusters.some(({ cluster }) => cluster === facts.name);
    const isNew = facts.createdAtMs > servesSinceMs && record?.firstHealthyAtMs === undefined;
    if (isKnown || !isWatched || facts.joins === 'at-once' || !isNew || isKept(traffic, facts)) return so;
    const reason = say('NotFoundHealthyYet').text;
    return withState(so, withStanding(freshStateOf(facts.name, facts.uid), 'joining', { ...input, reason }));
  }, traffic);
  return next === traffic ? UNCHANGED : moved(next);
};
