/**
 * The recommendation of a fleet whose automation does not act: its summary for people, and a digest that identifies it.
 */

import type { Recommended } from '../../../schemas/decision.ts';
import { declaredPoints } from '../allocation/bounds.ts';
import { clusterPoints, givenPoints } from '../allocation/points.ts';
import type { SealedAllocation } from '../allocation/sealed.ts';
import { digest, equal } from '../model/digest.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Traffic } from './traffic.ts';

/**
 * Returns a digest of all points that differ from the declared ones. Two allocations have the same digest when they
 * give every backend the same points.
 */
export function pointsDigest(placements: readonly Placement[], allocation: SealedAllocation): string {
  const given = placements.map((placement) => ({ placement, points: givenPoints(placement, allocation) }));
  const moved = given.filter(({ placement: { members }, points }) => !equal(points, declaredPoints(members)));
  return digest(moved.map(({ placement: { key }, points }) => [key, points]));
}

/** Returns the recommendation; undefined when nothing is recommended. */
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

/**
 * The most clusters that a decision lists of its recommendation, so that its record stays small. The digest covers all
 * of them.
 */
export const MOST_RECORDED = 200;

/** Returns the part of a recommendation that a decision records. */
export function recorded(recommended: Recommended): Recommended {
  return { ...recommended, clusters: recommended.clusters.slice(0, MOST_RECORDED) };
}

/** Returns the clusters that are given other points in any placement, sorted by name. */
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
