/**
 * The reading of a drill is what was read of gateways: whether they give its clusters nothing, and whether others serve
 * instead.
 */

import { say } from '../../../schemas/messages/index.ts';
import { placementShares } from '../allocation/points.ts';
import type { Points } from '../gateway/reading.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Pool, Share } from '../model/ir.ts';
import { compareText } from '../model/text.ts';
import type { LiveDrill, Traffic } from './traffic.ts';

export interface DrillReading {
  /** The last time at which any of the gateways that concern the clusters was read. */
  readAtMs: number;
  /** The time of the oldest last reading among those gateways. */
  oldestReadAtMs: number;
  /**
   * Gateways that were not read since the last step of the drill, or whose readings do not tell where one of their
   * pools leads.
   */
  unread: string[];
  /** Gateways that were read to give one of the clusters something. */
  giving: string[];
  /** Services whose traffic no other cluster was read to have. */
  unserved: string[];
  /** Clusters that were read to serve instead. */
  serving: string[];
}

/** A gateway as it was last read. */
export interface ReadGateway {
  gateway: string;
  pools: readonly (Pick<Pool, 'key' | 'service' | 'pinned'> & { members: readonly { cluster: string }[] })[];
  points: Points;
  /** The time at which its pools were read; 0 if they never were. */
  readAtMs: number;
}

/**
 * Returns what gateways were read to do about a drill. Three kinds of pools do not count: those that people have
 * pinned, which no drill moves; those that the drilled clusters do not serve; and, in a drill of one service, those of
 * other services. A gateway that was left behind counts, too.
 */
export function drillReadingOf(
  { clusters, service, steppedAtMs }: Pick<LiveDrill, 'clusters' | 'service' | 'steppedAtMs'>,
  gateways: readonly ReadGateway[],
  nowMs: number,
): DrillReading {
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

/** Returns the reading of a drill if gateways did as they are told and were read at `readAtMs`. */
export function expectedDrillReading(
  drill: LiveDrill,
  placements: readonly Placement[],
  traffic: Pick<Traffic, 'allocation'>,
  { readAtMs, nowMs }: { readAtMs: number; nowMs: number },
): DrillReading {
  const pools = placements.map(({ key, service, services, pinned, members }) => ({
    ...{ key, pinned, members },
    service: service ?? services[0] ?? key,
  }));
  const shares = placements.map((placement) => [placement.key, placementShares(placement, traffic)]);
  const points = { pools: Object.fromEntries(shares), routes: {} };
  return drillReadingOf(drill, [{ gateway: 'the gateways', pools, points, readAtMs }], nowMs);
}

/**
 * Returns what speaks against saying that the clusters get nothing and others serve; undefined when all gateways were
 * read to do so.
 */
export function faultOf({ unread, giving, unserved }: DrillReading): string | undefined {
  if (giving.length > 0) return say('DrillGaveTraffic', { gateways: giving.join(', ') }).text;
  if (unread.length > 0) return say('DrillUnreadSince', { gateways: unread.join(', ') }).text;
  return unserved.length > 0 ? say('DrillUnserved', { services: unserved.join(', ') }).text : undefined;
}

function isServed({ percent }: Share): boolean {
  return percent > 0;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort(compareText);
}
