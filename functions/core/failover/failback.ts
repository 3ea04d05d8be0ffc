/** The return of recovered clusters: one site at a time, and no step before the gateways follow the last one. */

import { say } from '../../../schemas/messages/index.ts';
import { compareText } from '../model/text.ts';
import { type Context, moved, quorumVerdictOf, type Step, stateOf, UNCHANGED, type Watched } from './context.ts';
import { holdReasonsOf, limitsOf } from './limits.ts';
import { nextRampPercent } from './pace.ts';
import { heldPercent } from './seal.ts';
import { mayGoOn, withServiceStep } from './service-returns.ts';
import { withStanding } from './standing.ts';
import { type ClusterState, type Traffic, withState } from './traffic.ts';
import { isFrozen } from './windows.ts';

/**
 * The step that advances all returns to one site: the site of which a cluster is already returning, or else the site of
 * the cluster that has waited longest.
 */
export const failBack: Step = (context, traffic) => {
  // Where automation does not act, there is nothing for gateways to follow.
  if (context.acts && context.verifiedAtMs === undefined) return UNCHANGED;
  const waiting = inTurn(context, traffic);
  const site = waiting[0]?.site;
  const next = waiting.filter((item) => item.site === site).reduce((so, { step }) => step(so), traffic);
  return next === traffic ? UNCHANGED : moved(next);
};

/** A cluster that may return, or one service of it. */
interface Waiting {
  site: string;
  cluster: string;
  isOnItsWay: boolean;
  sinceMs: number;
  step: (traffic: Traffic) => Traffic;
}

/**
 * Returns all that may return, in turn: those already returning come first, then those that have waited longest;
 * clusters come before single services.
 */
function inTurn(context: Context, traffic: Traffic): Waiting[] {
  return [...clustersWaiting(context, traffic), ...servicesWaiting(context, traffic)].sort((a, b) => {
    const byAge = a.sinceMs - b.sinceMs;
    return Number(b.isOnItsWay) - Number(a.isOnItsWay) || byAge || compareText(a.cluster, b.cluster);
  });
}

function clustersWaiting(context: Context, traffic: Traffic): Waiting[] {
  return [...context.clusters.values()]
    .map((item) => ({ item, state: stateOf(traffic, item.facts) }))
    .filter(({ item, state }) => mayReturn(context, traffic, item, state))
    .map(({ item, state: { cluster, standing, failuresMs, sinceMs } }) => ({
      site: item.facts.site,
      cluster,
      isOnItsWay: standing === 'ramping',
      sinceMs: failuresMs.at(-1) ?? sinceMs,
      step: (so) => withStep(context, so, item),
    }));
}

function servicesWaiting(context: Context, traffic: Traffic): Waiting[] {
  const ready = (traffic.serviceReturns ?? []).filter((own) => mayGoOn(context, traffic, own));
  return ready.map((own) => ({
    site: context.clusters.get(own.cluster)?.facts.site ?? own.cluster,
    cluster: own.cluster,
    isOnItsWay: own.ramp !== undefined,
    sinceMs: own.sinceMs,
    step: (so) => withServiceStep(context, so, own),
  }));
}

function mayReturn(context: Context, traffic: Traffic, item: Watched, state: ClusterState): boolean {
  if (state.standing === 'ramping') return true;
  if (state.standing !== 'held' || state.impairedSinceMs !== undefined) return false;
  const isFree = holdReasonsOf(context, traffic, state).every((wait) => wait === 'turn');
  return isFree && (quorumVerdictOf(traffic, item) === 'healthy' || state.dwell === undefined);
}

/**
 * Returns the traffic after the next step of a cluster's return. A return begins with what the cluster has already, as
 * after a shift that left it a part.
 */
function withStep(context: Context, traffic: Traffic, item: Watched): Traffic {
  const state = stateOf(traffic, item.facts);
  const { nowMs, decision, policy } = context.input;
  const { failback, freezeWindows } = policy.failover;
  const isOnItsWay = state.standing === 'ramping';
  const isUnsure = quorumVerdictOf(traffic, item) !== 'healthy';
  if (isOnItsWay && (isUnsure || isFrozen(freezeWindows, nowMs))) return traffic;
  const percent = state.ramp?.percent ?? heldPercent(context, traffic, limitsOf(context, traffic), state);
  const sinceStepMs = nowMs - (state.ramp?.steppedAtMs ?? nowMs);
  const next = failback.mode === 'auto' ? 100 : nextRampPercent(percent, sinceStepMs, failback);
  if (isOnItsWay && next === percent) return traffic;
  const reason = say(next >= 100 ? 'NothingHolds' : 'ReturnsByStep').text;
  const now = { nowMs, decision, reason };
  if (next >= 100) return withState(traffic, withStanding(state, 'up', now));
  const ramp = { percent: next, steppedAtMs: nowMs, ...(isUnsure && { doubtedSinceMs: nowMs }) };
  return withState(traffic, withStanding(state, 'ramping', now, { ramp }));
}
