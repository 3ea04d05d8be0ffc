/** The truth that shifts are carried out. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import { hasFallen } from '../chronicle.ts';
import type { Fleet } from '../fleet.ts';
import { type Programmed, percentOf } from '../gateway.ts';
import type { Truth } from '../history.ts';
import type { GrantedShift } from '../people.ts';

/**
 * An isolated cluster always has 0. A drained one has at most its part, unless no undrained member is known to be
 * healthy without lacking consent, or all of them have fallen above their capacity. Strictly pinned pools are exempt
 * from drains.
 */
export function peopleAreObeyed(): Truth {
  return {
    name: 'peopleAreObeyed',
    decided: ({ fleet, after }) => {
      for (const shift of fleet.book.shifts) {
        const detail =
          shift.mode === 'isolate' ? whereIsolated(fleet, shift, after) : whereDrained(fleet, shift, after);
        if (detail) return detail;
      }
      return undefined;
    },
  };
}

function whereIsolated({ declared }: Fleet, { cluster }: GrantedShift, after: Programmed): string | undefined {
  const pool = declared.pools.find(({ key }) => percentOf(after, key, cluster) > 0);
  return pool && `${cluster} is isolated, and has ${percentOf(after, pool.key, cluster)} of ${pool.key}`;
}

/** Looks at a drain once all of its steps have had their time. */
function whereDrained(fleet: Fleet, shift: GrantedShift, after: Programmed): string | undefined {
  const { cluster, mode, percent, stepPercent, stepSeconds, fromTick } = shift;
  const isCalm = !fleet.events.some(({ tick, seconds, type }) => {
    return DELAYS.has(type) && tick <= fleet.tick && tick + seconds >= fromTick;
  });
  const slowest = Math.max(...fleet.stored.gateways.map(({ latencySeconds }) => latencySeconds));
  const stepsSeconds = (Math.ceil(100 / stepPercent) + 2) * (stepSeconds + 2 * slowest + 8);
  if (mode !== 'drain' || !isCalm || fleet.tick - fromTick < stepsSeconds) return undefined;
  for (const pool of fleet.declared.pools) {
    const has = percentOf(after, pool.key, cluster);
    const most = Math.floor((percent * greatestShare(fleet, pool, cluster)) / 100);
    if (pool.pinned || has <= most || !hasUndrained(fleet, pool, cluster)) continue;
    return `${cluster} is drained to ${percent} %, and has ${has} of ${pool.key}, where ${most} would be its part`;
  }
  return undefined;
}

/** Events during which a shift takes no step, because a gateway does not follow or nobody decides. */
const DELAYS: ReadonlySet<string> = new Set([
  ...['unreachable', 'unwritable', 'throttled', 'unanswered', 'partial', 'eventual', 'tamper'],
  ...['stall', 'refuse', 'crash', 'stale', 'mode', 'weight', 'tier', 'pin', 'join', 'leave'],
]);

/** Returns the share that the cluster would have if it competed only with members that are beyond all doubt. */
export function greatestShare(fleet: Fleet, { members }: Pool, cluster: string): number {
  const own = members.find((member) => member.cluster === cluster);
  if (own === undefined || own.weight === 0) return 0;
  const others = members.filter((member) => member !== own && fleet.isSpotless(member.cluster));
  if (others.some(({ tier, weight }) => tier < own.tier && weight > 0)) return 0;
  const peers = others.filter(({ tier }) => tier === own.tier).reduce((sum, { weight }) => sum + weight, own.weight);
  return Math.ceil((100 * own.weight) / peers);
}

function hasUndrained(fleet: Fleet, { members }: Pool, cluster: string): boolean {
  const { chronicle, book, declared, tick } = fleet;
  const { failback, freezeWindows } = declared.policy.failover;
  const mayLackConsent = failback.mode === 'manual' || freezeWindows.length > 0;
  return members.some((member) => {
    const life = chronicle.of(member.cluster);
    if (member.cluster === cluster || member.weight === 0 || !life?.isLiving) return false;
    const isFree = !book.isHandled(member.cluster) && !hasFallen(life, tick);
    return isFree && (!mayLackConsent || fleet.isSpotless(member.cluster));
  });
}
