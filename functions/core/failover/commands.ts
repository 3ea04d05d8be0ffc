/**
 * Commands of people. A command whose effect is in place already changes nothing, so that asking twice, or as the
 * second person, is not refused.
 */

import { say } from '../../../schemas/messages/index.ts';
import type { LiveBreakGlass } from '../allocation/break-glass.ts';
import { compareText } from '../model/text.ts';
import { questionFor } from './ask-gates.ts';
import { beginDrill, declaredDrill } from './begin-drill.ts';
import { type Context, moved, refused, type Step, type StepResult, stateOf, type Trace, UNCHANGED } from './context.ts';
import { questionOf, withQuestion } from './data-gates.ts';
import type { Command } from './decision-input.ts';
import { withoutDrill } from './drills.ts';
import { clustersBehindClosedGates } from './limits.ts';
import { evacuate, putShift } from './put-shifts.ts';
import { withoutShift } from './shifts.ts';
import { ORDERS } from './standing.ts';
import { type LiveShift, type Traffic, withState } from './traffic.ts';

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

export const applyCommand: Step = (context, traffic) => {
  const { command } = context.input;
  return command === undefined ? UNCHANGED : HANDLERS[command.type](context, traffic, command as never);
};

const HANDLERS: { [T in Command['type']]: (context: Context, traffic: Traffic, command: CommandOf<T>) => StepResult } =
  {
    'put-shift': (context, traffic, { shift }) => putShift(context, traffic, shift),
    evacuate: (context, traffic, { shifts }) => evacuate(context, traffic, shifts),
    'end-shift': (context, traffic, { name }) => endShifts(context, traffic, (shift) => shift.name === name),
    return: returnClusters,
    'put-break-glass': (_, traffic, { breakGlass }) => moved(withBreakGlass(traffic, breakGlass)),
    'end-break-glass': endBreakGlass,
    'start-drill': startDrill,
    'abort-drill': (context, traffic) => withoutDrill(context, traffic, 'aborted', `by ${context.input.actor}`),
    resume: order,
    dismiss: order,
    restore: order,
    'answer-gate': answerGate,
    apply: (_, traffic) => (traffic.recommended ? moved({ ...traffic, allocation: traffic.recommended }) : UNCHANGED),
  };

function endShifts(context: Context, traffic: Traffic, isMeant: (shift: LiveShift) => boolean): StepResult {
  const trace: Pick<Trace, 'events' | 'endings'> = { events: [], endings: [] };
  const { actor } = context.input;
  const meant = traffic.shifts.filter(isMeant);
  const free = meant.reduce((so, shift) => withoutShift(context, so, shift, actor, trace), traffic);
  return meant.length === 0 ? UNCHANGED : moved(free, trace);
}

/**
 * Ends the shifts of clusters and lets held clusters return. A shift of the mode `keep` stays, since it keeps a cluster
 * from nothing.
 */
function returnClusters(context: Context, traffic: Traffic, asked: CommandOf<'return'>): StepResult {
  const { clusters, service } = asked;
  const ended = endShifts(context, traffic, (shift) => {
    const isMeant = service === undefined || shift.service === service;
    return shift.mode !== 'keep' && clusters.includes(shift.cluster) && isMeant;
  });
  if (service !== undefined) return ended;
  const free = ended.type === 'moved' ? ended.traffic : traffic;
  const next = clusters.reduce((so, cluster) => ordered(context, so, 'restore', cluster), free);
  return next === traffic ? UNCHANGED : moved(next, ended.trace);
}

function withBreakGlass(traffic: Traffic, breakGlass: LiveBreakGlass): Traffic {
  const others = traffic.breakGlasses.filter(({ name }) => name !== breakGlass.name);
  return { ...traffic, breakGlasses: [...others, breakGlass].sort((a, b) => compareText(a.name, b.name)) };
}

function endBreakGlass({ input }: Context, traffic: Traffic, { name }: CommandOf<'end-break-glass'>): StepResult {
  const found = traffic.breakGlasses.find((item) => item.name === name);
  if (found === undefined) return UNCHANGED;
  const breakGlasses = traffic.breakGlasses.filter((item) => item !== found);
  const endings = [{ type: 'break-glass' as const, name, id: found.id, by: input.actor }];
  return moved({ ...traffic, breakGlasses }, { endings });
}

/** Records an answer to a gate's question. A question that is over, or that has this answer already, is left alone. */
function answerGate({ input }: Context, traffic: Traffic, command: CommandOf<'answer-gate'>): StepResult {
  const { nowMs, actor } = input;
  const { city, question: id, answer } = command;
  const question = questionOf(traffic, city);
  if (question?.id !== id || question.answer?.answer === answer) return UNCHANGED;
  return moved(withQuestion(traffic, { ...question, answer: { answer, by: actor, atMs: nowMs } }));
}

function startDrill(context: Context, traffic: Traffic, { drill, run }: CommandOf<'start-drill'>): StepResult {
  const declared = declaredDrill(context, drill);
  return declared ? beginDrill(context, traffic, declared, run) : refused('drill', say('NoDrill', { drill }).text);
}

function order(context: Context, traffic: Traffic, { type, cluster }: CommandOf<keyof typeof ORDERS>): StepResult {
  const next = ordered(context, traffic, type, cluster);
  return next === traffic ? UNCHANGED : moved(next);
}

/** Returns the traffic after an order by a person; the same object when the cluster's standing ignores the order. */
function ordered(context: Context, traffic: Traffic, name: keyof typeof ORDERS, cluster: string): Traffic {
  const item = context.clusters.get(cluster);
  const state = item && stateOf(traffic, item.facts);
  const transition = state && ORDERS[name][state.standing];
  if (state === undefined || transition === undefined) return traffic;
  const { nowMs, decision, actor } = context.input;
  const reason = say('AskedBy', { actor }).text;
  const now = { nowMs, decision, reason, cooldownSeconds: 0, doubtMs: 0, brake: undefined };
  const marks = {
    isGateClosed: clustersBehindClosedGates(context).has(cluster),
    isOverloaded: false,
    hasEntitlement: false,
  };
  const next = transition(state, { ...now, ...marks });
  const answered = name === 'restore' ? withCityRegained(context, traffic, item?.facts.city) : traffic;
  return next === state ? answered : withState(answered, next);
}

/** Answers that the city may be regained, which a person says by letting one of its clusters return. A question that comes after that is answered, too. */
function withCityRegained(context: Context, traffic: Traffic, city: string | undefined): Traffic {
  const asked = questionOf(traffic, city);
  if (asked === undefined || (asked.way === 'regain' && asked.answer?.answer === 'go')) return traffic;
  const question = asked.way === 'regain' ? asked : questionFor(context, asked.city, 'regain');
  const { actor, nowMs } = context.input;
  return withQuestion(traffic, { ...question, answer: { answer: 'go', by: actor, atMs: nowMs } });
}
