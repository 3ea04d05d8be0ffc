/** Whoever is well keeps what it has. */

import type { Pool } from '../../../functions/core/ir.ts';
import { addLoads, type Fleet } from '../fleet.ts';
import type { Programmed } from '../gateway.ts';
import { percentOf } from '../gateway.ts';
import { type DecisionEntry, isAutomatic, type Truth } from '../history.ts';
import { isGated } from './dead.ts';

/**
 * T1: no cluster that a truthful majority sees healthy loses points to automation, but by overload, by a true impairment, by the return of
 * others to their declared share, or by a person. Clusters that no majority says to fail are treated as healthy ones, and so are those behind
 * a closed gate, and those of which a person says that they do not fail.
 */
export function noHealthyLoses(): Truth {
  return {
    name: 'noHealthyLoses',
    decided: (entry) => {
      if (!isAutomatic(entry)) return undefined;
      const { fleet, before, after } = entry;
      for (const pool of fleet.declared.pools) {
        const lost = pool.members.find(({ cluster }) => isTaken(entry, pool, cluster));
        if (lost === undefined) continue;
        const [had, has] = [before, after].map((points) => percentOf(points, pool.key, lost.cluster));
        return `${lost.cluster} loses points without a reason, from ${had} to ${has} of ${pool.key}`;
      }
      return undefined;
    },
  };
}

function isTaken(entry: DecisionEntry, pool: Pool, cluster: string): boolean {
  const { fleet, before, after } = entry;
  const [had, has] = [percentOf(before, pool.key, cluster), percentOf(after, pool.key, cluster)];
  if (has >= had || has >= declaredPercent(pool, cluster) - 1) return false;
  return countsAsWell(fleet, cluster) && !isTouched(fleet, cluster) && !isFull(entry, cluster);
}

function countsAsWell(fleet: Fleet, cluster: string): boolean {
  const life = fleet.chronicle.of(cluster);
  if (!life?.wasLiving) return false;
  const isUnaccused = life.failingSinceTick === undefined;
  return life.isLiving || isUnaccused || isGated(fleet, cluster) || fleet.book.isTrusted(cluster, fleet.tick);
}

/** It is slow, or people take it out. */
function isTouched({ chronicle, book, tick }: Fleet, cluster: string): boolean {
  const isKeptOnly = book.shiftOf(cluster, 'keep') !== undefined && chronicle.of(cluster)?.isSlow !== true;
  return chronicle.of(cluster)?.touchedTick === tick && !isKeptOnly;
}

/** What a member has of a pool by its weight, in the lowest tier that has any: those that would have less than a point have one, which others lack. */
function declaredPercent({ members }: Pick<Pool, 'members'>, cluster: string): number {
  const able = members.filter(({ weight }) => weight > 0);
  const lowest = Math.min(...able.map(({ tier }) => tier));
  let peers = able.filter(({ tier }) => tier === lowest);
  let percent = 100;
  for (let small = peers; small.length > 0; percent -= small.length) {
    const total = peers.reduce((sum, { weight }) => sum + weight, 0);
    small = peers.filter(({ weight }) => percent * weight < total);
    if (small.some((member) => member.cluster === cluster)) return 1;
    peers = peers.filter((member) => !small.includes(member));
  }
  const own = peers.find((member) => member.cluster === cluster)?.weight ?? 0;
  return (percent * own) / peers.reduce((sum, { weight }) => sum + weight, 0);
}

/** It had more to serve than it can, or has all that it can now. */
function isFull({ fleet, before, after }: DecisionEntry, name: string): boolean {
  const { clusters, policy } = fleet.declared;
  const capacity = clusters.find((item) => item.name === name)?.capacity;
  if (capacity === undefined) return false;
  const room = capacity * (1 - policy.failover.headroomPercent / 100) - largestPoint(fleet);
  return (loadsBy(fleet, before).get(name) ?? 0) > capacity || (loadsBy(fleet, after).get(name) ?? 0) > room;
}

export function loadsBy({ declared }: Fleet, programmed: Programmed): Map<string, number> {
  const loads = new Map<string, number>();
  addLoads(loads, declared, programmed);
  return loads;
}

/** The load of one point of the placement that has most. */
export function largestPoint({ declared }: Fleet): number {
  return Math.max(0, ...declared.placements.map(({ load }) => load)) / 100;
}
