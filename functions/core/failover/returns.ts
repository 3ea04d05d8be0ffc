/** How clusters that have recovered get their points back: one site at a time, and no step before the gateways follow the last one. */

import { compareText } from '../precedence.ts';
import { type Context, findingOf, moved, type Step, stateOf, UNCHANGED, type Watched } from './context.ts';
import { limitsOf, waitsOf } from './limits.ts';
import { nextRampPercent } from './pace.ts';
import { heldPercent } from './seal.ts';
import { become } from './standing.ts';
import { type ClusterState, type Traffic, withState } from './traffic.ts';
import { isFrozen } from './windows.ts';

/** The next step of those that have the turn: clusters of the site of which one is on its way, or else of the one that has waited longest. */
export const bringBack: Step = (context, traffic) => {
  // Where automation does not act, there is nothing that gateways would have to follow.
  if (context.acts && context.verifiedAtMs === undefined) return UNCHANGED;
  const waiting = inTurn(context, traffic);
  const site = waiting[0]?.item.facts.site;
  const next = waiting
    .filter(({ item }) => item.facts.site === site)
    .reduce((so, { item }) => withStep(context, so, item), traffic);
  return next === traffic ? UNCHANGED : moved(next);
};

/** Clusters that may return, those that are on their way first. */
function inTurn(context: Context, traffic: Traffic): { item: Watched; state: ClusterState }[] {
  const rank = ({ standing }: ClusterState) => (standing === 'ramping' ? 0 : 1);
  const sinceMs = ({ failuresMs, sinceMs: ownMs }: ClusterState) => failuresMs.at(-1) ?? ownMs;
  return [...context.clusters.values()]
    .map((item) => ({ item, state: stateOf(traffic, item.facts) }))
    .filter(({ item, state }) => mayReturn(context, traffic, item, state))
    .sort((a, b) => {
      const byAge = sinceMs(a.state) - sinceMs(b.state);
      return rank(a.state) - rank(b.state) || byAge || compareText(a.state.cluster, b.state.cluster);
    });
}

function mayReturn(context: Context, traffic: Traffic, item: Watched, state: ClusterState): boolean {
  if (state.standing === 'ramping') return true;
  if (state.standing !== 'held' || state.impairedSinceMs !== undefined) return false;
  const isFree = waitsOf(context, traffic, state).every((wait) => wait === 'turn');
  return isFree && (findingOf(traffic, item) === 'healthy' || state.dwell === undefined);
}

/** A return begins with what the cluster has already, as after a shift that took a part of it. */
function withStep(context: Context, traffic: Traffic, item: Watched): Traffic {
  const state = stateOf(traffic, item.facts);
  const { nowMs, decision, policy } = context.situation;
  const { failback, freezeWindows } = policy.failover;
  const isOnItsWay = state.standing === 'ramping';
  const isUnsure = findingOf(traffic, item) !== 'healthy';
  if (isOnItsWay && (isUnsure || isFrozen(freezeWindows, nowMs))) return traffic;
  const percent = state.ramp?.percent ?? heldPercent(context, traffic, limitsOf(context, traffic), state.cluster);
  const sinceStepMs = nowMs - (state.ramp?.steppedAtMs ?? nowMs);
  const next = failback.mode === 'auto' ? 100 : nextRampPercent(percent, sinceStepMs, failback);
  if (isOnItsWay && next === percent) return traffic;
  const reason = next >= 100 ? 'nothing holds it back any more' : 'it returns step by step';
  const now = { nowMs, decision, reason };
  if (next >= 100) return withState(traffic, become(state, 'up', now));
  const ramp = { percent: next, steppedAtMs: nowMs, ...(isUnsure && { doubtedSinceMs: nowMs }) };
  return withState(traffic, become(state, 'ramping', now, { ramp }));
}
