/**
 * Waits: the reasons that keep a cluster from its whole share, and until when, in the common reason codes and words.
 */

import type { Wait } from '../../../schemas/evacuation.ts';
import { type ReasonCode, sentenceOf } from '../../../schemas/reasons.ts';
import type { ClusterFacts } from '../model/fleet-facts.ts';
import { isoOf } from '../model/time.ts';
import { type Context, stateOf } from './context.ts';
import { openQuestions } from './data-gates.ts';
import { clustersBehindClosedGates, holdReasonsOf as holdReasonsOf } from './limits.ts';
import type { BrakeName, ClusterState, Dwell, LiveShift, Traffic } from './traffic.ts';
import { openUntilMs } from './windows.ts';

export const BRAKE_REASONS: Record<BrakeName, ReasonCode> = {
  correlation: 'AwaitsAnswer',
  'data-gate': 'AwaitsLeaveAnswer',
  'max-removed': 'TooManyRemoved',
};

/** Returns what a cluster waits for: first what automation holds it back for, then what people do. */
export function waitsOf(context: Context, traffic: Traffic, facts: ClusterFacts): Wait[] {
  const state = stateOf(traffic, facts);
  const impaired = state.impairedSinceMs === undefined ? [] : [newWait('Impaired')];
  return [...standingWaits(context, traffic, state), ...impaired, ...peoplesWaits(traffic, facts)];
}

/** Returns what the services wait for that return to a cluster on their own. */
export function serviceWaits({ serviceReturns = [] }: Traffic, name: string): { service: string; wait: Wait }[] {
  const own = serviceReturns.filter(({ cluster }) => cluster === name);
  return own.map(({ service, shift, ramp }) => {
    const reason = ramp ? 'Ramping' : 'AwaitsTurn';
    return { service, wait: { reason, message: sentenceOf(reason, shift === undefined ? {} : { shift }) } };
  });
}

export function newWait(reason: ReasonCode, untilMs?: number): Wait {
  const until = untilMs === undefined ? {} : { until: isoOf(untilMs) };
  return { reason, message: sentenceOf(reason, until), ...until };
}

function standingWaits(context: Context, traffic: Traffic, state: ClusterState): Wait[] {
  switch (state.standing) {
    case 'up':
      return dismissal(context, state);
    case 'suspected':
      return state.brake ? [newWait(BRAKE_REASONS[state.brake.name], state.brake.untilMs)] : [];
    case 'down':
      return [newWait(clustersBehindClosedGates(context).has(state.cluster) ? 'GateClosed' : 'AwaitsRecovery')];
    case 'joining':
      return [newWait('Joining')];
    case 'ramping':
      return [newWait('Ramping')];
    case 'held':
      return heldWaits(context, traffic, state);
  }
}

/** A dismissed cluster waits for nothing, but readers have to know that its failure is not believed. */
function dismissal({ clusters, input }: Context, { cluster, dismissedUntilMs }: ClusterState): Wait[] {
  const fails = clusters.get(cluster)?.tally.verdict === 'unhealthy';
  const isDismissed = dismissedUntilMs !== undefined && input.nowMs < dismissedUntilMs;
  return fails && isDismissed ? [newWait('Dismissed', dismissedUntilMs)] : [];
}

function heldWaits(context: Context, traffic: Traffic, state: ClusterState): Wait[] {
  const { nowMs, policy } = context.input;
  const frozenUntilMs = openUntilMs(policy.failover.freezeWindows, nowMs);
  const mustBeAllowed = policy.failover.failback.mode === 'manual' && !state.isApproved;
  return holdReasonsOf(context, traffic, state).flatMap((wait): Wait[] => {
    if (wait === 'turn') return [newWait('AwaitsTurn')];
    if (wait === 'dwell') return [newWait('Dwelling', dwellEndMs(context, state.dwell))];
    const frozen = frozenUntilMs === undefined ? [] : [newWait('Frozen', frozenUntilMs)];
    return [...(mustBeAllowed ? [newWait('AwaitsConsent')] : []), ...frozen, ...gateWaits(context, traffic, state)];
  });
}

function gateWaits({ input }: Context, traffic: Traffic, { cluster }: ClusterState): Wait[] {
  const asked = openQuestions({ ...input, traffic }).filter(({ clusters }) => clusters.includes(cluster));
  return asked.map(({ untilMs }) => newWait('AwaitsRegainAnswer', untilMs));
}

/**
 * Returns the end of the dwell; undefined while nobody can say that the cluster is healthy, since that time does not
 * count.
 */
function dwellEndMs({ input }: Context, dwell: Dwell | undefined): number | undefined {
  if (dwell?.sinceMs === undefined) return undefined;
  return Math.max(dwell.untilMs, dwell.sinceMs + input.policy.health.dwellSeconds * 1000 - dwell.servedMs);
}

const SHIFT_REASONS: Record<LiveShift['mode'], ReasonCode> = { drain: 'Drained', isolate: 'Isolated', keep: 'Kept' };

function peoplesWaits({ shifts, drill }: Traffic, { name }: ClusterFacts): Wait[] {
  const own = shifts.filter(({ cluster, service }) => cluster === name && service === undefined);
  const shifted = own.map(({ mode, expiresAtMs }) => newWait(SHIFT_REASONS[mode], expiresAtMs));
  return drill?.clusters.includes(name) && drill.service === undefined ? [...shifted, newWait('Drilled')] : shifted;
}
