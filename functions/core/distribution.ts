import type { ClusterShare } from '../../schemas/route.ts';
import type { Share } from './ir.ts';
import { placementKey } from './placements.ts';
import type { Placement } from './situation.ts';
import type { Allocation, Traffic, Withdrawal } from './traffic.ts';

/** What shares depend on. */
export type Shared = Pick<Placement, 'members' | 'pinned'>;

/** What is in force. */
export type InForce = Pick<Traffic, 'withdrawals' | 'allocations'>;

type Members = Placement['members'];

/** Of the share that it would have, what is left to a cluster; those that are fully in are absent. */
type Limits = ReadonlyMap<string, number>;

const NO_LIMITS: Limits = new Map();

/**
 * How much of a pool each member gets, and why. An allocation says it outright. Otherwise the lowest tier with a member that can serve gets
 * everything, by weight. What a withdrawal takes from a cluster goes to the members of its tier that are fully in, else to the next tier,
 * and back to those that serve when nobody can take it. When every member is withdrawn, those that were withdrawn last keep serving: a cluster
 * that may answer is better than none. Same order as the members; the effective percentages total 100, or are all 0 when no member has
 * a weight or when requests are to be rejected.
 */
export function shares(pool: Shared, traffic: InForce): ClusterShare[] {
  const allocation = allocationOf(pool, traffic);
  const relevant = relevantTo(pool, traffic.withdrawals);
  const limits = limitsOf(pool.members, relevant);
  const declared = allot(pool.members, NO_LIMITS);
  const effective = allocation ? allocated(pool.members, allocation) : allot(pool.members, limits);
  return pool.members.map((member, index) => {
    const declaredPercent = declared[index] ?? 0;
    const effectivePercent = effective[index] ?? 0;
    const withdrawal = relevant.find((item) => item.cluster === member.cluster);
    const reason = explain(member, pool.pinned, {
      allocation,
      withdrawal,
      kept: withdrawal !== undefined && !limits.has(member.cluster),
      declaredPercent,
      effectivePercent,
    });
    return { cluster: member.cluster, declaredPercent, effectivePercent, reason };
  });
}

/** The same, as the numbers alone. */
export function effectiveShares(pool: Shared, traffic: InForce): Share[] {
  return toShares(pool, percentsOf(pool, traffic.withdrawals, allocationOf(pool, traffic)));
}

/** The same before they are rounded; percents may have fractions. */
export function exactShares(pool: Shared, traffic: InForce): Share[] {
  const allocation = allocationOf(pool, traffic);
  if (allocation) return toShares(pool, allocated(pool.members, allocation));
  const parts = partsOf(pool.members, limitsOf(pool.members, relevantTo(pool, traffic.withdrawals)));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return toShares(
    pool,
    parts.map((part) => (total === 0 ? 0 : (part / total) * 100)),
  );
}

/** The same of a placement, whose key is known. */
export function placementShares(placement: Placement, { withdrawals, allocations }: InForce): Share[] {
  const allocation = placement.pinned ? undefined : allocations.find((item) => item.placement === placement.key);
  return toShares(placement, percentsOf(placement, withdrawals, allocation));
}

/** Whether a panic rejects the requests of a pool; then all of its shares are 0. */
export function isRejected(pool: Shared, traffic: InForce): boolean {
  return allocationOf(pool, traffic)?.shares.length === 0;
}

function toShares({ members }: Shared, percents: readonly number[]): Share[] {
  return members.map(({ cluster }, index) => ({ cluster, percent: percents[index] ?? 0 }));
}

function percentsOf(pool: Shared, withdrawals: readonly Withdrawal[], allocation: Allocation | undefined): number[] {
  if (allocation) return allocated(pool.members, allocation);
  return allot(pool.members, limitsOf(pool.members, relevantTo(pool, withdrawals)));
}

function allocationOf(pool: Shared, { allocations }: InForce): Allocation | undefined {
  if (pool.pinned || allocations.length === 0) return undefined;
  const key = placementKey(pool);
  return allocations.find((item) => item.placement === key);
}

function allocated(members: Members, allocation: Allocation): number[] {
  return members.map(({ cluster }) => allocation.shares.find((share) => share.cluster === cluster)?.percent ?? 0);
}

function relevantTo({ members, pinned }: Shared, withdrawals: readonly Withdrawal[]): readonly Withdrawal[] {
  if (pinned || withdrawals.length === 0) return [];
  return withdrawals.filter((item) => members.some((member) => member.cluster === item.cluster));
}

/** By withdrawals, less the latest of them while nobody could serve. */
function limitsOf(members: Members, withdrawals: readonly Withdrawal[]): Limits {
  let standing = withdrawals;
  while (standing.length > 0) {
    const limits = new Map(standing.map(({ cluster, percent }) => [cluster, percent]));
    if (members.some((member) => canServe(member, limits))) return limits;
    const latestMs = Math.max(...standing.map(({ sinceMs }) => sinceMs));
    standing = standing.filter(({ sinceMs }) => sinceMs < latestMs);
  }
  return NO_LIMITS;
}

function canServe({ cluster, weight }: Members[number], limits: Limits): boolean {
  return weight > 0 && limits.get(cluster) !== 0;
}

/** Steps in which a part of 1 is counted before it is rounded to percents: whole numbers have no ties that depend on how they came about. */
const GRAIN = 1e9;

function allot(members: Members, limits: Limits): number[] {
  const tier = firstTier(members, limits, -1);
  if (limits.size === 0) return toPercents(members.map((member) => (member.tier === tier ? member.weight : 0)));
  const parts = partsOf(members, limits);
  return toPercents(parts.map((part) => (part > 0 ? Math.max(1, Math.round(part * GRAIN)) : 0)));
}

/** What each member gets, of 1. */
function partsOf(members: Members, limits: Limits): number[] {
  const parts = members.map(() => 0);
  let rest = 1;
  for (
    let tier = firstTier(members, limits, -1);
    tier !== undefined && rest > 0;
    tier = firstTier(members, limits, tier)
  ) {
    rest = fillTier(members, limits, tier, rest, parts);
  }
  return parts;
}

/** The lowest tier above `last` in which somebody can serve. */
function firstTier(members: Members, limits: Limits, last: number): number | undefined {
  let first: number | undefined;
  for (const member of members) {
    if (member.tier > last && (first === undefined || member.tier < first) && canServe(member, limits)) {
      first = member.tier;
    }
  }
  return first;
}

/** Adds what each member of the tier gets of `rest` to `parts`; returns what is left for the next tier. */
function fillTier(members: Members, limits: Limits, tier: number, rest: number, parts: number[]): number {
  const able = members.filter((member) => member.tier === tier && canServe(member, limits));
  const total = weightOf(able);
  const whole = weightOf(able.filter(({ cluster }) => !limits.has(cluster)));
  let left = rest;
  for (const [index, member] of members.entries()) {
    const limit = limits.get(member.cluster);
    if (limit === undefined || member.tier !== tier || !canServe(member, limits)) continue;
    const part = (((rest * member.weight) / total) * limit) / 100;
    parts[index] = part;
    left -= part;
  }
  if (whole === 0) return left;
  for (const [index, member] of members.entries()) {
    if (member.tier === tier && !limits.has(member.cluster)) parts[index] = (left * member.weight) / whole;
  }
  return 0;
}

function weightOf(members: Members): number {
  return members.reduce((sum, { weight }) => sum + weight, 0);
}

interface Circumstances {
  allocation: Allocation | undefined;
  withdrawal: Withdrawal | undefined;
  kept: boolean;
  declaredPercent: number;
  effectivePercent: number;
}

const ALLOCATED: Record<Allocation['cause'], string> = {
  capacity: 'its capacity, or that of others, does not allow the share by weight',
  panic: 'too many clusters fail to go by their health',
};

function explain(member: Members[number], isPinned: boolean, now: Circumstances): string {
  if (now.allocation) return ALLOCATED[now.allocation.cause];
  if (now.withdrawal && !now.kept) return limited(now.withdrawal);
  if (now.withdrawal) return `kept although it is withdrawn: no other cluster can serve (${now.withdrawal.reason})`;
  if (member.weight === 0) return 'its declared weight is 0';
  if (isPinned) return 'pinned: health does not move this traffic';
  if (now.effectivePercent === 0) return `stands by in tier ${member.tier}`;
  if (now.effectivePercent !== now.declaredPercent) return 'serves for clusters that are withdrawn';
  return 'serves its declared share';
}

function limited({ percent, reason }: Withdrawal): string {
  return percent === 0 ? `withdrawn: ${reason}` : `limited to ${percent} % of its share: ${reason}`;
}

/**
 * Integers that total 100, in proportion to the weights: largest remainder, earlier entries first on a tie. A weight above 0 gets at
 * least 1, a weight of 0 exactly 0. At most 100 weights above 0; none gives zeros.
 */
export function toPercents(weights: readonly number[]): number[] {
  const { lifted, budget, total } = liftSmall(weights);
  if (total === 0) return weights.map(() => 0);
  const percents = weights.map((weight, index) => (lifted.has(index) ? 1 : Math.floor((weight * budget) / total)));
  const rest = 100 - percents.reduce((sum, percent) => sum + percent, 0);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: lifted.has(index) ? -1 : (weight * budget) % total }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, rest)) percents[index] = (percents[index] ?? 0) + 1;
  return percents;
}

/** Sets aside 1 for each weight whose proportion is below 1, until the others can share what is left of 100. */
function liftSmall(weights: readonly number[]): { lifted: Set<number>; budget: number; total: number } {
  const lifted = new Set<number>();
  for (;;) {
    const budget = 100 - lifted.size;
    const total = weights.reduce((sum, weight, index) => (lifted.has(index) ? sum : sum + weight), 0);
    const small = weights.findIndex((weight, index) => weight > 0 && !lifted.has(index) && weight * budget < total);
    if (small === -1) return { lifted, budget, total };
    lifted.add(small);
  }
}
