import { equal } from './digest.ts';
import type { Share } from './ir.ts';
import type { Placement } from './situation.ts';

/** A placement and its shares, in the order of its members. */
export interface PlacementShares {
  placement: Placement;
  shares: Share[];
}

/** Placed shares, and whether capacity may move them; `limited` clusters do not take over from others. */
export interface Placed extends PlacementShares {
  isFixed: boolean;
  limited: ReadonlySet<string>;
}

/** Requests per second by cluster. */
export type Loads = ReadonlyMap<string, number>;

/** Rounding of sums of loads is no overload. */
export const TOLERANCE = 1e-6;

/** What each cluster has to serve. */
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

/** Clusters that have to serve more than their ceiling; those without one are not limited. */
export function overloaded(loads: Loads, ceilings: Loads): string[] {
  return [...ceilings].filter(([name, ceiling]) => (loads.get(name) ?? 0) > ceiling + TOLERANCE).map(([name]) => name);
}

/**
 * R14: shares that keep clusters below their ceilings. What is too much for a cluster goes to the other members of its tier by weight, as far
 * as they have room, then to the next tier. When there is no room left, the rest makes all of them equally hot: no request is
 * dropped for it.
 */
export function fill<T extends Placed>(placed: readonly T[], ceilings: Loads): T[] {
  const wanted = loadsOf(placed);
  const hot = new Set(overloaded(wanted, ceilings));
  if (hot.size === 0) return [...placed];
  const fixed = loadsOf(placed.filter(({ isFixed }) => isFixed));
  const partLeft = (cluster: string) => {
    const [ceiling, kept] = [ceilings.get(cluster) ?? 0, fixed.get(cluster) ?? 0];
    const movable = (wanted.get(cluster) ?? 0) - kept;
    return movable > 0 ? Math.max(0, ceiling - kept) / movable : 0;
  };
  const capped = placed.map((item) => {
    if (item.isFixed || item.placement.load === 0) return item;
    const shares = item.shares.map(({ cluster, percent }) => {
      return { cluster, percent: hot.has(cluster) ? Math.floor(percent * partLeft(cluster) + TOLERANCE) : percent };
    });
    return { ...item, shares };
  });
  const loads = loadsOf(capped);
  return placed.map((item, index) => {
    const shares = pour(capped[index] ?? item, item.shares, loads, ceilings);
    return equal(shares, item.shares) ? item : { ...item, shares };
  });
}

/** Gives what a placement lacks to its members, point by point, and counts it to `loads`. */
function pour(item: Placed, before: readonly Share[], loads: Map<string, number>, ceilings: Loads): Share[] {
  const shares = item.shares.map((share) => ({ ...share }));
  const point = item.placement.load / 100;
  let lacking = before.reduce((sum, { percent }) => sum + percent, 0) - shares.reduce((sum, s) => sum + s.percent, 0);
  if (lacking === 0) return shares;
  const takers = takersOf(item, before);
  const loadOf = (cluster: string) => loads.get(cluster) ?? 0;
  const hasRoom = ({ cluster }: Taker) => loadOf(cluster) + point <= (ceilings.get(cluster) ?? Infinity) + TOLERANCE;
  const heat = ({ cluster }: Taker) => loadOf(cluster) / (ceilings.get(cluster) ?? Infinity);
  const fullness = ({ index, weight }: Taker) => (shares[index]?.percent ?? 0) / weight;
  for (; lacking > 0; lacking--) {
    const roomy = takers.filter(hasRoom);
    const tier = Math.min(...roomy.map((taker) => taker.tier));
    const next =
      least(
        roomy.filter((taker) => taker.tier === tier),
        fullness,
      ) ?? least(takers, heat);
    const share = next && shares[next.index];
    if (share === undefined) break;
    share.percent += 1;
    loads.set(share.cluster, loadOf(share.cluster) + point);
  }
  return shares;
}

interface Taker {
  index: number;
  cluster: string;
  weight: number;
  tier: number;
}

/** Members that are fully in; where none is, those that serve. */
function takersOf({ placement, limited }: Placed, before: readonly Share[]): Taker[] {
  const members = placement.members.map((member, index) => ({ ...member, index })).filter(({ weight }) => weight > 0);
  const whole = members.filter(({ cluster }) => !limited.has(cluster));
  return whole.length > 0 ? whole : members.filter(({ index }) => (before[index]?.percent ?? 0) > 0);
}

function least(takers: readonly Taker[], measure: (taker: Taker) => number): Taker | undefined {
  let best: Taker | undefined;
  for (const taker of takers) if (best === undefined || measure(taker) < measure(best)) best = taker;
  return best;
}
