import type { DecisionFlag } from '../../schemas/decision.ts';
import { percentOf } from './claims.ts';
import { equal } from './digest.ts';
import { compareText } from './precedence.ts';
import { overloadsOf, sharesIn } from './settle.ts';
import type { TrafficChange, Verdict } from './situation.ts';
import type { Panic, Traffic } from './traffic.ts';
import type { View } from './view.ts';

/** What has been decided, told as changes against what the view saw in force; `traffic` as it will be. */
export function verdictOf(view: View, traffic: Traffic, outcome: Verdict['outcome']): Verdict {
  const { situation, base, notes } = view;
  const { rules } = notes;
  if (outcome === 'refused') {
    return { outcome, traffic: situation.traffic, changes: [], rules, flags: [], events: [], endings: [] };
  }
  const changes = changesOf(view, traffic);
  const hot = overloadsOf(view, traffic);
  return {
    outcome,
    traffic: asRecorded(view, traffic),
    changes,
    rules,
    flags: flagsOf(view, traffic, changes, hot.length > 0),
    events: [...notes.events, ...panicEvents(base, traffic), ...overloadEvents(view, hot)],
    endings: notes.endings,
  };
}

/** A fleet that is not automatic keeps what is in force when it is only advised; one that is has no recommendation left. */
function asRecorded({ situation, acts }: View, traffic: Traffic): Traffic {
  const before = situation.traffic;
  const version = before.version + 1;
  const isAutomatic = situation.policy.automation === 'automatic';
  const { recommended, ...rest } = traffic;
  if (acts && !isAutomatic) return { ...before, version, recommended };
  return { ...rest, version, ...(recommended && !isAutomatic && { recommended }) };
}

function changesOf(view: View, traffic: Traffic): TrafficChange[] {
  const names = [...view.base.withdrawals, ...traffic.withdrawals].map(({ cluster }) => cluster);
  const limited = [...new Set(names)].flatMap((name) => limitChange(view, traffic, name) ?? []);
  const reallocated = reallocations(view, traffic).filter((item) =>
    limited.every((one) => one.cluster !== item.cluster),
  );
  return [...limited, ...reallocated].sort((a, b) => compareText(a.cluster, b.cluster));
}

function limitChange(view: View, traffic: Traffic, cluster: string): TrafficChange | undefined {
  const fromPercent = percentOf(view.base.withdrawals, cluster);
  const toPercent = percentOf(traffic.withdrawals, cluster);
  if (fromPercent === toPercent) return undefined;
  const standing = traffic.withdrawals.find((item) => item.cluster === cluster);
  const reason = view.notes.reasons.get(cluster) ?? standing?.reason ?? 'nothing holds it back any more';
  return { ...about(view, cluster), action: actionOf(fromPercent, toPercent), reason, fromPercent, toPercent };
}

function actionOf(fromPercent: number, toPercent: number): TrafficChange['action'] {
  if (toPercent === 0) return 'withdraw';
  if (toPercent === 100) return 'restore';
  return toPercent < fromPercent ? 'reduce' : 'raise';
}

/** Clusters whose shares move by capacity or panic alone. */
function reallocations(view: View, traffic: Traffic): TrafficChange[] {
  if (equal(view.base.allocations, traffic.allocations)) return [];
  const [before, after] = [sharesIn(view, view.base), sharesIn(view, traffic)];
  const moved = after.flatMap(({ shares }, index) => {
    const then = before[index]?.shares ?? [];
    return shares.filter(({ percent }, position) => percent !== then[position]?.percent).map(({ cluster }) => cluster);
  });
  return [...new Set(moved)].map((cluster) => {
    const percent = percentOf(traffic.withdrawals, cluster);
    const reason = 'the shares of backends follow capacity, or a panic';
    return { ...about(view, cluster), action: 'reallocate', reason, fromPercent: percent, toPercent: percent };
  });
}

function about({ clusters, situation }: View, cluster: string): Pick<TrafficChange, 'cluster' | 'health' | 'cause'> {
  const item = clusters.get(cluster);
  const health = { state: item?.record?.state ?? 'unknown', sinceMs: item?.record?.sinceMs ?? situation.nowMs };
  const cause = item?.tally.cause;
  return cause === undefined ? { cluster, health } : { cluster, health, cause };
}

function flagsOf(view: View, traffic: Traffic, changes: readonly TrafficChange[], isHot: boolean): DecisionFlag[] {
  const { panics, halt } = traffic.automation;
  const flags: [DecisionFlag, boolean][] = [
    ['overload', isHot],
    ['panic', panics.length > 0],
    ['halted', halt !== undefined],
    ['evacuate', changes.some(({ action, cause }) => action === 'withdraw' && cause === 'Cluster')],
    ['break-glass', view.notes.rules.some(({ overriddenBy }) => overriddenBy !== undefined)],
  ];
  return flags.filter(([, isSet]) => isSet).map(([flag]) => flag);
}

function panicEvents(before: Traffic, after: Traffic): Verdict['events'] {
  const [then, now] = [before.automation.panics, after.automation.panics];
  const lacks = (panics: readonly Panic[]) => (item: Panic) =>
    panics.every(({ placement }) => placement !== item.placement);
  const entered = now.filter(lacks(then)).map((panic) => {
    return {
      type: 'panic.entered' as const,
      clusters: namesOf(panic),
      summary: `A backend is in panic: ${panic.mode}.`,
    };
  });
  const left = then.filter(lacks(now)).map((panic) => {
    return { type: 'panic.left' as const, clusters: namesOf(panic), summary: 'A backend goes by health again.' };
  });
  return [...entered, ...left];
}

function namesOf({ shares }: Panic): string[] {
  return shares.map(({ cluster }) => cluster);
}

function overloadEvents(view: View, hot: readonly string[]): Verdict['events'] {
  const before = new Set(hot.length > 0 ? overloadsOf(view, view.base) : []);
  const clusters = hot.filter((cluster) => !before.has(cluster));
  if (clusters.length === 0) return [];
  return [{ type: 'overload', clusters, summary: `Above their capacity: ${clusters.join(', ')}.` }];
}
