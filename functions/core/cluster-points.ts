import type { PointsRange } from '../../schemas/decision.ts';
import { placementShares } from './distribution.ts';
import type { Placement } from './situation.ts';
import type { Traffic } from './traffic.ts';

/** The least and the most that each cluster shall have of any placement of which it is a member, in percent of its traffic. */
export function clusterPoints(placements: readonly Placement[], traffic: Traffic): Map<string, PointsRange> {
  const allocations = new Map(traffic.allocations.map((allocation) => [allocation.placement, allocation]));
  const found = new Map<string, PointsRange>();
  for (const placement of placements) {
    const own = allocations.get(placement.key);
    const inForce = { withdrawals: traffic.withdrawals, allocations: own ? [own] : [] };
    for (const { cluster, percent } of placementShares(placement, inForce)) {
      const { minPercent, maxPercent } = found.get(cluster) ?? { minPercent: percent, maxPercent: percent };
      const range = { minPercent: Math.min(minPercent, percent), maxPercent: Math.max(maxPercent, percent) };
      found.set(cluster, range);
    }
  }
  return found;
}

/** For people: `60 %`, or `10 to 60 %`. */
export function rangeText({ minPercent, maxPercent }: PointsRange): string {
  return minPercent === maxPercent ? `${maxPercent} %` : `${minPercent} to ${maxPercent} %`;
}
