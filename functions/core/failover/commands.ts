/** What people ask for. */

import type { RuleResult } from '../../../schemas/decision.ts';
import { isRefused, setAside } from '../allocation/safety.ts';
import { compareText } from '../precedence.ts';
import {
  type Context,
  moved,
  refused,
  result,
  type Step,
  type StepResult,
  stateOf,
  type Trace,
  UNCHANGED,
} from './context.ts';
import { beginDrill, declaredDrill, withoutDrill } from './drills.ts';
import { gatedClusters } from './limits.ts';
import { safetyOf } from './outcome.ts';
import { withoutShift, withShift } from './shifts.ts';
import type { Command } from './situation.ts';
import { ORDERS } from './standing.ts';
import { type LiveBreakGlass, type LiveShift, type Traffic, withState } from './traffic.ts';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

export const applyCommand: Step = (context, traffic) => {
  const { command } = context.situation;
  return command === undefined ? UNCHANGED : HANDLERS[command.type](context, traffic, command as never);
};

const HANDLERS: { [T in Command['type']]: (context: Context, traffic: Traffic, command: CommandOf<T>) => StepResult } =
  {
    'put-shift': (context, traffic, { shift }) => putShift(context, traffic, shift),
    'end-shift': endShift,
    'put-break-glass': (_, traffic, { breakGlass }) => moved(withBreakGlass(traffic, breakGlass)),
    'end-break-glass': endBreakGlass,
    'start-drill': startDrill,
    'abort-drill': (context, traffic) =>
      traffic.drill
        ? withoutDrill(context, traffic, 'aborted', `by ${context.situation.actor}`)
        : refused('drill', 'no drill is under way'),
    resume: (context, traffic) => order(context, traffic, 'resume', [...context.clusters.keys()]),
    dismiss: (context, traffic, { cluster }) => order(context, traffic, 'dismiss', [cluster]),
    restore: (context, traffic, { cluster }) => order(context, traffic, 'restore', [cluster]),
    accept: (_, traffic) =>
      traffic.recommended
        ? moved({ ...traffic, allocation: traffic.recommended })
        : refused('recommendation', 'nothing is recommended that is not in force'),
  };

/** The shift that was asked for, if what it leads to in the end breaks no rule. A drill gives way to it. */
function putShift(context: Context, traffic: Traffic, asked: LiveShift): StepResult {
  const { cluster, name } = asked;
  const before = traffic.shifts.find((item) => item.name === name);
  const other = traffic.shifts.find((item) => item.cluster === cluster && item.name !== name);
  if (!context.clusters.has(cluster)) return refused('cluster', `${cluster} is no cluster of the fleet`);
  if (before && before.cluster !== cluster) return refused('shift', `${name} is a shift of ${before.cluster}`);
  if (other) return refused('shift', `${cluster} has the live shift ${other.name}`);
  const undrilled = traffic.drill ? withoutDrill(context, traffic, 'interrupted', `by the shift ${name}`) : UNCHANGED;
  const free = undrilled.type === 'moved' ? undrilled.traffic : traffic;
  const shift = accepted(context, traffic, asked, before);
  const outcome = withShift(free, { ...shift, phase: 'applied', currentPercent: shift.percent });
  const { rules } = safetyOf(context, traffic, outcome);
  const judged = [...neverEmpty(context, traffic, outcome), ...rules].map((rule) => ({ ...rule, cluster }));
  if (isRefused(judged)) return { type: 'refused', trace: { rules: judged } };
  return moved(withShift(free, shift), { ...undrilled.trace, rules: judged });
}

/** Only a break-glass lets people leave a service with nobody who serves. */
function neverEmpty(context: Context, before: Traffic, after: Traffic): RuleResult[] {
  const stranded = strandedBy(context, before, after);
  if (stranded.length === 0) return [];
  const detail = `no cluster would be left that may serve ${stranded.join(', ')}`;
  return [setAside(result('never-empty', false, detail), { ...before, nowMs: context.situation.nowMs })];
}

/**
 * Services that a shift of people would leave with nobody who serves: clusters that are down, and clusters that people have taken out, do not
 * count. None where it was so before.
 */
function strandedBy(context: Context, before: Traffic, after: Traffic): string[] {
  const serving = (traffic: Traffic) => {
    const taken = traffic.shifts.filter(
      ({ mode, percent }) => mode === 'isolate' || (mode === 'drain' && percent === 0),
    );
    const out = new Set(taken.map(({ cluster }) => cluster));
    return (cluster: string) => {
      const facts = context.clusters.get(cluster)?.facts;
      return facts !== undefined && !out.has(cluster) && stateOf(traffic, facts).standing !== 'down';
    };
  };
  const [did, does] = [serving(before), serving(after)];
  const found = context.situation.placements.filter(({ members, pinned }) => {
    const able = members.filter(({ weight }) => weight > 0);
    return !pinned && able.some(({ cluster }) => did(cluster)) && !able.some(({ cluster }) => does(cluster));
  });
  return [...new Set(found.flatMap(({ services, key }) => (services.length > 0 ? services : [key])))].sort(compareText);
}

/** It goes on from what the cluster has now; where it is only given another reason or more time, it stays where it is. */
function accepted(
  { situation }: Context,
  traffic: Traffic,
  asked: LiveShift,
  before: LiveShift | undefined,
): LiveShift {
  const isSame =
    before?.mode === asked.mode &&
    before.percent === asked.percent &&
    before.stepPercent === asked.stepPercent &&
    before.stepSeconds === asked.stepSeconds;
  if (before && isSame) {
    const { phase, currentPercent, phaseSinceMs, steppedAtMs, decision } = before;
    return { ...asked, phase, currentPercent, phaseSinceMs, steppedAtMs, decision };
  }
  const { nowMs, decision } = situation;
  const limited = traffic.allocation.limits.find(({ cluster }) => cluster === asked.cluster);
  const currentPercent = asked.mode === 'drain' ? (before?.currentPercent ?? limited?.percent ?? 100) : asked.percent;
  return { ...asked, phase: 'moving', currentPercent, phaseSinceMs: nowMs, steppedAtMs: nowMs - 1, decision };
}

function endShift(context: Context, traffic: Traffic, { name }: CommandOf<'end-shift'>): StepResult {
  const shift = traffic.shifts.find((item) => item.name === name);
  if (shift === undefined) return refused('shift', `there is no shift ${name}`);
  const trace: Pick<Trace, 'events' | 'endings'> = { events: [], endings: [] };
  return moved(withoutShift(context, traffic, shift, context.situation.actor, trace), trace);
}

function withBreakGlass(traffic: Traffic, breakGlass: LiveBreakGlass): Traffic {
  const others = traffic.breakGlasses.filter(({ name }) => name !== breakGlass.name);
  return { ...traffic, breakGlasses: [...others, breakGlass].sort((a, b) => compareText(a.name, b.name)) };
}

function endBreakGlass({ situation }: Context, traffic: Traffic, { name }: CommandOf<'end-break-glass'>): StepResult {
  const found = traffic.breakGlasses.find((item) => item.name === name);
  if (found === undefined) return refused('break-glass', `there is no break-glass ${name}`);
  const breakGlasses = traffic.breakGlasses.filter((item) => item !== found);
  const endings = [{ type: 'break-glass' as const, name, id: found.id, by: situation.actor }];
  return moved({ ...traffic, breakGlasses }, { endings });
}

function startDrill(context: Context, traffic: Traffic, { drill, run }: CommandOf<'start-drill'>): StepResult {
  const declared = declaredDrill(context, drill);
  return declared ? beginDrill(context, traffic, declared, run) : refused('drill', `there is no drill ${drill}`);
}

/** Why there is nothing to order. */
const NOTHING_TO: Record<keyof typeof ORDERS, string> = {
  resume: 'no brake keeps any cluster in',
  dismiss: 'the cluster is not suspected',
  restore: 'the cluster does not wait for anything that people can give',
};

/** What people make of the standing of clusters. */
function order(context: Context, traffic: Traffic, name: keyof typeof ORDERS, clusters: readonly string[]): StepResult {
  const { situation } = context;
  const reason = `${situation.actor} has asked for it`;
  const next = clusters.reduce((so, cluster) => {
    const item = context.clusters.get(cluster);
    if (item === undefined) return so;
    const state = stateOf(so, item.facts);
    const transition = ORDERS[name][state.standing];
    const { nowMs, decision } = situation;
    const now = { nowMs, decision, reason, cooldownSeconds: 0, doubtMs: 0, brake: undefined };
    const marks = { isGated: gatedClusters(context).has(cluster), isOverloaded: false, hasEntitlement: false };
    return transition ? withState(so, transition(state, { ...now, ...marks })) : so;
  }, traffic);
  return next === traffic ? refused(name, NOTHING_TO[name]) : moved(next);
}
