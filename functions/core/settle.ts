import type { RuleResult } from '../../schemas/decision.ts';
import type { SafetyRuleName } from '../../schemas/failover.ts';
import { loadsOf, overloaded, type Placed, type PlacementShares } from './allocate.ts';
import { withdrawalsOf } from './claims.ts';
import { equal } from './digest.ts';
import { panicAllocation, panicShares } from './panic.ts';
import { checkSafety, isRefused, type SafetyContext } from './safety.ts';
import type { Placement } from './situation.ts';
import type { Allocation, Panic, Traffic } from './traffic.ts';
import type { View } from './view.ts';

/** What outages, shifts and a drill make of traffic: who is withdrawn, which placements are in panic, and what capacity moves besides. */
export function settle(view: View, traffic: Traffic): Traffic {
  const { acts } = view;
  const withdrawals = keep(view.base.withdrawals, withdrawalsOf(traffic, view.rules.governing));
  const settled = withdrawals === traffic.withdrawals ? traffic : { ...traffic, withdrawals };
  if (!acts && withdrawals === view.base.withdrawals) return settled;
  const panics = acts ? panicsOf(view, settled) : settled.automation.panics;
  const automation =
    panics === settled.automation.panics ? settled.automation : { ...settled.automation, panics: [...panics] };
  const allocations = keep(view.base.allocations, allocationsOf(view, { ...settled, automation }));
  if (automation === settled.automation && allocations === settled.allocations) return settled;
  return { ...settled, automation, allocations };
}

/** The shares of all placements. */
export function sharesIn({ situation, rules }: View, traffic: Traffic): PlacementShares[] {
  return situation.placements.map((placement) => ({ placement, shares: rules.sharesOf(placement, traffic) }));
}

/** Clusters that have to serve more than they may. */
export function overloadsOf(view: View, traffic: Traffic): string[] {
  const ceilings = ceilingsOf(view);
  return ceilings.size === 0 ? [] : overloaded(loadsOf(sharesIn(view, traffic)), ceilings);
}

/** R11, R12: what the safety rules say of a change. `removed`: what automation takes out, now and within the window. */
export function safetyOf(
  view: View,
  before: Traffic,
  after: Traffic,
  removed: readonly string[] | undefined,
): RuleResult[] {
  const { situation, rules } = view;
  const context: SafetyContext = {
    rules: situation.policy.safety,
    breakGlasses: after.breakGlasses,
    nowMs: situation.nowMs,
    ceilings: ceilingsOf(view),
    removed,
  };
  return checkSafety(context, sharesIn(view, before), sharesIn(view, after), rules.safety);
}

/** Rules about who serves. */
const RETURN_IS_ABOVE: readonly string[] = ['min-serving', 'min-base', 'exclusive'] satisfies SafetyRuleName[];

/**
 * A change of the cluster that automation makes on its own or goes on with; undefined when a safety rule forbids it, which is noted. What
 * overloads others is done nevertheless when `isUrgent`: dead is worse than hot. A step of a return (`isReturn`) leads to what is declared:
 * no rule about who serves stands in its way, or clusters that serve for others could keep them out for ever.
 */
export function attempt(
  view: View,
  before: Traffic,
  change: { traffic: Traffic; cluster: string; removed?: string[]; isUrgent?: boolean; isReturn?: boolean },
): Traffic | undefined {
  const after = settle(view, change.traffic);
  const results = safetyOf(view, before, after, change.removed).map((result) => {
    const isDead = change.isUrgent && result.rule === 'capacity';
    const isBack = change.isReturn && RETURN_IS_ABOVE.includes(result.rule);
    if (result.passed || !(isDead || isBack)) return result;
    const why = isDead ? `${change.cluster} is dead, which is worse` : `${change.cluster} gets its own share back`;
    return { ...result, passed: true, detail: `${result.detail}; ${why}` };
  });
  view.notes.rules.push(...results.map((result) => ({ ...result, cluster: change.cluster })));
  if (!isRefused(results)) return after;
  const refusal = results.find(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
  view.notes.blocked.set(change.cluster, refusal?.rule ?? '');
  return undefined;
}

function ceilingsOf({ situation }: View): Map<string, number> {
  const part = 1 - situation.policy.failover.headroomPercent / 100;
  const ceilings = new Map<string, number>();
  for (const { name, capacity } of situation.clusters) if (capacity !== undefined) ceilings.set(name, capacity * part);
  return ceilings;
}

/** R13. */
function panicsOf(view: View, traffic: Traffic): readonly Panic[] {
  const { panics } = traffic.automation;
  if (panics.length === 0 && !traffic.withdrawals.some(({ cause }) => cause === 'failure')) return panics;
  const next = view.situation.placements.flatMap((placement) => panicOf(view, traffic, placement) ?? []);
  return keep(panics, next);
}

function panicOf(view: View, { automation, withdrawals }: Traffic, placement: Placement): Panic | undefined {
  const { situation, rules, base } = view;
  if (placement.pinned) return undefined;
  const { mode, thresholdPercent } = situation.policy.failover.panic;
  const capacities = new Map(
    situation.clusters.flatMap(({ name, capacity }) => (capacity === undefined ? [] : [[name, capacity] as const])),
  );
  const left = rules.capacityLeftPercent(placement, withdrawals, capacities);
  const standing = automation.panics.find((panic) => panic.placement === placement.key);
  if (!rules.isPanic(left, thresholdPercent, standing !== undefined)) return undefined;
  if (standing?.mode === mode) return standing;
  const shares = panicShares(mode, placement, rules.sharesOf(placement, base));
  return { placement: placement.key, mode, sinceMs: standing?.sinceMs ?? situation.nowMs, shares };
}

/** Panics, and what capacity moves of the other placements. */
function allocationsOf(view: View, traffic: Traffic): Allocation[] {
  const { withdrawals, automation } = traffic;
  const ceilings = ceilingsOf(view);
  const isLoaded = ceilings.size > 0 && view.situation.placements.some(({ load }) => load > 0);
  if (automation.panics.length === 0 && !isLoaded) return [];
  const limited = new Set(withdrawals.map(({ cluster }) => cluster));
  const placed = view.situation.placements.map((placement) => place(view, traffic, placement, limited));
  const filled = isLoaded ? view.rules.fill(placed, ceilings) : placed;
  return filled.flatMap(({ placement, shares, cause }, index): Allocation[] => {
    if (cause === undefined && shares === placed[index]?.shares) return [];
    return [{ placement: placement.key, cause: cause ?? 'capacity', shares }];
  });
}

function place(
  { rules }: View,
  { withdrawals, automation }: Traffic,
  placement: Placement,
  limited: ReadonlySet<string>,
): Placed & { cause?: 'panic' } {
  const panic = automation.panics.find((item) => item.placement === placement.key);
  const kept = panic && panicAllocation(panic, placement, withdrawals);
  if (kept !== undefined) return { placement, shares: kept, isFixed: true, limited, cause: 'panic' };
  const shares = rules.sharesOf(placement, { withdrawals, allocations: [] });
  return { placement, shares, isFixed: placement.pinned, limited };
}

/** The value before, where nothing has changed. */
function keep<T>(before: T, after: T): T {
  return equal(before, after) ? before : after;
}
