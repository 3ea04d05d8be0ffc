/** What is recommended where automation does not act: as it is told, and so that it is known again. */

import type { Recommended } from '../../../schemas/decision.ts';
import { declaredPoints } from '../allocation/bounds.ts';
import { clusterPoints, givenPoints } from '../allocation/points.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import { digest, equal } from '../model/digest.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Traffic } from './traffic.ts';

/** The points that are not the declared ones. Two allocations with one digest give every backend the same. */
export function pointsDigest(placements: readonly Placement[], allocation: SealedAllocation): string {
  const given = placements.map((placement) => ({ placement, points: givenPoints(placement, allocation) }));
  const moved = given.filter(({ placement: { members }, points }) => !equal(points, declaredPoints(members)));
  return digest(moved.map(({ placement: { key }, points }) => [key, points]));
}

/** Undefined where nothing is recommended that gateways do not have. */
export function recommendedOf(
  placements: readonly Placement[],
  { allocation, recommended }: Pick<Traffic, 'allocation' | 'recommended'>,
): Recommended | undefined {
  if (recommended === undefined) return undefined;
  const [had, gets] = [allocation, recommended].map((item) => clusterPoints(placements, { allocation: item }));
  const changed = changedClusters(placements, allocation, recommended);
  return {
    digest: pointsDigest(placements, recommended),
    clusters: changed.flatMap((cluster) => {
      const [before, after] = [had?.get(cluster), gets?.get(cluster)];
      return before && after ? [{ cluster, before, after }] : [];
    }),
  };
}

/** Clusters that a decision names of what it recommends, so that its record stays small; the digest is of all. */
export const MOST_RECORDED = 200;

/** What a decision keeps of it. */
export function recorded(recommended: Recommended): Recommended {
  return { ...recommended, clusters: recommended.clusters.slice(0, MOST_RECORDED) };
}

/** Clusters that are given other points of any placement, by name. */
function changedClusters(placements: readonly Placement[], then: SealedAllocation, now: SealedAllocation): string[] {
  const changed = new Set<string>();
  for (const placement of placements) {
    const [before, after] = [givenPoints(placement, then), givenPoints(placement, now)];
    for (const [index, { cluster }] of placement.members.entries()) {
      if (before[index] !== after[index]) changed.add(cluster);
    }
  }
  return [...changed].sort();
}
