/** What gateways were read to do about a drill: whether its clusters have nothing, and whether others serve instead. */

import { placementShares } from '../allocation/points.ts';
import type { Points } from '../gateway/reading.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Pool, Share } from '../model/ir.ts';
import { compareText } from '../model/text.ts';
import type { LiveDrill, Traffic } from './traffic.ts';

export interface DrillSight {
  /** When the last of the gateways was read that have anything to do with the clusters. */
  readAtMs: number;
  /** The same of the one that was read least lately. */
  oldestReadAtMs: number;
  /** Gateways that were not read since the last step of the drill, or of which it could not be told where a pool leads. */
  unread: string[];
  /** Gateways that were read to give one of the clusters something. */
  giving: string[];
  /** Services of which nobody else was read to have the traffic. */
  unserved: string[];
  /** Clusters that were read to serve instead. */
  serving: string[];
}

/** A gateway as it was read last. */
export interface ReadGateway {
  gateway: string;
  pools: readonly (Pick<Pool, 'key' | 'service' | 'pinned'> & { members: readonly { cluster: string }[] })[];
  points: Points;
  /** When its pools were read; 0 where they never were. */
  readAtMs: number;
}

/**
 * Nothing is asked of pools that people have pinned, which no drill moves, of those that the clusters do not serve, and of those of other services
 * than a drill of one is about. A gateway that was left behind counts, too.
 */
export function drillSight(
  { clusters, service, steppedAtMs }: Pick<LiveDrill, 'clusters' | 'service' | 'steppedAtMs'>,
  gateways: readonly ReadGateway[],
  nowMs: number,
): DrillSight {
  const isOut = (name: string) => clusters.includes(name);
  const seen = gateways.flatMap(({ gateway, pools, points, readAtMs }) => {
    const concerned = pools.filter(({ pinned, members, ...pool }) => {
      const isMeant = service === undefined || pool.service === service;
      return isMeant && !pinned && members.some(({ cluster }) => isOut(cluster));
    });
    const had = concerned.map((pool) => ({ pool, shares: points.pools[pool.key]?.filter(isServed) }));
    return concerned.length === 0 ? [] : [{ gateway, had, readAtMs }];
  });
  const times = seen.map(({ readAtMs }) => readAtMs);
  const all = seen.flatMap(({ had }) => had);
  const serves = (shares: readonly Share[] | undefined) => shares?.filter(({ cluster }) => !isOut(cluster)) ?? [];
  return {
    readAtMs: times.length === 0 ? nowMs : Math.max(...times),
    oldestReadAtMs: Math.min(nowMs, ...times),
    unread: seen
      .filter(({ had, readAtMs }) => readAtMs < steppedAtMs || had.some(({ shares }) => shares === undefined))
      .map(({ gateway }) => gateway),
    giving: seen
      .filter(({ had }) => had.some(({ shares }) => shares?.some(({ cluster }) => isOut(cluster))))
      .map(({ gateway }) => gateway),
    unserved: distinct(
      all.filter(({ shares }) => shares && serves(shares).length === 0).map(({ pool }) => pool.service),
    ),
    serving: distinct(all.flatMap(({ shares }) => serves(shares).map(({ cluster }) => cluster))),
  };
}

/** The same of gateways that do as they are told, when they were read at that time. */
export function sightAsTold(
  drill: LiveDrill,
  placements: readonly Placement[],
  traffic: Pick<Traffic, 'allocation'>,
  { readAtMs, nowMs }: { readAtMs: number; nowMs: number },
): DrillSight {
  const pools = placements.map(({ key, service, services, pinned, members }) => ({
    ...{ key, pinned, members },
    service: service ?? services[0] ?? key,
  }));
  const shares = placements.map((placement) => [placement.key, placementShares(placement, traffic)]);
  const points = { pools: Object.fromEntries(shares), routes: {} };
  return drillSight(drill, [{ gateway: 'the gateways', pools, points, readAtMs }], nowMs);
}

/** What speaks against saying that the clusters have nothing and that others serve; undefined where all gateways were read to have it so. */
export function faultOf({ unread, giving, unserved }: DrillSight): string | undefined {
  if (giving.length > 0) return `${giving.join(', ')} gave them traffic when last read`;
  if (unread.length > 0) return `${unread.join(', ')} could not be read since the last step`;
  return unserved.length > 0 ? `nobody else was given the traffic of ${unserved.join(', ')}` : undefined;
}

function isServed({ percent }: Share): boolean {
  return percent > 0;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort(compareText);
}
