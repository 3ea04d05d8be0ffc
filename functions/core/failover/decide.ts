import { equal } from '../model/digest.ts';
import { askToLeave, askToRegain } from './ask-gates.ts';
import { beginScheduled } from './begin-drill.ts';
import { applyCommand } from './commands.ts';
import { type Context, contextOf, moved, type Step, type Trace, UNCHANGED } from './context.ts';
import { moveDrill, stopDrill } from './drills.ts';
import { withHeat } from './heat.ts';
import { admit, updateStandings } from './update-standings.ts';
import { limitsOf } from './limits.ts';
import { forget, withLosses } from './memory.ts';
import { failBack } from './failback.ts';
import { sealAllocation, sealWithoutAutomation } from './seal.ts';
import { joinReturns } from './service-returns.ts';
import { expire, moveShifts } from './shifts.ts';
import type { DecisionInput, DecisionResult } from './decision-input.ts';
import type { Traffic } from './traffic.ts';
import { movesPoints, refusedResult, resultOf } from './decision-result.ts';

/**
 * All steps that can change the failover state of a fleet, in the order in which they run. The allocation is computed
 * last, from the results of the others.
 */
export const STEPS: Record<string, Step> = {
  forget,
  admit,
  applyCommand,
  expire,
  stopDrill,
  askToLeave,
  updateStandings,
  askToRegain,
  joinReturns,
  failBack,
  moveShifts,
  beginScheduled,
  moveDrill,
  allocatePoints,
};

/** The most passes of one decision. A decision that goes on changing is a fault, and this limit ends it all the same. */
const MOST_PASSES = 128;

/**
 * Decides what to do; returns undefined when everything stays as it is. The steps run again until none
 * of them changes anything, so a second decision on the result changes nothing before there is new evidence, a new
 * declaration or a later time.
 */
export function decide(input: DecisionInput): DecisionResult | undefined {
  const context = contextOf(input);
  const trace: Trace = { rules: [], events: [], endings: [] };
  let before = input.traffic;
  let traffic = withSteps(context, before, trace);
  for (let pass = 1; pass < MOST_PASSES && traffic !== undefined && !equal(before, traffic); pass++) {
    before = traffic;
    traffic = withSteps(settling(context, traffic), traffic, trace);
  }
  if (traffic === undefined) return refusedResult(input, trace.rules);
  return equal(input.traffic, traffic) ? undefined : resultOf(context, traffic, trace);
}

/** Returns the traffic after all steps; undefined when one of them refuses what a person asks for. */
function withSteps(context: Context, traffic: Traffic, trace: Trace): Traffic | undefined {
  let next = traffic;
  for (const step of Object.values(STEPS)) {
    const result = step(context, next);
    trace.rules.push(...(result.trace?.rules ?? []));
    trace.events.push(...(result.trace?.events ?? []));
    trace.endings.push(...(result.trace?.endings ?? []));
    if (result.type === 'refused') return undefined;
    if (result.type === 'moved') next = result.traffic;
  }
  return next;
}

/**
 * Returns the context for the next pass: the command is done, and once points have changed, gateways are not verified
 * to follow.
 */
function settling({ input: { command: _, ...input }, ...context }: Context, traffic: Traffic): Context {
  const isFollowed = !movesPoints(input.placements, input.traffic.allocation, traffic.allocation);
  return { ...context, input, verifiedAtMs: isFollowed ? context.verifiedAtMs : undefined };
}

/**
 * Seals the allocation. Where automation does not act, gateways keep what they have except for what people ask for, and
 * what automation would give them is recommended.
 */
function allocatePoints(context: Context, traffic: Traffic): ReturnType<Step> {
  const next = context.acts ? acted(context, traffic) : advised(context, traffic);
  const isAsBefore =
    next.allocation === traffic.allocation &&
    next.recommended === traffic.recommended &&
    next.clusters === traffic.clusters;
  return isAsBefore ? UNCHANGED : moved(next);
}

function acted(context: Context, { recommended: _, ...traffic }: Traffic): Traffic {
  const allocation = sealAllocation(context, traffic, limitsOf(context, traffic), { last: traffic.allocation });
  return withHeat(context, withLosses(context, { ...traffic, allocation }, traffic.allocation));
}

function advised(context: Context, traffic: Traffic): Traffic {
  const last = traffic.recommended ?? traffic.allocation;
  const recommended = sealAllocation(context, traffic, limitsOf(context, traffic), { last, given: traffic.allocation });
  const allocation = sealWithoutAutomation(context, traffic);
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
