/** Shifts and break-glasses of people: how they move, drain, are applied and end. */

import { say } from '../../../schemas/messages/index.ts';
import { compareText } from '../model/text.ts';
import { type Context, moved, quorumVerdictOf, type Step, stateOf, type Trace, UNCHANGED } from './context.ts';
import { nextShiftPercent } from './pace.ts';
import { givesNoMore } from './seal.ts';
import { heldApart } from './service-returns.ts';
import { held } from './standing.ts';
import { type LiveShift, type Traffic, withState } from './traffic.ts';

/** The step that ends shifts and break-glasses whose time is over, and shifts of clusters that are gone. */
export const expire: Step = (context, traffic) => {
  const { nowMs } = context.input;
  const trace: Pick<Trace, 'events' | 'endings'> = { events: [], endings: [] };
  const isOver = ({ expiresAtMs }: { expiresAtMs: number }) => nowMs >= expiresAtMs;
  let next = traffic;
  for (const shift of traffic.shifts) {
    const isGone = !context.clusters.has(shift.cluster);
    if (isGone || isOver(shift)) next = withoutShift(context, next, shift, isGone ? 'automation' : 'expiry', trace);
  }
  const expired = next.breakGlasses.filter(isOver);
  trace.endings.push(...expired.map(({ name, id }) => ({ type: 'break-glass' as const, name, id, by: 'expiry' })));
  if (expired.length > 0) next = { ...next, breakGlasses: next.breakGlasses.filter((item) => !isOver(item)) };
  return next === traffic ? UNCHANGED : moved(next, trace);
};

/** The step that advances each shift. */
export const moveShifts: Step = (context, traffic) => {
  const next = traffic.shifts.reduce((so, shift) => moveShift(context, so, shift), traffic);
  return next === traffic ? UNCHANGED : moved(next);
};

function moveShift(context: Context, traffic: Traffic, shift: LiveShift): Traffic {
  const isThere = shift.mode !== 'drain' || shift.currentPercent === shift.percent;
  return isThere ? applyShift(context, traffic, shift) : stepShift(context, traffic, shift);
}

/**
 * Returns the traffic after the next step towards what the shift asks for. The first step does not wait for gateways.
 */
function stepShift(context: Context, traffic: Traffic, shift: LiveShift): Traffic {
  const { nowMs, decision, policy } = context.input;
  const isFirst = shift.steppedAtMs < shift.phaseSinceMs;
  const isDue = context.verifiedAtMs !== undefined && nowMs - shift.steppedAtMs >= shift.stepSeconds * 1000;
  if (!isFirst && !isDue) return traffic;
  const isLive = answers(context, traffic, shift.cluster);
  const { percent, stepPercent } = shift;
  const next = nextShiftPercent(shift.currentPercent, percent, stepPercent, { isLive, isFirst });
  const isDraining = next === 0 && isLive && policy.failover.drainSeconds > 0;
  const phase = isDraining ? ('draining' as const) : ('moving' as const);
  const phaseSinceMs = isDraining ? nowMs : shift.phaseSinceMs;
  return withShift(traffic, { ...shift, phase, phaseSinceMs, currentPercent: next, steppedAtMs: nowMs, decision });
}

/**
 * Marks a shift as applied once the gateways follow its last step and requests in flight have had the time to end. A
 * shift is applied only as long as the cluster has no more than the shift leaves to it; the cluster has more when no
 * other cluster can serve.
 */
function applyShift(context: Context, traffic: Traffic, shift: LiveShift): Traffic {
  const { nowMs, policy } = context.input;
  const { verifiedAtMs } = context;
  if (!givesNoMore(context, traffic, shift)) {
    const isSaid = shift.phase === 'applied';
    return isSaid ? withShift(traffic, { ...shift, phase: 'moving', phaseSinceMs: nowMs }) : traffic;
  }
  if (shift.phase === 'applied' || verifiedAtMs === undefined) return traffic;
  const drainedAtMs = Math.max(shift.phaseSinceMs, verifiedAtMs) + policy.failover.drainSeconds * 1000;
  if (shift.phase === 'draining' && answers(context, traffic, shift.cluster) && nowMs < drainedAtMs) return traffic;
  return withShift(traffic, { ...shift, phase: 'applied', phaseSinceMs: nowMs });
}

/**
 * Returns the traffic without a shift. If nothing else held the cluster or the service back, it is held at what it has
 * and returns when it has its turn.
 */
export function withoutShift(
  context: Context,
  traffic: Traffic,
  { name, id, cluster, service, mode, currentPercent, phase }: LiveShift,
  by: string,
  trace: Pick<Trace, 'events' | 'endings'>,
): Traffic {
  trace.endings.push({ type: 'shift', name, id, by });
  trace.events.push({
    type: 'shift.ended',
    clusters: [cluster],
    summary: say('ShiftIsOver', { name, target: targetText({ cluster, service }) }).text,
  });
  const free = { ...traffic, shifts: traffic.shifts.filter((shift) => shift.id !== id) };
  const hasTaken = mode === 'isolate' || (mode === 'drain' && (currentPercent < 100 || phase !== 'moving'));
  if (!hasTaken) return free;
  const reason = say('ShiftOver', { name }).text;
  return service === undefined
    ? heldFor(context, free, cluster, reason)
    : heldApart(context, free, { service, cluster, shift: name }, reason);
}

/**
 * Holds a cluster that people had taken out and that is up otherwise: it waits for its turn and nothing else. Where
 * automation does not act it is not held, since nobody would give it a turn.
 */
export function heldFor(context: Context, traffic: Traffic, cluster: string, reason: string): Traffic {
  const item = context.clusters.get(cluster);
  if (item === undefined || !context.acts) return traffic;
  const state = stateOf(traffic, item.facts);
  const { nowMs, decision } = context.input;
  return state.standing === 'up' ? withState(traffic, held(state, { nowMs, decision, reason })) : traffic;
}

/** Tells whether a cluster is not found to have failed, so that its traffic has to be moved with care. */
export function answers({ clusters }: Context, traffic: Traffic, cluster: string): boolean {
  const item = clusters.get(cluster);
  return item === undefined || quorumVerdictOf(traffic, item) !== 'unhealthy';
}

/** Returns what a shift takes out, for people. */
export function targetText({ cluster, service }: Pick<LiveShift, 'cluster' | 'service'>): string {
  return service === undefined ? cluster : `${service} at ${cluster}`;
}

/** Tells whether two shifts take out the same cluster or service. */
export function isSameTarget(
  a: Pick<LiveShift, 'cluster' | 'service'>,
  b: Pick<LiveShift, 'cluster' | 'service'>,
): boolean {
  return a.cluster === b.cluster && a.service === b.service;
}

export function withShift(traffic: Traffic, shift: LiveShift): Traffic {
  const others = traffic.shifts.filter(({ name }) => name !== shift.name);
  return { ...traffic, shifts: [...others, shift].sort((a, b) => compareText(a.name, b.name)) };
}
