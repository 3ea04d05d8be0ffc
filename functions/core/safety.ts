import type { RuleResult } from '../../schemas/decision.ts';
import type { SafetyRuleName, SafetyRules } from '../../schemas/failover.ts';
import { type Loads, loadsOf, type PlacementShares, TOLERANCE } from './allocate.ts';
import type { LiveBreakGlass } from './traffic.ts';

export type { PlacementShares } from './allocate.ts';

/** What safety rules are held against, besides shares. */
export interface SafetyContext {
  rules: SafetyRules;
  breakGlasses: readonly LiveBreakGlass[];
  nowMs: number;
  /** Of clusters that are limited: their capacity less the headroom. */
  ceilings?: Loads | undefined;
  /** Clusters that automation has removed within the window of max-removed, with those that it removes now; absent for what people do. */
  removed?: readonly string[] | undefined;
}

/** Why shares after a write break a rule that they did not break, or broke less, before; undefined when they do not. */
export type SafetyCheck = (
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
) => string | undefined;

export type SafetyChecks = Record<SafetyRuleName, SafetyCheck>;

export const SAFETY_CHECKS: SafetyChecks = {
  'min-serving': ({ rules }, before, after) =>
    worst(before, after, rules.minServingClusters, servingClusters, (count) => `${count} clusters serve`),
  'min-base': ({ rules }, before, after) =>
    worst(before, after, rules.minBasePercent, servingBasePercent, (percent) => `clusters with ${percent} % serve`),
  'max-removed': checkRemoved,
  exclusive: checkExclusive,
  capacity: checkCapacity,
  gate: checkGates,
};

/**
 * R11 and R12: what the shares after a write mean for each rule that the fleet has; see `isRefused`. A rule that was broken before only
 * refuses what makes it worse.
 */
export function checkSafety(
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
  checks: SafetyChecks = SAFETY_CHECKS,
): RuleResult[] {
  return rulesOf(context).map((rule) => {
    const violation = checks[rule](context, before, after);
    if (violation === undefined) return { rule, passed: true, detail: 'holds' };
    const asides = asidesOf(rule, context);
    const overriddenBy = asides.length > 0 ? asides.join(', ') : undefined;
    return { rule, passed: false, ...(overriddenBy !== undefined && { overriddenBy }), detail: violation };
  });
}

/** Whether a rule forbids it, and no break-glass sets that rule aside. */
export function isRefused(results: readonly RuleResult[]): boolean {
  return results.some(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
}

/** Rules that say something for this fleet. */
function rulesOf({ rules, ceilings, removed }: SafetyContext): SafetyRuleName[] {
  const isStated: Record<SafetyRuleName, boolean> = {
    'min-serving': true,
    'min-base': rules.minBasePercent > 0,
    'max-removed': rules.maxRemoved !== undefined && removed !== undefined,
    exclusive: rules.exclusive.length > 0,
    capacity: ceilings !== undefined && ceilings.size > 0,
    gate: rules.gates.length > 0,
  };
  return (Object.keys(isStated) as SafetyRuleName[]).filter((rule) => isStated[rule]);
}

/** Names of the live break-glasses that set a rule aside. */
function asidesOf(rule: SafetyRuleName, { breakGlasses, nowMs }: SafetyContext): string[] {
  return breakGlasses.filter((item) => item.expiresAtMs > nowMs && item.rules.includes(rule)).map(({ name }) => name);
}

/** The first placement that has less than it must, and less than before. Pinned ones are as people want them. */
function worst(
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
  least: number,
  measure: (item: PlacementShares) => number,
  says: (value: number) => string,
): string | undefined {
  for (const item of after) {
    if (!isJudged(item)) continue;
    const value = measure(item);
    if (value >= least) continue;
    const earlier = counterpart(before, item);
    if (earlier === undefined || value < measure(earlier)) return `of ${nameOf(item)}, ${says(value)}; ${least} must`;
  }
  return undefined;
}

function servingClusters({ shares }: PlacementShares): number {
  return shares.filter(({ percent }) => percent > 0).length;
}

/** Of the tier of which most serves: the part of its weights whose clusters serve. */
function servingBasePercent({ placement, shares }: PlacementShares): number {
  const tiers = Map.groupBy(placement.members, ({ tier }) => tier);
  const parts = [...tiers.values()].map((members) => {
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const serving = members.filter(({ cluster }) => percentOf(shares, cluster) > 0);
    return total === 0 ? 0 : (100 * serving.reduce((sum, { weight }) => sum + weight, 0)) / total;
  });
  return Math.floor(Math.max(0, ...parts));
}

function checkRemoved(
  { rules, removed = [] }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): string | undefined {
  const limit = rules.maxRemoved?.percent ?? 100;
  for (const item of after) {
    const earlier = counterpart(before, item);
    const takes = item.shares.some(({ cluster, percent }) => {
      return removed.includes(cluster) && percent === 0 && earlier && percentOf(earlier.shares, cluster) > 0;
    });
    if (!takes || item.placement.pinned) continue;
    const percent = removedPercent(item, removed);
    if (percent > limit) return `of ${nameOf(item)}, ${percent} % would be removed; ${limit} % may`;
  }
  return undefined;
}

/** Of the declared shares of the tier that loses most. */
function removedPercent({ placement }: Pick<PlacementShares, 'placement'>, removed: readonly string[]): number {
  const tiers = Map.groupBy(placement.members, ({ tier }) => tier);
  const parts = [...tiers.values()].map((members) => {
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const gone = members.filter(({ cluster }) => removed.includes(cluster));
    return total === 0 ? 0 : (100 * gone.reduce((sum, { weight }) => sum + weight, 0)) / total;
  });
  return Math.ceil(Math.max(0, ...parts) - 1e-9);
}

function checkExclusive(
  { rules }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): string | undefined {
  for (const set of rules.exclusive) {
    const isBroken = ({ placement, shares }: PlacementShares) =>
      set.every((name) => placement.members.some(({ cluster, weight }) => cluster === name && weight > 0)) &&
      set.every((name) => percentOf(shares, name) === 0);
    for (const item of after) {
      if (!isJudged(item) || !isBroken(item)) continue;
      const earlier = counterpart(before, item);
      if (earlier === undefined || !isBroken(earlier))
        return `of ${nameOf(item)}, ${set.join(' and ')} would all be at 0`;
    }
  }
  return undefined;
}

/** What clusters have to serve above their ceilings, all together: who returns to a fleet that is overloaded makes that better. */
function checkCapacity(
  { ceilings = new Map() }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): string | undefined {
  const [then, now] = [excessOf(before, ceilings), excessOf(after, ceilings)];
  const [hottest] = now.clusters;
  if (hottest === undefined || now.total <= then.total + TOLERANCE) return undefined;
  const { cluster, load, ceiling } = hottest;
  return `${cluster} would have to serve ${Math.ceil(load)} requests per second; it may serve ${Math.floor(ceiling)}`;
}

function excessOf(shares: readonly PlacementShares[], ceilings: Loads) {
  const loads = loadsOf(shares);
  const clusters = [...ceilings]
    .map(([cluster, ceiling]) => ({ cluster, ceiling, load: loads.get(cluster) ?? 0 }))
    .filter(({ load, ceiling }) => load > ceiling + TOLERANCE)
    .sort((a, b) => b.load / b.ceiling - a.load / a.ceiling);
  return { clusters, total: clusters.reduce((sum, { load, ceiling }) => sum + load - ceiling, 0) };
}

function checkGates(
  { rules }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): string | undefined {
  const closed = rules.gates.filter(({ open }) => !open);
  if (closed.length === 0) return undefined;
  const moved = movedClusters(before, after);
  for (const { name, clusters } of closed) {
    const cluster = [...moved].find((item) => clusters === undefined || clusters.includes(item));
    if (cluster !== undefined) return `the gate ${name} is closed, and the share of ${cluster} would move`;
  }
  return undefined;
}

/** Clusters whose share of any placement differs; a placement that comes or goes moves those that have a share of it. */
function movedClusters(before: readonly PlacementShares[], after: readonly PlacementShares[]): Set<string> {
  const moved = new Set<string>();
  const compare = (item: PlacementShares, other: PlacementShares | undefined) => {
    for (const { cluster, percent } of item.shares) {
      if (percent !== (other ? percentOf(other.shares, cluster) : 0)) moved.add(cluster);
    }
  };
  for (const item of after) compare(item, counterpart(before, item));
  for (const item of before) if (counterpart(after, item) === undefined) compare(item, undefined);
  return moved;
}

function counterpart(all: readonly PlacementShares[], { placement }: PlacementShares): PlacementShares | undefined {
  return all.find((item) => item.placement.key === placement.key);
}

function percentOf(shares: PlacementShares['shares'], name: string): number {
  return shares.find(({ cluster }) => cluster === name)?.percent ?? 0;
}

/** Rules about who serves are for pools that health moves, and that are not rejected by a panic. */
function isJudged({ placement, shares }: PlacementShares): boolean {
  return !placement.pinned && shares.some(({ percent }) => percent > 0);
}

function nameOf({ placement }: PlacementShares): string {
  return placement.services.join(', ') || placement.key.slice(0, 12);
}
