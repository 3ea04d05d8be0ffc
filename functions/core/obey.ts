/** What people ask for. Undefined: it is refused, and the notes say by which rule. */

import { liveShiftOf, percentOf } from './claims.ts';
import { beginDrill, declaredDrill, endDrill } from './drills.ts';
import { outageOf } from './outages.ts';
import { compareText } from './precedence.ts';
import { isRefused } from './safety.ts';
import { safetyOf, settle } from './settle.ts';
import { endShift, removeShift, withShift } from './shifts.ts';
import type { Command, Placement } from './situation.ts';
import type { AutomationState, LiveBreakGlass, LiveShift, Traffic } from './traffic.ts';
import { note, type View } from './view.ts';

export function obey(view: View, traffic: Traffic): Traffic | undefined {
  const { command } = view.situation;
  if (command === undefined) return traffic;
  return command.type === 'put-shift' || command.type === 'end-shift'
    ? obeyShift(view, traffic, command)
    : obeyOther(view, traffic, command);
}

type ShiftCommand = Extract<Command, { type: 'put-shift' | 'end-shift' }>;

function obeyShift(view: View, traffic: Traffic, command: ShiftCommand): Traffic | undefined {
  if (command.type === 'put-shift') return putShift(view, traffic, command.shift);
  const shift = traffic.shifts.find(({ name }) => name === command.name);
  if (shift === undefined) return refuse(view, 'shift', `there is no shift ${command.name}`);
  return shift.phase === 'returning' ? traffic : endShift(view, traffic, shift, view.situation.actor);
}

function obeyOther(view: View, traffic: Traffic, command: Exclude<Command, ShiftCommand>): Traffic | undefined {
  switch (command.type) {
    case 'put-break-glass':
      return withBreakGlass(traffic, command.breakGlass);
    case 'end-break-glass':
      return endBreakGlass(view, traffic, command.name);
    case 'start-drill': {
      const drill = declaredDrill(view, command.drill);
      return drill
        ? beginDrill(view, traffic, drill, command.run)
        : refuse(view, 'drill', `there is no drill ${command.drill}`);
    }
    case 'abort-drill':
      return traffic.drill
        ? endDrill(view, traffic, 'aborted', `by ${view.situation.actor}`)
        : refuse(view, 'drill', 'no drill is under way');
    case 'resume':
      return resume(view, traffic);
    case 'restore':
      return restore(view, traffic, command.cluster);
  }
}

/** The shift that was asked for, if what it leads to in the end breaks no rule. A drill gives way to it. */
function putShift(view: View, traffic: Traffic, asked: LiveShift): Traffic | undefined {
  const { cluster, name } = asked;
  const before = traffic.shifts.find((item) => item.name === name);
  const other = liveShiftOf(traffic.shifts, cluster);
  if (!view.clusters.has(cluster)) return refuse(view, 'cluster', `${cluster} is no cluster of the fleet`);
  if (before && before.cluster !== cluster) return refuse(view, 'shift', `${name} is a shift of ${before.cluster}`);
  if (other && other.name !== name) return refuse(view, 'shift', `${cluster} has the live shift ${other.name}`);
  const undrilled = traffic.drill ? endDrill(view, traffic, 'interrupted', `by the shift ${name}`) : traffic;
  const superseded = undrilled.shifts.filter((item) => item.cluster === cluster && item.name !== name);
  const free = superseded.reduce((next, item) => removeShift(view, next, item, view.situation.actor), undrilled);
  const shift = accepted(view, traffic, asked, before);
  const outcome = settle(view, withShift(free, { ...shift, phase: 'applied', currentPercent: shift.percent }));
  const stranded = strandedBy(view, traffic, outcome);
  if (stranded) return refuse(view, 'never-empty', `no cluster would be left that may serve ${stranded}`);
  const results = safetyOf(view, traffic, outcome, undefined);
  view.notes.rules.push(...results.map((result) => ({ ...result, cluster })));
  return isRefused(results) ? undefined : withShift(free, shift);
}

/** R10: a placement whose last cluster somebody takes out would keep it all the same, which is not what the shift says. */
function strandedBy({ situation }: View, before: Traffic, after: Traffic): string | undefined {
  const isStranded = ({ members, pinned }: Placement, { withdrawals }: Traffic) =>
    !pinned && members.every(({ cluster, weight }) => weight === 0 || percentOf(withdrawals, cluster) === 0);
  const found = situation.placements.find(
    (placement) => isStranded(placement, after) && !isStranded(placement, before),
  );
  return found && (found.services.join(', ') || found.key);
}

/** It goes on from what the cluster has now; where it is only given another reason or more time, it stays where it is. */
function accepted({ situation }: View, traffic: Traffic, asked: LiveShift, before: LiveShift | undefined): LiveShift {
  const isSame =
    before?.phase !== 'returning' &&
    before?.percent === asked.percent &&
    before.stepPercent === asked.stepPercent &&
    before.stepSeconds === asked.stepSeconds;
  const { endedBy: _, ...shift } = asked;
  if (before && isSame) {
    const { phase, currentPercent, phaseSinceMs, steppedAtMs, decision } = before;
    return { ...shift, phase, currentPercent, phaseSinceMs, steppedAtMs, decision };
  }
  const { nowMs, decision } = situation;
  const currentPercent = percentOf(traffic.withdrawals, asked.cluster);
  return { ...shift, phase: 'moving', currentPercent, phaseSinceMs: nowMs, steppedAtMs: nowMs - 1, decision };
}

function withBreakGlass(traffic: Traffic, breakGlass: LiveBreakGlass): Traffic {
  const others = traffic.breakGlasses.filter(({ name }) => name !== breakGlass.name);
  return { ...traffic, breakGlasses: [...others, breakGlass].sort((a, b) => compareText(a.name, b.name)) };
}

function endBreakGlass(view: View, traffic: Traffic, name: string): Traffic | undefined {
  const found = traffic.breakGlasses.find((item) => item.name === name);
  if (found === undefined) return refuse(view, 'break-glass', `there is no break-glass ${name}`);
  view.notes.endings.push({ type: 'break-glass', name, id: found.id, by: view.situation.actor });
  return { ...traffic, breakGlasses: traffic.breakGlasses.filter((item) => item !== found) };
}

/** Of the automation that acts, and of the one that only recommends. */
function resume(view: View, traffic: Traffic): Traffic | undefined {
  const { automation, recommended } = traffic;
  if (!automation.halt && !recommended?.halt) return refuse(view, 'halt', 'automation has not halted');
  const resumed = ({ halt: _, ...state }: AutomationState) => ({ ...state, resumedAtMs: view.situation.nowMs });
  return {
    ...traffic,
    automation: automation.halt ? resumed(automation) : automation,
    ...(recommended && { recommended: recommended.halt ? resumed(recommended) : recommended }),
  };
}

function restore(view: View, traffic: Traffic, cluster: string): Traffic | undefined {
  const { automation, recommended } = traffic;
  const isOut = outageOf(automation, cluster) ?? (recommended && outageOf(recommended, cluster));
  if (!isOut) return refuse(view, 'restore', `automation does not hold ${cluster} back`);
  const approved = (state: AutomationState) => ({
    ...state,
    outages: state.outages.map((outage) => (outage.cluster === cluster ? { ...outage, isApproved: true } : outage)),
  });
  return {
    ...traffic,
    automation: approved(automation),
    ...(recommended && { recommended: approved(recommended) }),
  };
}

function refuse(view: View, rule: string, detail: string): undefined {
  note(view, rule, false, detail);
}
