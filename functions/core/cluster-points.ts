import type { PointsRange } from '../../schemas/decision.ts';
import { equal } from './digest.ts';
import { placementShares } from './distribution.ts';
import type { Share } from './ir.ts';
import type { Placement } from './situation.ts';
import type { Traffic } from './traffic.ts';

/** The least and the most that each cluster shall have of any placement of which it is a member, in percent of its traffic. */
export function clusterPoints(placements: readonly Placement[], traffic: Traffic): Map<string, PointsRange> {
  const found = new Map<string, PointsRange>();
  for (const shares of sharesOf(placements, traffic)) {
    for (const { cluster, percent } of shares) {
      const { minPercent, maxPercent } = found.get(cluster) ?? { minPercent: percent, maxPercent: percent };
      const range = { minPercent: Math.min(minPercent, percent), maxPercent: Math.max(maxPercent, percent) };
      found.set(cluster, range);
    }
  }
  return found;
}

/** Whether any cluster shall have other points of any placement. */
export function pointsDiffer(placements: readonly Placement[], before: Traffic, after: Traffic): boolean {
  const then = sharesOf(placements, before);
  return sharesOf(placements, after).some((shares, index) => !equal(shares, then[index]));
}

/** Shares of each placement, whose allocations are found by key. */
function sharesOf(placements: readonly Placement[], { withdrawals, allocations }: Traffic): Share[][] {
  const byKey = new Map(allocations.map((allocation) => [allocation.placement, allocation]));
  return placements.map((placement) => {
    const own = byKey.get(placement.key);
    return placementShares(placement, { withdrawals, allocations: own ? [own] : [] });
  });
}

/** For people: `60 %`, or `10 to 60 %`. */
export function rangeText({ minPercent, maxPercent }: PointsRange): string {
  return minPercent === maxPercent ? `${maxPercent} %` : `${minPercent} to ${maxPercent} %`;
}
