/** The truth about members that all fail: then their observer is not believed, but what it said before is. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import type { Fleet } from '../fleet.ts';
import { percentOf } from '../gateway.ts';
import { type DecisionEntry, isAutomatic, type Truth } from '../history.ts';

/** Decisions follow new words within this many seconds. */
const SLACK_SECONDS = 15;

/**
 * Where all members of a pool are said to fail, one that failed by more than the window before the last of them has
 * nothing. This is checked where nothing else can decide: no brake, no gate, no capacity, and nobody has touched any of
 * the members.
 */
export function longDeadStayLeft(): Truth {
  return {
    name: 'longDeadStayLeft',
    decided: (entry) => {
      const { safety, failover } = entry.fleet.declared.policy;
      const isBraked = failover.correlation.action !== 'proceed' || safety.maxRemoved !== undefined;
      if (!isAutomatic(entry) || isBraked || safety.gates.some(({ open }) => !open)) return undefined;
      return entry.fleet.declared.pools.map((pool) => longDeadIn(entry, pool)).find((detail) => detail !== undefined);
    },
  };
}

function longDeadIn({ fleet, after }: DecisionEntry, { key, pinned, members }: Pool): string | undefined {
  const { windowSeconds } = fleet.declared.policy.failover.correlation;
  const able = members.filter(({ weight }) => weight > 0);
  const since = able.map(({ cluster }) => failingSinceTick(fleet, cluster));
  if (pinned || !since.every((tick) => tick !== undefined)) return undefined;
  const lastTick = Math.max(...since);
  const found = able.find(({ cluster }, index) => {
    const isLong = lastTick - (since[index] ?? lastTick) > windowSeconds + SLACK_SECONDS;
    return isLong && percentOf(after, key, cluster) > 0;
  });
  return (
    found && `${found.cluster} has ${percentOf(after, key, found.cluster)} of ${key}, and failed long before the others`
  );
}

/** Undefined where anything but its failure can count. */
function failingSinceTick({ chronicle, book, declared, tick }: Fleet, name: string): number | undefined {
  const life = chronicle.of(name);
  const capacity = declared.clusters.find((item) => item.name === name)?.capacity;
  const isTouched =
    book.isHandled(name) || book.isTrusted(name, tick) || life?.touchedTick !== Number.NEGATIVE_INFINITY;
  return capacity !== undefined || isTouched || life?.said !== 'unhealthy' ? undefined : life.failingSinceTick;
}
