/** Truths about points: they are whole, and stand in the declared ratio. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import type { Fleet } from '../fleet.ts';
import { type Programmed, percentOf } from '../gateway.ts';
import type { Truth } from '../history.ts';
import { largestPoint, loadsBy } from './healthy.ts';

/** Points are integers and total 100; a weight of 0 has 0; nobody serves only where every member is isolated. */
export function pointsAreWhole(): Truth {
  const check = (fleet: Fleet, programmed: Programmed) => {
    for (const pool of fleet.declared.pools) {
      const detail = flawOf(fleet, pool, programmed);
      if (detail !== undefined) return `${detail} in ${JSON.stringify(programmed[pool.key])} of ${pool.key}`;
    }
    return undefined;
  };
  return {
    name: 'pointsAreWhole',
    decided: ({ fleet, after }) => check(fleet, after),
    ticked: ({ fleet, hasChanged }) => (hasChanged ? check(fleet, fleet.programmed(fleet.stored.traffic)) : undefined),
  };
}

function flawOf({ book }: Fleet, { key, members }: Pool, programmed: Programmed): string | undefined {
  const points = members.map(({ cluster }) => percentOf(programmed, key, cluster));
  if (!points.every((one) => Number.isInteger(one) && one >= 0)) return 'points that are not whole';
  if (members.some(({ weight }, index) => weight === 0 && points[index] !== 0)) return 'points for a weight of 0';
  const total = points.reduce((sum, one) => sum + one, 0);
  const isEmptied = members.every(({ weight, cluster }) => weight === 0 || book.isIsolated(cluster));
  return total === (isEmptied ? 0 : 100) ? undefined : `${total} points`;
}

/**
 * Healthy, unlimited members of a tier stand in the declared ratio within one point, except for the minimum of 1,
 * unless capacity binds.
 */
export function declaredRatio(): Truth {
  return {
    name: 'declaredRatio',
    decided: ({ fleet, after }) => {
      for (const pool of fleet.declared.pools) {
        if (!pool.pinned && (pool.load ?? 0) > 0 && isTight(fleet, after)) continue;
        const spotless = pool.members.filter(
          ({ weight, cluster }) => weight > 0 && (pool.pinned || fleet.isSpotless(cluster)),
        );
        for (const tier of new Set(spotless.map((member) => member.tier))) {
          const peers = spotless.filter((member) => member.tier === tier);
          const odd = oddOf(peers, (cluster) => percentOf(after, pool.key, cluster));
          if (odd && !isAnyIsolated(fleet, pool)) return `${odd} in ${JSON.stringify(after[pool.key])} of ${pool.key}`;
        }
      }
      return undefined;
    },
  };
}

function isAnyIsolated({ book }: Fleet, { members, pinned }: Pool): boolean {
  return pinned && members.some(({ cluster }) => book.isIsolated(cluster));
}

function oddOf(peers: readonly Pool['members'][number][], pointsOf: (cluster: string) => number): string | undefined {
  const [points, weights] = [peers.map(({ cluster }) => pointsOf(cluster)), peers.map(({ weight }) => weight)];
  const [total, weight] = [points, weights].map((list) => list.reduce((sum, one) => sum + one, 0)) as [number, number];
  const exact = weights.map((own) => (total * own) / weight);
  if (exact.some((one) => one < 1)) return undefined;
  const index = exact.findIndex((one, at) => Math.abs(one - (points[at] ?? 0)) > 1);
  return index === -1
    ? undefined
    : `${peers[index]?.cluster} has ${points[index]} points where ${exact[index]} are due`;
}

/** Tells whether some cluster has almost all that it may be given of others, or more. */
export function isTight(fleet: Fleet, programmed: Programmed): boolean {
  const part = 1 - fleet.declared.policy.failover.headroomPercent / 100;
  const loads = loadsBy(fleet, programmed);
  return fleet.declared.clusters.some(({ name, capacity }) => {
    return capacity !== undefined && (loads.get(name) ?? 0) > capacity * part - largestPoint(fleet);
  });
}
