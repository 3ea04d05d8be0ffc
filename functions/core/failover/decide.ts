import { equal } from '../digest.ts';
import { applyCommand } from './commands.ts';
import { type Context, contextOf, moved, type Step, stateOf, type Trace, UNCHANGED, type Watched } from './context.ts';
import { beginScheduled, moveDrill, stopDrill } from './drills.ts';
import { recoveryMsOf } from './grace.ts';
import { forget, judge } from './judge.ts';
import { isAskedTheSame, limitsOf, limitsWithoutAutomation } from './limits.ts';
import { bringBack } from './returns.ts';
import { sealAllocation } from './seal.ts';
import { expire, moveShifts } from './shifts.ts';
import type { Situation, Verdict } from './situation.ts';
import { type ClusterState, type Traffic, withState } from './traffic.ts';
import { refusal, verdictOf } from './verdict.ts';

/** Everything that can change the state of a fleet, in the order in which it is looked at. The points follow from all of it. */
export const STEPS: Record<string, Step> = {
  forget,
  applyCommand,
  expire,
  stopDrill,
  judge,
  bringBack,
  moveShifts,
  beginScheduled,
  moveDrill,
  allocatePoints,
};

/** What is to be done in a situation; undefined when all stays as it is. */
export function decide(situation: Situation): Verdict | undefined {
  const context = contextOf(situation);
  const trace: Trace = { rules: [], events: [], endings: [] };
  let traffic = situation.traffic;
  for (const step of Object.values(STEPS)) {
    const result = step(context, traffic);
    trace.rules.push(...(result.trace?.rules ?? []));
    trace.events.push(...(result.trace?.events ?? []));
    trace.endings.push(...(result.trace?.endings ?? []));
    if (result.type === 'refused') return refusal(situation, trace.rules);
    if (result.type === 'moved') traffic = result.traffic;
  }
  return equal(situation.traffic, traffic) ? undefined : verdictOf(context, traffic, trace);
}

/** Where automation does not act, gateways keep what they have, but for what people ask for, and what it would give is recommended. */
function allocatePoints(context: Context, traffic: Traffic): ReturnType<Step> {
  const next = context.acts ? acted(context, traffic) : advised(context, traffic);
  const isAsBefore =
    next.allocation === traffic.allocation &&
    next.recommended === traffic.recommended &&
    next.clusters === traffic.clusters;
  return isAsBefore ? UNCHANGED : moved(next);
}

function acted(context: Context, { recommended: _, ...traffic }: Traffic): Traffic {
  const allocation = sealAllocation(context, traffic, limitsOf(context, traffic), traffic.allocation);
  return withHeat(context, { ...traffic, allocation });
}

/** Clusters that are given more than their capacity are hot until they are found quick enough again: it explains why they are slow. */
function withHeat(context: Context, traffic: Traffic): Traffic {
  const overloaded = new Set(traffic.allocation.overloads.map(({ cluster }) => cluster));
  const known = traffic.clusters.filter(({ heat }) => heat !== undefined).map(({ cluster }) => cluster);
  return [...new Set([...overloaded, ...known])].reduce((next, name) => {
    const item = context.clusters.get(name);
    if (item === undefined) return next;
    const { heat: before, ...state } = stateOf(next, item.facts);
    const heat = overloaded.has(name) ? {} : cooling(context, item, before);
    return equal(heat, before) ? next : withState(next, heat ? { ...state, heat } : state);
  }, traffic);
}

/** Heat lasts for as long as voters take to forget what they saw meanwhile, and as long as they find the cluster slow after that. */
function cooling({ situation }: Context, { tally }: Watched, before: ClusterState['heat']): ClusterState['heat'] {
  if (before === undefined) return undefined;
  const untilMs = before.untilMs ?? situation.nowMs + recoveryMsOf(situation.policy);
  return situation.nowMs < untilMs || tally.impaired !== undefined ? { untilMs } : undefined;
}

function advised(context: Context, traffic: Traffic): Traffic {
  const last = traffic.recommended ?? traffic.allocation;
  const recommended = sealAllocation(context, traffic, limitsOf(context, traffic), last, traffic.allocation);
  const allocation = isAskedTheSame(context, traffic)
    ? traffic.allocation
    : sealAllocation(context, traffic, limitsWithoutAutomation(context, traffic), traffic.allocation);
  const { recommended: _, ...rest } = traffic;
  return withHeat(
    context,
    isSame(recommended, allocation) ? { ...rest, allocation } : { ...rest, allocation, recommended },
  );
}

function isSame(one: Traffic['allocation'], other: Traffic['allocation']): boolean {
  const pointsIn = ({ backends }: Traffic['allocation']) =>
    backends.map(({ placement, points }) => [placement, points]);
  return equal(pointsIn(one), pointsIn(other)) && equal(one.overloads, other.overloads);
}
