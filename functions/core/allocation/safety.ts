import type { RuleResult } from '../../../schemas/decision.ts';
import type { SafetyRuleName, SafetyRules } from '../../../schemas/failover.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Share } from '../model/ir.ts';
import { declaredPoints } from './bounds.ts';
import type { LiveBreakGlass } from './break-glass.ts';

/** A placement and its shares, in the order of its members. */
export interface PlacementShares {
  placement: Placement;
  shares: Share[];
}

/** Requests per second by cluster. */
export type Loads = ReadonlyMap<string, number>;

/** What safety rules are held against, besides shares. */
export interface SafetyContext {
  rules: SafetyRules;
  breakGlasses: readonly LiveBreakGlass[];
  nowMs: number;
  /** Of clusters that are limited: their capacity less the headroom. */
  ceilings?: Loads | undefined;
  /** Clusters that are down: they serve nobody, whatever they are given. */
  down?: ReadonlySet<string> | undefined;
}

type Before = (item: PlacementShares) => PlacementShares | undefined;

/** Why shares after a write break a rule that they did not break, or broke less, before; undefined when they do not. */
type SafetyCheck = (
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
) => string | undefined;

/** Automation's own cap, `max-removed`, is a brake: it has no say about what people write. */
const SAFETY_CHECKS: Partial<Record<SafetyRuleName, SafetyCheck>> = {
  'min-serving': (context, before, after) =>
    worst(
      judgedOf(context, before, after),
      context.rules.minServingClusters,
      servingClusters,
      (count) => `${count} clusters serve`,
    ),
  'min-base': (context, before, after) =>
    worst(
      judgedOf(context, before, after),
      context.rules.minBasePercent,
      servingBasePercent,
      (percent) => `clusters with ${percent} % serve`,
    ),
  exclusive: checkExclusive,
  capacity: checkCapacity,
  gate: checkGates,
};

/** The placement with the shares that declarations alone give. */
export function asDeclared(placement: Placement): PlacementShares {
  const points = declaredPoints(placement.members);
  const shares = placement.members.map(({ cluster }, index) => ({ cluster, percent: points[index] ?? 0 }));
  return { placement, shares };
}

/** What clusters have to serve. */
export function loadsOf(placed: readonly PlacementShares[]): Map<string, number> {
  const loads = new Map<string, number>();
  for (const { placement, shares } of placed) {
    if (placement.load === 0) continue;
    for (const { cluster, percent } of shares) {
      loads.set(cluster, (loads.get(cluster) ?? 0) + (placement.load * percent) / 100);
    }
  }
  return loads;
}

/** Rounding of sums of loads is no overload. */
const TOLERANCE = 1e-6;

/**
 * What the shares after a write mean for each rule that the fleet has; see `isRefused`. A rule that was broken before only refuses what makes
 * it worse.
 */
export function checkSafety(
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): RuleResult[] {
  return rulesOf(context).map((rule) => {
    const violation = SAFETY_CHECKS[rule]?.(context, before, after);
    if (violation === undefined) return { rule, passed: true, detail: 'holds' };
    return setAside({ rule, passed: false, detail: violation }, context);
  });
}

/** Whether a rule forbids it, and no break-glass sets that rule aside. */
export function isRefused(results: readonly RuleResult[]): boolean {
  return results.some(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
}

/** Rules that say something for this fleet. */
function rulesOf({ rules, ceilings }: SafetyContext): SafetyRuleName[] {
  const isStated: [SafetyRuleName, boolean][] = [
    ['min-serving', true],
    ['min-base', rules.minBasePercent > 0],
    ['exclusive', rules.exclusive.length > 0],
    ['capacity', ceilings !== undefined && ceilings.size > 0],
    ['gate', rules.gates.length > 0],
  ];
  return isStated.filter(([, isOne]) => isOne).map(([rule]) => rule);
}

/** The rule that is broken, with the names of the live break-glasses that set it aside. */
export function setAside(
  broken: RuleResult,
  { breakGlasses, nowMs }: Pick<SafetyContext, 'breakGlasses' | 'nowMs'>,
): RuleResult {
  const asides = breakGlasses.filter(({ expiresAtMs, rules }) => {
    return expiresAtMs > nowMs && rules.some((rule) => rule === broken.rule);
  });
  return asides.length === 0 ? broken : { ...broken, overriddenBy: asides.map(({ name }) => name).join(', ') };
}

/** A placement that is judged, beside what it was before. */
interface Judged {
  now: PlacementShares;
  /** Absent of one that is new. */
  earlier: PlacementShares | undefined;
  /** Clusters that do not count. */
  down: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Rules about who serves are for pools that health moves, and that anybody serves. What is there is judged by what it has now, and what is new by
 * what it has when everything is up: an outage has taken nothing from it, and must not keep anybody from declaring it.
 */
function judgedOf(
  { down = NONE }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): Judged[] {
  const earlierOf = counterparts(before);
  return after
    .filter(({ placement, shares }) => !placement.pinned && shares.some(({ percent }) => percent > 0))
    .map((item) => {
      const earlier = earlierOf(item);
      return earlier ? { now: item, earlier, down } : { now: asDeclared(item.placement), earlier, down: NONE };
    });
}

/** The first placement that has less than it must, and less than before. */
function worst(
  judged: readonly Judged[],
  least: number,
  measure: (item: PlacementShares, down: ReadonlySet<string>) => number,
  says: (value: number) => string,
): string | undefined {
  for (const { now, earlier, down } of judged) {
    const value = measure(now, down);
    if (value >= least || (earlier && value >= measure(earlier, down))) continue;
    return `of ${nameOf(now)}, ${says(value)}; ${least} must`;
  }
  return undefined;
}

function servingClusters({ shares }: PlacementShares, down: ReadonlySet<string>): number {
  return shares.filter(({ cluster, percent }) => percent > 0 && !down.has(cluster)).length;
}

/** Of the tier of which most serves: the part of its weights whose clusters serve. */
function servingBasePercent({ placement, shares }: PlacementShares, down: ReadonlySet<string>): number {
  const tiers = Map.groupBy(placement.members, ({ tier }) => tier);
  const parts = [...tiers.values()].map((members) => {
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const serving = members.filter(({ cluster }) => percentOf(shares, cluster) > 0 && !down.has(cluster));
    return total === 0 ? 0 : (100 * serving.reduce((sum, { weight }) => sum + weight, 0)) / total;
  });
  return Math.floor(Math.max(0, ...parts));
}

function checkExclusive(
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): string | undefined {
  const judged = judgedOf(context, before, after);
  for (const set of context.rules.exclusive) {
    const isBroken = ({ placement, shares }: PlacementShares, down: ReadonlySet<string>) =>
      set.every((name) => placement.members.some(({ cluster, weight }) => cluster === name && weight > 0)) &&
      set.every((name) => percentOf(shares, name) === 0 || down.has(name));
    for (const { now, earlier, down } of judged) {
      if (!isBroken(now, down) || (earlier && isBroken(earlier, down))) continue;
      return `of ${nameOf(now)}, ${set.join(' and ')} would all be at 0`;
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
  const [earlierOf, laterOf] = [counterparts(before), counterparts(after)];
  for (const item of after) compare(item, earlierOf(item));
  for (const item of before) if (laterOf(item) === undefined) compare(item, undefined);
  return moved;
}

function counterparts(all: readonly PlacementShares[]): Before {
  const byKey = new Map(all.map((item) => [item.placement.key, item]));
  return ({ placement }) => byKey.get(placement.key);
}

function percentOf(shares: PlacementShares['shares'], name: string): number {
  return shares.find(({ cluster }) => cluster === name)?.percent ?? 0;
}

function nameOf({ placement }: PlacementShares): string {
  return placement.services.join(', ') || placement.key.slice(0, 12);
}
