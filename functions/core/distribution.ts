import type { ClusterShare } from '../../schemas/route.ts';
import type { Member, Pool, Share } from './ir.ts';
import type { Withdrawal } from './model.ts';

/**
 * How much of a pool each member gets, and why. The lowest tier with a member that can serve gets everything, by weight; a
 * withdrawn cluster cannot serve. When every member is withdrawn, those that were withdrawn last keep serving: a cluster that may
 * answer is better than none. Same order as the members; the effective percentages total 100, or are all 0 when no member has a weight.
 */
export function shares(pool: Pool, withdrawals: readonly Withdrawal[]): ClusterShare[] {
  const relevant = pool.pinned
    ? []
    : withdrawals.filter((item) => pool.members.some((member) => member.cluster === item.cluster));
  const out = unservable(pool, relevant);
  const declared = allot(pool, new Set());
  const effective = allot(pool, out);
  return pool.members.map((member) => {
    const declaredPercent = declared.get(member.cluster) ?? 0;
    const effectivePercent = effective.get(member.cluster) ?? 0;
    const withdrawal = relevant.find((item) => item.cluster === member.cluster);
    const reason = explain(member, pool, {
      withdrawal,
      kept: withdrawal !== undefined && !out.has(member.cluster),
      declaredPercent,
      effectivePercent,
    });
    return { cluster: member.cluster, declaredPercent, effectivePercent, reason };
  });
}

/** The same, as the numbers alone. */
export function effectiveShares(pool: Pool, withdrawals: readonly Withdrawal[]): Share[] {
  return shares(pool, withdrawals).map((share) => ({ cluster: share.cluster, percent: share.effectivePercent }));
}

/** The withdrawn clusters, less the latest of them when nobody else could serve. */
function unservable(pool: Pool, withdrawals: readonly Withdrawal[]): Set<string> {
  let standing = [...withdrawals];
  while (standing.length > 0) {
    const out = new Set(standing.map((item) => item.cluster));
    if (servingMembers(pool, out).length > 0) return out;
    const latestMs = Math.max(...standing.map((item) => item.sinceMs));
    standing = standing.filter((item) => item.sinceMs < latestMs);
  }
  return new Set();
}

function servingMembers(pool: Pool, out: ReadonlySet<string>): Member[] {
  const able = pool.members.filter((member) => member.weight > 0 && !out.has(member.cluster));
  const tier = Math.min(...able.map((member) => member.tier));
  return able.filter((member) => member.tier === tier);
}

function allot(pool: Pool, out: ReadonlySet<string>): Map<string, number> {
  const serving = servingMembers(pool, out);
  const percents = toPercents(serving.map((member) => member.weight));
  return new Map(serving.map((member, index) => [member.cluster, percents[index] ?? 0]));
}

interface Circumstances {
  withdrawal: Withdrawal | undefined;
  kept: boolean;
  declaredPercent: number;
  effectivePercent: number;
}

function explain(member: Member, pool: Pool, now: Circumstances): string {
  if (now.withdrawal && !now.kept) return `withdrawn: ${now.withdrawal.reason}`;
  if (now.withdrawal) return `kept although it failed: no other cluster can serve (${now.withdrawal.reason})`;
  if (member.weight === 0) return 'its declared weight is 0';
  if (pool.pinned) return 'pinned: health does not move this traffic';
  if (now.effectivePercent === 0) return `stands by in tier ${member.tier}`;
  if (now.effectivePercent !== now.declaredPercent) return 'serves for clusters that are withdrawn';
  return 'serves its declared share';
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
