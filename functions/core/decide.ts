import { withdrawalsOf } from './claims.ts';
import { equal } from './digest.ts';
import { moveDrill, stopDrill } from './drills.ts';
import { MEMORY_MS } from './failback.ts';
import { obey } from './obey.ts';
import { endHalt, holdNewcomers, recordBlocked, withdrawFailing } from './outages.ts';
import { bringBack } from './returns.ts';
import { RULES, type Rules } from './rules.ts';
import { settle } from './settle.ts';
import { expireBreakGlasses, moveShifts } from './shifts.ts';
import type { Situation, Verdict } from './situation.ts';
import type { AutomationState, Traffic } from './traffic.ts';
import { verdictOf } from './verdict.ts';
import { freshNotes, type View, viewOf } from './view.ts';

/** What is to be done in a situation; undefined when all stays as it is. */
export function decide(situation: Situation): Verdict | undefined {
  return decideWith(RULES, situation);
}

/** The same by other rules: how the simulator shows that it would notice a broken one. */
export function decideWith(rules: Rules, situation: Situation): Verdict | undefined {
  const view = viewOf(rules, situation);
  const asked = obey(view, forget(view, situation.traffic));
  if (asked === undefined) return verdictOf(view, situation.traffic, 'refused');
  const next = move(view, asked);
  if (!isSame(situation.traffic, next))
    return verdictOf(view, remember(view, next), outcomeOf(situation.traffic, next));
  return view.acts ? undefined : recommend(view, situation.traffic);
}

/** Everything that can move traffic, in the order in which it comes first. */
function move(view: View, traffic: Traffic): Traffic {
  const undrilled = stopDrill(view, expireBreakGlasses(view, traffic));
  const automated = view.acts ? automate(view, undrilled) : bringBack(view, undrilled);
  const moved = moveDrill(view, moveShifts(view, automated));
  return settle(view, recordBlocked(view, moved));
}

/** Failures first; what returns has to wait for them. */
function automate(view: View, traffic: Traffic): Traffic {
  const withdrawn = withdrawFailing(view, holdNewcomers(view, endHalt(view, traffic)));
  return withdrawn.automation.halt ? withdrawn : bringBack(view, withdrawn);
}

/** R12: what automation would do if it acted, recorded once; nothing that is in force changes. */
function recommend(view: View, traffic: Traffic): Verdict | undefined {
  const automation = traffic.recommended ?? traffic.automation;
  const imagined = {
    ...traffic,
    automation,
    withdrawals: withdrawalsOf({ ...traffic, automation }, view.rules.governing),
  };
  const actor: View = { ...view, acts: true, base: imagined, notes: freshNotes() };
  const base = settle(actor, imagined);
  const after = imagine({ ...actor, base }, base);
  if (isSameAutomation(automation, after.automation)) return undefined;
  const recommended = remember(view, after).automation;
  const outcome = equal(memoryFree(automation), memoryFree(recommended)) ? 'blocked' : 'withheld';
  return verdictOf({ ...actor, base }, { ...after, recommended }, outcome);
}

function imagine(view: View, traffic: Traffic): Traffic {
  const withdrawn = withdrawFailing(view, endHalt(view, traffic));
  const returned = withdrawn.automation.halt ? withdrawn : bringBack(view, withdrawn);
  return settle(view, recordBlocked(view, returned));
}

/** Outages of clusters that are gone, or that are other ones of the same name. */
function forget({ clusters }: View, traffic: Traffic): Traffic {
  const isOurs = ({ cluster, uid }: { cluster: string; uid: string }) =>
    uid === '' ? clusters.has(cluster) : clusters.get(cluster)?.facts.uid === uid;
  const clean = (state: AutomationState) =>
    state.outages.every(isOurs) ? state : { ...state, outages: state.outages.filter(isOurs) };
  const automation = clean(traffic.automation);
  const recommended = traffic.recommended && clean(traffic.recommended);
  if (automation === traffic.automation && recommended === traffic.recommended) return traffic;
  return { ...traffic, automation, ...(recommended && { recommended }) };
}

/** Episodes are kept as far back as a rule looks. */
function remember({ situation }: View, traffic: Traffic): Traffic {
  const { safety, failover } = situation.policy;
  const windowsSeconds = [safety.maxRemoved?.windowSeconds ?? 0, failover.correlation.windowSeconds];
  const memoryMs = Math.max(MEMORY_MS, ...windowsSeconds.map((seconds) => seconds * 1000));
  const episodes = traffic.automation.episodes.filter(({ atMs }) => situation.nowMs - atMs <= memoryMs);
  return { ...traffic, automation: { ...traffic.automation, episodes } };
}

/** What is only noted is no change of traffic. */
function outcomeOf(before: Traffic, after: Traffic): Verdict['outcome'] {
  const isNoted = equal(
    { ...before, automation: memoryFree(before.automation) },
    { ...after, automation: memoryFree(after.automation) },
  );
  return isNoted && after.automation.blocked.length + (after.automation.halt ? 1 : 0) > 0 ? 'blocked' : 'applied';
}

function memoryFree({ blocked: _, halt: __, ...state }: AutomationState): Omit<AutomationState, 'blocked' | 'halt'> {
  return state;
}

/** A recommendation that is left over does not count once automation acts. */
function isSame(before: Traffic, after: Traffic): boolean {
  return (
    before === after ||
    (isSameAutomation(before.automation, after.automation) &&
      isEqual(before.withdrawals, after.withdrawals) &&
      isEqual(before.allocations, after.allocations) &&
      isEqual(before.shifts, after.shifts) &&
      isEqual(before.breakGlasses, after.breakGlasses) &&
      isEqual(before.drill, after.drill) &&
      isEqual(before.recommended, after.recommended))
  );
}

function isSameAutomation(before: AutomationState, after: AutomationState): boolean {
  return before === after || equal(before, after);
}

function isEqual(before: unknown, after: unknown): boolean {
  return before === after || equal(before, after);
}
