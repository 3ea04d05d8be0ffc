import type { DecisionFlag, RuleResult } from '../../../schemas/decision.ts';
import { say } from '../../../schemas/messages/index.ts';
import { givenPoints } from '../allocation/points.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import type { Placement } from '../model/fleet-facts.ts';
import { compareText } from '../model/text.ts';
import { type Context, stateOf, type Trace } from './context.ts';
import type { DecisionInput, DecisionResult, TrafficChange } from './decision-input.ts';
import type { Traffic } from './traffic.ts';

/** Returns the result of a command that a rule forbids: nothing changes. */
export function refusedResult({ traffic }: DecisionInput, rules: RuleResult[]): DecisionResult {
  return { outcome: 'refused', traffic, changes: [], rules, flags: [], events: [], endings: [] };
}

/** Returns what has been decided, as changes from what was in force before. */
export function resultOf(context: Context, traffic: Traffic, trace: Trace): DecisionResult {
  const before = context.input.traffic;
  const outcome = outcomeOf(context, before, traffic, trace);
  const then = shownIn(before, outcome);
  const now = shownIn(traffic, outcome);
  const changes = changesOf(context, traffic, then, now);
  return {
    outcome,
    traffic: { ...traffic, version: before.version + 1 },
    changes,
    rules: trace.rules,
    flags: flagsOf(traffic, now, changes, trace),
    events: trace.events,
    endings: trace.endings,
  };
}

function outcomeOf(
  { acts, input }: Context,
  before: Traffic,
  after: Traffic,
  { rules }: Trace,
): DecisionResult['outcome'] {
  const isMoved = () => movedClusters(input, before.allocation, after.allocation).size > 0;
  if (!acts && before.recommended !== after.recommended && !isMoved()) return 'withheld';
  const isBraked = rules.some(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
  return isBraked && !isMoved() ? 'blocked' : 'applied';
}

/** Returns the allocation that a decision is about: the one that gateways are given, or the recommended one. */
function shownIn({ allocation, recommended }: Traffic, outcome: DecisionResult['outcome']): SealedAllocation {
  return outcome === 'withheld' ? (recommended ?? allocation) : allocation;
}

/**
 * Returns the changes of clusters. Clusters that merely take over from others, or give back, are listed only when
 * nothing else has changed.
 */
function changesOf(context: Context, traffic: Traffic, then: SealedAllocation, now: SealedAllocation): TrafficChange[] {
  if (then === now) return [];
  const moved = movedClusters(context.input, then, now);
  const changes = [...context.clusters.keys()]
    .flatMap((cluster) => changeOf(context, traffic, cluster, { then, now, isMoved: moved.has(cluster) }) ?? [])
    .sort((a, b) => compareText(a.cluster, b.cluster));
  const limited = changes.filter(({ action }) => action !== 'reallocate');
  return limited.length > 0 ? limited : changes;
}

interface Comparison {
  then: SealedAllocation;
  now: SealedAllocation;
  isMoved: boolean;
}

function changeOf(
  context: Context,
  traffic: Traffic,
  cluster: string,
  { then, now, isMoved }: Comparison,
): TrafficChange | undefined {
  const [fromPercent, toPercent] = [percentIn(then, cluster), percentIn(now, cluster)];
  if (fromPercent === toPercent && !isMoved) return undefined;
  const item = context.clusters.get(cluster);
  const { input } = context;
  const health = { state: item?.record?.state ?? 'unknown', sinceMs: item?.record?.sinceMs ?? input.nowMs };
  const cause = item?.tally.cause;
  const reason = reasonFor(context, traffic, cluster);
  return {
    cluster,
    action: actionOf(fromPercent, toPercent),
    reason,
    fromPercent,
    toPercent,
    health,
    ...(cause && { cause }),
  };
}

function actionOf(fromPercent: number, toPercent: number): TrafficChange['action'] {
  if (fromPercent === toPercent) return 'reallocate';
  if (toPercent === 0) return 'withdraw';
  if (toPercent === 100) return 'restore';
  return toPercent < fromPercent ? 'reduce' : 'raise';
}

/**
 * Returns the percentage that limits leave to a cluster of what the declarations give it; 100 when nothing holds it
 * back.
 */
export function percentIn({ limits }: Pick<SealedAllocation, 'limits'>, name: string): number {
  return limits.find(({ cluster }) => cluster === name)?.percent ?? 100;
}

/**
 * Returns the reason for a change: what this decision has changed about the cluster, what holds it back, or that points
 * follow what other clusters can serve.
 */
function reasonFor(
  { input, clusters }: Context,
  { clusters: states, shifts, drill, serviceReturns = [] }: Traffic,
  name: string,
): string {
  const facts = clusters.get(name)?.facts;
  const state = states.find(({ cluster }) => cluster === name) ?? (facts && stateOf(input.traffic, facts));
  const shift = shifts.find(({ cluster, decision }) => cluster === name && decision === input.decision);
  if (shift) return `shift ${shift.name}${shift.service === undefined ? '' : ` of ${shift.service}`}: ${shift.reason}`;
  if (drill?.clusters.includes(name)) return `drill ${drill.name}`;
  const service = serviceReturns.find((own) => own.cluster === name && own.decision === input.decision);
  if (service) return `${service.service}: ${service.reason}`;
  const wasReturning = input.traffic.serviceReturns?.find(
    (own) => own.cluster === name && !serviceReturns.includes(own),
  );
  if (wasReturning) return `${wasReturning.service}: ${say('NothingHolds').text}`;
  const wasHeldBack = input.traffic.clusters.some(({ cluster, standing }) => cluster === name && standing !== 'up');
  if (state && (state.standing !== 'up' || state.decision === input.decision)) return state.reason;
  return say(wasHeldBack ? 'NothingHolds' : 'FollowsOthers').text;
}

/** Tells whether any placement is given other points. */
export function movesPoints(placements: readonly Placement[], then: SealedAllocation, now: SealedAllocation): boolean {
  if (then === now) return false;
  return placements.some((placement) => {
    const before = givenPoints(placement, then);
    return givenPoints(placement, now).some((points, index) => points !== before[index]);
  });
}

/** Returns the clusters that are given other points in any backend, or whose percentage has changed. */
function movedClusters(
  { placements, clusters }: DecisionInput,
  then: SealedAllocation,
  now: SealedAllocation,
): Set<string> {
  if (then === now) return new Set();
  const isOther = ({ name }: { name: string }) => percentIn(then, name) !== percentIn(now, name);
  const moved = new Set(clusters.filter(isOther).map(({ name }) => name));
  for (const placement of placements) {
    const [before, after] = [givenPoints(placement, then), givenPoints(placement, now)];
    for (const [index, { cluster }] of placement.members.entries()) {
      if (before[index] !== after[index]) moved.add(cluster);
    }
  }
  return moved;
}

function flagsOf(
  { clusters }: Traffic,
  now: SealedAllocation,
  changes: readonly TrafficChange[],
  { rules, events }: Trace,
): DecisionFlag[] {
  const flags: [DecisionFlag, boolean][] = [
    ['overload', now.overloads.length > 0],
    ['suspected', clusters.some(({ standing }) => standing === 'suspected')],
    ['correlated', events.some(({ type }) => type === 'failover.correlated')],
    ['evacuate', changes.some(({ action, cause }) => action === 'withdraw' && cause === 'Cluster')],
    ['break-glass', rules.some(({ overriddenBy }) => overriddenBy !== undefined)],
  ];
  return flags.filter(([, isSet]) => isSet).map(([flag]) => flag);
}
