/** Shifts that people ask for. Their combined final effect is judged once, before any of them begins. */

import type { RuleResult } from '../../../schemas/decision.ts';
import { say } from '../../../schemas/messages/index.ts';
import { isRefused } from '../allocation/safety.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import { type Context, moved, refused, type StepResult, type Trace, UNCHANGED } from './context.ts';
import { withoutDrill } from './drills.ts';
import { neverEmpty } from './never-empty.ts';
import { allocationIn, safetyOf } from './outcome.ts';
import { returnsBesides, withReturns } from './service-returns.ts';
import { isSameTarget, targetText, withShift } from './shifts.ts';
import type { LiveShift, Traffic } from './traffic.ts';

/**
 * Puts a single shift. Refuses it when its cluster does not exist, its name belongs to a shift of another target, or
 * its target has another live shift.
 */
export function putShift(context: Context, traffic: Traffic, asked: LiveShift): StepResult {
  const { cluster, name } = asked;
  const before = traffic.shifts.find((item) => item.name === name);
  const other = traffic.shifts.find((item) => isSameTarget(item, asked) && item.name !== name);
  if (!context.clusters.has(cluster)) return refused('cluster', say('NoSuch', { kind: 'cluster', name: cluster }).text);
  if (before && !isSameTarget(before, asked)) {
    return refused('shift', say('ShiftOfOther', { name, target: targetText(before) }).text);
  }
  if (other) return refused('shift', say('HasShift', { target: targetText(asked), shift: other.name }).text);
  return begin(context, traffic, [asked]);
}

/** Takes clusters out, whatever shifts they have: those end, and the new shifts go on from where they were. */
export function evacuate(context: Context, traffic: Traffic, asked: readonly LiveShift[]): StepResult {
  return begin(context, traffic, asked);
}

/** Begins the shifts if their final effect breaks no rule. A live drill is interrupted. */
function begin(context: Context, traffic: Traffic, asked: readonly LiveShift[]): StepResult {
  const { rules, shifts, undrilled } = prepared(context, traffic, asked);
  if (isRefused(rules)) return { type: 'refused', trace: { rules } };
  const free = undrilled.type === 'moved' ? undrilled.traffic : traffic;
  const replaced = traffic.shifts.filter((item) =>
    shifts.some((shift) => isSameTarget(shift, item) && shift.id !== item.id),
  );
  const endings = replaced.map(({ name, id }) => ({ type: 'shift' as const, name, id, by: context.input.actor }));
  const trace: Partial<Trace> = {
    ...undrilled.trace,
    endings: [...(undrilled.trace?.endings ?? []), ...endings],
    rules,
  };
  return moved(withShifts(free, shifts), trace);
}

/** Returns what gateways would be given in the end, and the results of the rules for that. */
export function previewShifts(
  context: Context,
  traffic: Traffic,
  asked: readonly LiveShift[],
): { rules: RuleResult[]; allocation: SealedAllocation } {
  const { rules, outcome } = prepared(context, traffic, asked);
  return { rules, allocation: allocationIn(context, outcome) };
}

function prepared(context: Context, traffic: Traffic, asked: readonly LiveShift[]) {
  const names = asked.map(({ name }) => name).join(', ');
  const why = say('DrillEndedByShift', { names }).text;
  const undrilled = traffic.drill ? withoutDrill(context, traffic, 'interrupted', why) : UNCHANGED;
  const free = undrilled.type === 'moved' ? undrilled.traffic : traffic;
  const shifts = asked.map((shift) => accepted(context, traffic, shift));
  const atEnd = shifts.map((shift) => ({ ...shift, phase: 'applied' as const, currentPercent: shift.percent }));
  const outcome = withShifts(free, atEnd);
  const [only] = asked.length === 1 ? asked : [];
  const found = [...neverEmpty(context, traffic, outcome), ...safetyOf(context, traffic, outcome).rules];
  const rules = found.map((rule) => (only ? { ...rule, cluster: only.cluster } : rule));
  return { undrilled, shifts, outcome, rules };
}

/** Returns the traffic with these shifts in place of other shifts, and of returns, of the same targets. */
function withShifts(traffic: Traffic, shifts: readonly LiveShift[]): Traffic {
  const others = traffic.shifts.filter((item) => !shifts.some((shift) => isSameTarget(shift, item)));
  const free = shifts.reduce((so, shift) => withReturns(so, returnsBesides(so, shift)), traffic);
  return shifts.reduce(withShift, { ...free, shifts: others });
}

/**
 * Returns the shift as it begins. It goes on from what the cluster has now; a shift that only gets another reason or
 * more time stays where it is.
 */
function accepted({ input }: Context, traffic: Traffic, asked: LiveShift): LiveShift {
  const before = traffic.shifts.find((item) => isSameTarget(item, asked));
  const isSame =
    before?.mode === asked.mode &&
    before.percent === asked.percent &&
    before.stepPercent === asked.stepPercent &&
    before.stepSeconds === asked.stepSeconds;
  if (before && isSame) {
    const { phase, currentPercent, phaseSinceMs, steppedAtMs, decision } = before;
    return { ...asked, phase, currentPercent, phaseSinceMs, steppedAtMs, decision };
  }
  const { nowMs, decision } = input;
  const limited = [...traffic.allocation.limits, ...(traffic.allocation.services ?? [])].filter(
    (item: { cluster: string; service?: string }) => isSameTarget(item, asked),
  );
  const has = Math.min(100, ...limited.map(({ percent }) => percent));
  const currentPercent = asked.mode === 'drain' ? (before?.currentPercent ?? has) : asked.percent;
  return { ...asked, phase: 'moving', currentPercent, phaseSinceMs: nowMs, steppedAtMs: nowMs - 1, decision };
}
