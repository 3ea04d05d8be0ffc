import type { RuleResult } from '../../../schemas/decision.ts';
import type { SafetyRuleName, SafetyRules } from '../../../schemas/failover.ts';
import { say } from '../../../schemas/messages/index.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Share } from '../model/ir.ts';
import { declaredPoints } from './bounds.ts';
import type { LiveBreakGlass } from './break-glass.ts';

/** A placement and its shares, in the order of its members. */
export interface PlacementShares {
  placement: Placement;
  shares: Share[];
}

/** Requests per second, by cluster. */
export type Loads = ReadonlyMap<string, number>;

/** The facts, besides shares, on which safety rules are checked. */
export interface SafetyContext {
  rules: SafetyRules;
  breakGlasses: readonly LiveBreakGlass[];
  nowMs: number;
  /** The capacity less the headroom, for clusters whose capacity is limited. */
  ceilings?: Loads | undefined;
  /** Clusters that are down: they serve nothing, whatever share they are given. */
  down?: ReadonlySet<string> | undefined;
}

type Before = (item: PlacementShares) => PlacementShares | undefined;

/**
 * Returns why the shares after a write break a rule, or break it more than the shares before it did; undefined when
 * they do not.
 */
type SafetyCheck = (
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
) => string | undefined;

/** The checks that apply to what people write. `max-removed` is absent, because it only limits what automation does. */
const SAFETY_CHECKS: Partial<Record<SafetyRuleName, SafetyCheck>> = {
  'min-serving': (context, before, after) =>
    worst(
      comparisonsOf(context, before, after),
      context.rules.minServingClusters,
      servingClusters,
      (floor) => say('TooFewServe', floor).text,
    ),
  'min-base': (context, before, after) =>
    worst(
      comparisonsOf(context, before, after),
      context.rules.minBasePercent,
      servingBasePercent,
      (floor) => say('TooLittleServes', floor).text,
    ),
  exclusive: checkExclusive,
  capacity: checkCapacity,
  gate: checkGates,
};

/** Returns the placement with the shares that follow from the declarations alone. */
export function asDeclared(placement: Placement): PlacementShares {
  const points = declaredPoints(placement.members);
  const shares = placement.members.map(({ cluster }, index) => ({ cluster, percent: points[index] ?? 0 }));
  return { placement, shares };
}

/** Returns the load that each cluster has to serve, in requests per second. */
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

/** The difference between loads, in requests per second, that is attributed to rounding. */
const TOLERANCE = 1e-6;

/**
 * Checks the shares after a write against each safety rule that applies to the fleet. A rule that was already broken
 * before the write only fails when the write makes it worse. Use `isRefused` to see whether the write is refused.
 */
export function checkSafety(
  context: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): RuleResult[] {
  return rulesOf(context).map((rule) => {
    const violation = SAFETY_CHECKS[rule]?.(context, before, after);
    if (violation === undefined) return { rule, passed: true, detail: say('RuleHolds').text };
    return setAside({ rule, passed: false, detail: violation }, context);
  });
}

/** Tells whether any rule fails without a break-glass that overrides it. */
export function isRefused(results: readonly RuleResult[]): boolean {
  return results.some(({ passed, overriddenBy }) => !passed && overriddenBy === undefined);
}

/** Returns the rules that apply to this fleet. */
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

/** Returns the broken rule's result, with the names of the live break-glasses that override it. */
export function setAside(
  broken: RuleResult,
  { breakGlasses, nowMs }: Pick<SafetyContext, 'breakGlasses' | 'nowMs'>,
): RuleResult {
  const asides = breakGlasses.filter(({ expiresAtMs, rules }) => {
    return expiresAtMs > nowMs && rules.some((rule) => rule === broken.rule);
  });
  return asides.length === 0 ? broken : { ...broken, overriddenBy: asides.map(({ name }) => name).join(', ') };
}

/** A placement to check, beside its state before the write. */
interface Comparison {
  now: PlacementShares;
  /** The placement before the write; undefined for a new one. */
  earlier: PlacementShares | undefined;
  /** Clusters that do not count as serving; none for a new placement. */
  down: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Returns the placements to which rules about serving clusters apply: those that are not pinned and that some cluster
 * serves. An existing placement is checked by its current shares. A new one is checked by the shares it has when
 * everything is up: no outage has taken anything from it, and none should keep people from declaring it.
 */
function comparisonsOf(
  { down = NONE }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): Comparison[] {
  const earlierOf = counterparts(before);
  return after
    .filter(({ placement, shares }) => !placement.pinned && shares.some(({ percent }) => percent > 0))
    .map((item) => {
      const earlier = earlierOf(item);
      return earlier ? { now: item, earlier, down } : { now: asDeclared(item.placement), earlier, down: NONE };
    });
}

/**
 * Describes the first placement whose value is below `least` and below its value before the write; undefined when there
 * is none.
 */
function worst(
  comparisons: readonly Comparison[],
  least: number,
  measure: (item: PlacementShares, down: ReadonlySet<string>) => number,
  says: (floor: { services: string; value: number; least: number }) => string,
): string | undefined {
  for (const { now, earlier, down } of comparisons) {
    const value = measure(now, down);
    if (value >= least || (earlier && value >= measure(earlier, down))) continue;
    return says({ services: nameOf(now), value, least });
  }
  return undefined;
}

function servingClusters({ shares }: PlacementShares, down: ReadonlySet<string>): number {
  return shares.filter(({ cluster, percent }) => percent > 0 && !down.has(cluster)).length;
}

/**
 * Returns the percentage of the weights of a tier that belongs to serving clusters, for the tier of which most serves.
 */
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
  const comparisons = comparisonsOf(context, before, after);
  for (const set of context.rules.exclusive) {
    const isBroken = ({ placement, shares }: PlacementShares, down: ReadonlySet<string>) =>
      set.every((name) => placement.members.some(({ cluster, weight }) => cluster === name && weight > 0)) &&
      set.every((name) => percentOf(shares, name) === 0 || down.has(name));
    for (const { now, earlier, down } of comparisons) {
      if (!isBroken(now, down) || (earlier && isBroken(earlier, down))) continue;
      return say('NoneOfServes', { services: nameOf(now), clusters: set.join(' and ') }).text;
    }
  }
  return undefined;
}

/**
 * Compares the total load above all ceilings, not that of each cluster: a cluster that returns to an overloaded fleet
 * improves the total even when it is itself above its ceiling.
 */
function checkCapacity(
  { ceilings = new Map() }: SafetyContext,
  before: readonly PlacementShares[],
  after: readonly PlacementShares[],
): string | undefined {
  const [then, now] = [excessOf(before, ceilings), excessOf(after, ceilings)];
  const [hottest] = now.clusters;
  if (hottest === undefined || now.total <= then.total + TOLERANCE) return undefined;
  const { cluster, load, ceiling } = hottest;
  return say('AboveCeiling', { cluster, load: Math.ceil(load), capacity: Math.floor(ceiling) }).text;
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
    if (cluster !== undefined) return say('BehindGate', { gate: name, cluster }).text;
  }
  return undefined;
}

/**
 * Returns the clusters whose share of any placement differs. A placement that is added or removed counts for each
 * cluster that has a share of it.
 */
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
