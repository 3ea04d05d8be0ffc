/** Shifts and break-glasses of people: how they move, drain, expire and return. R15, R19, R20 and R21. */

import { outageOf } from './outages.ts';
import { compareText } from './precedence.ts';
import { mayStep } from './returns.ts';
import { attempt } from './settle.ts';
import type { LiveShift, Traffic } from './traffic.ts';
import type { View } from './view.ts';

export function moveShifts(view: View, traffic: Traffic): Traffic {
  return traffic.shifts.reduce((next, shift) => moveShift(view, next, shift), traffic);
}

function moveShift(view: View, traffic: Traffic, shift: LiveShift): Traffic {
  const { situation, rules, clusters } = view;
  if (!clusters.has(shift.cluster)) return removeShift(view, traffic, shift, 'automation');
  if (shift.phase === 'returning') return comeBack(view, traffic, shift);
  if (rules.isExpired(shift.expiresAtMs, situation.nowMs)) return endShift(view, traffic, shift, 'expiry');
  return shift.currentPercent === shift.percent ? applyShift(view, traffic, shift) : stepShift(view, traffic, shift);
}

/** A step on the way to what was asked for. The first one does not wait for gateways. */
function stepShift(view: View, traffic: Traffic, shift: LiveShift): Traffic {
  const { situation, rules, notes } = view;
  const { nowMs, decision, verifiedAtMs } = situation;
  const isFirst = shift.steppedAtMs < shift.phaseSinceMs;
  const isDue = rules.isVerified(verifiedAtMs) && nowMs - shift.steppedAtMs >= shift.stepSeconds * 1000;
  if (!isFirst && !isDue) return traffic;
  const isLive = answers(view, shift.cluster);
  const { percent, stepPercent, cluster } = shift;
  const next = rules.nextShiftPercent(shift.currentPercent, percent, stepPercent, { isLive, isFirst });
  const phase = next === 0 && isLive && situation.policy.failover.drainSeconds > 0 ? 'draining' : 'moving';
  const phaseSinceMs = phase === 'draining' ? nowMs : shift.phaseSinceMs;
  const moved = { ...shift, phase, phaseSinceMs, currentPercent: next, steppedAtMs: nowMs, decision } as const;
  notes.reasons.set(cluster, `shift ${shift.name}: ${shift.reason}`);
  return attempt(view, traffic, { traffic: withShift(traffic, moved), cluster }) ?? traffic;
}

/** Once the gateways follow the last step, and requests in flight have had their time. */
function applyShift(view: View, traffic: Traffic, shift: LiveShift): Traffic {
  const { situation, rules } = view;
  const { nowMs, verifiedAtMs, policy } = situation;
  if (shift.phase === 'applied' || !rules.isVerified(verifiedAtMs)) return traffic;
  const { drainSeconds } = policy.failover;
  const mustDrain = shift.phase === 'draining' && answers(view, shift.cluster);
  if (mustDrain && !rules.isDrained(shift, verifiedAtMs, drainSeconds, nowMs)) return traffic;
  return withShift(traffic, { ...shift, phase: 'applied', phaseSinceMs: nowMs });
}

/** R21: what a shift has taken returns step by step, whatever the failback mode. */
function comeBack(view: View, traffic: Traffic, shift: LiveShift): Traffic {
  const { situation, rules, notes } = view;
  const { nowMs, policy, decision } = situation;
  const { cluster, currentPercent, endedBy = 'expiry' } = shift;
  if (isMoot(traffic, shift)) return removeShift(view, traffic, shift, endedBy);
  if (!mayStep(view, traffic, cluster)) return traffic;
  const percent = rules.nextRampPercent(currentPercent, nowMs - shift.steppedAtMs, policy.failover.failback);
  if (percent === currentPercent) return traffic;
  const isBack = percent >= 100;
  const moved = isBack
    ? withoutShift(traffic, shift.name)
    : withShift(traffic, { ...shift, currentPercent: percent, steppedAtMs: nowMs, decision });
  notes.reasons.set(cluster, `the shift ${shift.name} has ended`);
  const after = attempt(view, traffic, { traffic: moved, cluster, isReturn: true });
  if (after === undefined) return traffic;
  notes.hasStepped = true;
  if (isBack) noteEnd(view, shift, endedBy);
  return after;
}

/** From now on its cluster returns. */
export function endShift(view: View, traffic: Traffic, shift: LiveShift, by: string): Traffic {
  if (isMoot(traffic, shift)) return removeShift(view, traffic, shift, by);
  const phaseSinceMs = view.situation.nowMs;
  return withShift(traffic, { ...shift, phase: 'returning', endedBy: by, phaseSinceMs });
}

/** There is nothing for it to give back: its cluster is fully in, or automation holds it back further. */
function isMoot({ automation }: Traffic, { cluster, currentPercent }: LiveShift): boolean {
  const outage = outageOf(automation, cluster);
  return currentPercent >= 100 || (outage !== undefined && outage.percent <= currentPercent);
}

export function removeShift(view: View, traffic: Traffic, shift: LiveShift, by: string): Traffic {
  noteEnd(view, shift, by);
  return withoutShift(traffic, shift.name);
}

function noteEnd({ notes }: View, { name, id, cluster }: LiveShift, by: string): void {
  notes.endings.push({ type: 'shift', name, id, by });
  notes.events.push({
    type: 'shift.ended',
    clusters: [cluster],
    summary: `The shift ${name} of ${cluster} has ended.`,
  });
}

export function expireBreakGlasses({ situation, rules, notes }: View, traffic: Traffic): Traffic {
  const expired = traffic.breakGlasses.filter(({ expiresAtMs }) => rules.isExpired(expiresAtMs, situation.nowMs));
  if (expired.length === 0) return traffic;
  notes.endings.push(...expired.map(({ name, id }) => ({ type: 'break-glass' as const, name, id, by: 'expiry' })));
  return { ...traffic, breakGlasses: traffic.breakGlasses.filter((item) => !expired.includes(item)) };
}

/** It is not found to have failed: what it serves is to be moved with care. */
export function answers({ clusters }: View, cluster: string): boolean {
  return clusters.get(cluster)?.tally.verdict !== 'unhealthy';
}

export function withShift(traffic: Traffic, shift: LiveShift): Traffic {
  const others = traffic.shifts.filter(({ name }) => name !== shift.name);
  return { ...traffic, shifts: [...others, shift].sort((a, b) => compareText(a.name, b.name)) };
}

function withoutShift(traffic: Traffic, name: string): Traffic {
  return { ...traffic, shifts: traffic.shifts.filter((shift) => shift.name !== name) };
}
