/** The truth that healthy clusters keep what they have. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import { isGated } from '../chronicle.ts';
import { addLoads, type Fleet } from '../fleet.ts';
import type { Programmed } from '../gateway.ts';
import { percentOf } from '../gateway.ts';
import { type DecisionEntry, isAutomatic, type Truth } from '../history.ts';

/**
 * No cluster that a truthful majority sees healthy loses points to automation, except by overload, by a true
 * impairment, by the return of others to their declared share, or by a person. Clusters that no majority says to fail
 * are treated as healthy ones, and so are those behind a closed gate, and those of which a person says that they do not
 * fail.
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
  // A word of the majority that lasted only a moment may be lost where the store takes few decisions.
  const isUnaccused = life.failingSinceTick === undefined && !fleet.has('stall', 'refuse', 'crash');
  return (
    life.isLiving || isUnaccused || isGated(fleet.declared.policy, cluster) || fleet.book.isTrusted(cluster, fleet.tick)
  );
}

/** Tells whether the cluster is slow, was slow so lately that voters may not know better, or is taken out by people. */
function isTouched({ declared, chronicle, book, tick }: Fleet, cluster: string): boolean {
  const { recoveryWindow, intervalSeconds, timeoutSeconds } = declared.policy.health;
  const slowTick = chronicle.of(cluster)?.slowTick ?? Number.NEGATIVE_INFINITY;
  if (tick - slowTick <= recoveryWindow * intervalSeconds + timeoutSeconds) return true;
  const { isSlow, isRehearsed } = chronicle.of(cluster) ?? {};
  const isKeptOnly = book.shiftOf(cluster, 'keep') !== undefined && !isSlow && !isRehearsed;
  return chronicle.of(cluster)?.touchedTick === tick && !isKeptOnly;
}

type Member = Pool['members'][number] | Fleet['declared']['placements'][number]['members'][number];

/**
 * Returns what a member has of a pool by its weight, in the lowest tier that has any. Members that would have less than
 * a point have one, which others lack.
 */
export function declaredPercent({ members }: { members: readonly Member[] }, cluster: string): number {
  const able = members.filter(({ weight }) => weight > 0);
  const lowest = Math.min(...able.map(({ tier }) => tier));
  let peers = able.filter(({ tier }) => tier === lowest);
  if (peers.length === 0) return 0;
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

/**
 * Tells whether the cluster had more to serve than it can, would have with what those that fail leave to it, or has all
 * that it can now.
 */
function isFull({ fleet, before, after }: DecisionEntry, name: string): boolean {
  const { clusters, policy } = fleet.declared;
  const capacity = clusters.find((item) => item.name === name)?.capacity;
  if (capacity === undefined) return false;
  const room = capacity * (1 - policy.failover.headroomPercent / 100) - largestPoint(fleet);
  const loads = [loadsBy(fleet, before).get(name) ?? 0, nominalLoad(fleet, name)];
  return loads.some((load) => load > capacity) || (loadsBy(fleet, after).get(name) ?? 0) > room;
}

/** Returns what the cluster would have to serve if the members that nobody accuses served by their weights alone. */
function nominalLoad({ declared, chronicle }: Fleet, name: string): number {
  const isWell = ({ cluster }: { cluster: string }) => chronicle.of(cluster)?.failingSinceTick === undefined;
  return declared.placements.reduce((sum, placement) => {
    const members = placement.pinned ? placement.members : placement.members.filter(isWell);
    return sum + (placement.load * declaredPercent({ members }, name)) / 100;
  }, 0);
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
