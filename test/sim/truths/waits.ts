/** The truth that a returning cluster has waited for what the declarations ask for. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import { MEMORY_SECONDS } from '../chronicle.ts';
import type { Fleet } from '../fleet.ts';
import { type Programmed, percentOf } from '../gateway.ts';
import { type DecisionEntry, isAutomatic, type Truth } from '../history.ts';
import { msAt } from '../scenario.ts';
import { isTight } from './points.ts';

/**
 * A cluster that has failed gets points for its own standing only while a majority says that it is healthy, after its
 * dwell, with consent, and one site at a time where returns are ramps. This is checked in pools that another cluster,
 * which is beyond all doubt, can serve.
 */
export function waitsAreServed(): Truth {
  let dwellSeconds = Number.POSITIVE_INFINITY;
  return {
    name: 'waitsAreServed',
    decided: (entry) => {
      const { fleet } = entry;
      const { policy } = fleet.declared;
      dwellSeconds = Math.min(dwellSeconds, policy.health.dwellSeconds);
      const risers = risersIn(entry);
      for (const { name, isFirst } of risers) {
        const isDoubted = fleet.chronicle.of(name)?.said !== 'healthy';
        const detail = isDoubted
          ? 'while no majority says that it is healthy'
          : isFirst
            ? lackOf(fleet, name, dwellSeconds)
            : undefined;
        if (detail) return `${name} returns ${detail}`;
      }
      const sites = new Set(risers.map(({ site }) => site));
      const isRamp = policy.failover.failback.mode === 'ramp';
      return isRamp && sites.size > 1 ? `clusters of ${[...sites].join(' and ')} return together` : undefined;
    },
    ticked: ({ fleet, tick }) => (tick % 10 === 0 ? hastyNewcomer(fleet) : undefined),
  };
}

/** A new cluster that has points of a pool that others serve, and that nobody has found healthy yet. */
function hastyNewcomer(fleet: Fleet): string | undefined {
  const { declared, chronicle, book, stored } = fleet;
  if (declared.policy.automation !== 'automatic') return undefined;
  const points = fleet.programmed(stored.traffic);
  for (const { name, joins, voters, createdAtMs } of declared.clusters) {
    const isNew = createdAtMs > msAt(0) && joins === 'when-healthy' && voters.length > 0;
    if (!isNew || chronicle.of(name)?.wasFound !== false || book.isHandled(name)) continue;
    const pool = declared.pools.find(
      (item) => !item.pinned && isServable(fleet, item) && percentOf(points, item.key, name) > 0,
    );
    if (pool && !isTight(fleet, points))
      return `${name} is new, and has points of ${pool.key} before anybody has found it healthy`;
  }
  return undefined;
}

interface Riser {
  name: string;
  site: string;
  /** The cluster had no points at all. */
  isFirst: boolean;
}

/** Clusters that get more for no other reason than that they have recovered. */
function risersIn(entry: DecisionEntry): Riser[] {
  const { fleet, tick, before, after } = entry;
  const { declared, chronicle, book, events } = fleet;
  const isEdited = events.some((event) => event.tick === tick || event.tick + event.seconds === tick);
  const isTouched = isEdited || book.shifts.length > 0 || book.drill !== undefined || declared.policy.drills.length > 0;
  if (!isAutomatic(entry) || isTouched || isTight(fleet, before) || isTight(fleet, after)) return [];
  const pools = declared.pools.filter((pool) => !pool.pinned && isServedWell(fleet, pool, before));
  return declared.clusters.flatMap(({ name, site }) => {
    const life = chronicle.of(name);
    const failedTick = life?.failuresTick.at(-1);
    const isOld = failedTick === undefined || tick - failedTick > MEMORY_SECONDS;
    if (isOld || life?.touchedTick !== Number.NEGATIVE_INFINITY || book.orderedTick.has(name)) return [];
    const rises = pools.some(({ key }) => percentOf(after, key, name) > percentOf(before, key, name) + 1);
    const isFirst = declared.pools.every(({ key, pinned }) => pinned || percentOf(before, key, name) === 0);
    return rises ? [{ name, site, isFirst }] : [];
  });
}

function isServable(fleet: Fleet, { members }: Pool): boolean {
  return members.some(({ cluster, weight }) => weight > 0 && fleet.isSpotless(cluster));
}

/**
 * Tells whether all clusters that serve the pool are well and nobody has asked anything of them, so that nothing has to
 * give way for their traffic.
 */
function isServedWell({ book, chronicle }: Fleet, { key, members }: Pool, before: Programmed): boolean {
  return members.every(({ cluster }) => {
    const life = chronicle.of(cluster);
    if (percentOf(before, key, cluster) === 0) return true;
    return life?.isLiving === true && life.said === 'healthy' && !life.isSlow && !book.isHandled(cluster);
  });
}

function lackOf(
  { declared, chronicle, scenario, tick }: Fleet,
  name: string,
  dwellSeconds: number,
): string | undefined {
  const life = chronicle.of(name);
  const { failback, freezeWindows } = declared.policy.failover;
  const { intervalSeconds, timeoutSeconds } = declared.policy.health;
  // A pause is noticed in the next round, and the time counts until then.
  const leastSeconds = dwellSeconds - intervalSeconds - timeoutSeconds;
  if (life && life.healthySeconds < leastSeconds) return `after ${life.healthySeconds} of ${dwellSeconds} s`;
  const isManual = failback.mode === 'manual' && scenario.policy.failover.failback.mode === 'manual';
  if (isManual) return 'without consent';
  const isFrozen = freezeWindows.some(
    (window) => window.type === 'once' && Date.parse(window.from) <= msAt(tick) && msAt(tick) < Date.parse(window.to),
  );
  return isFrozen ? 'in a freeze window' : undefined;
}
