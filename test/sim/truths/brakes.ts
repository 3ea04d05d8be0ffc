/** No more is taken out than people allow. */

import type { Fleet } from '../fleet.ts';
import { type Programmed, percentOf } from '../gateway.ts';
import { isAutomatic, type Truth } from '../history.ts';
import { mostRemoved } from './dead.ts';

/** T8: within the window automation takes out at most as many clusters as `maxRemoved` says, the last member of a pool included. */
export function removalsAreCapped(): Truth {
  let removals: { name: string; tick: number }[] = [];
  return {
    name: 'removalsAreCapped',
    decided: (entry) => {
      const { fleet, before, after, tick } = entry;
      const { maxRemoved } = fleet.declared.policy.safety;
      if (!isAutomatic(entry) || maxRemoved === undefined) return undefined;
      for (const { name } of fleet.declared.clusters) {
        const life = fleet.chronicle.of(name);
        const isLeft = has(fleet, before, name) && !has(fleet, after, name);
        if (!isLeft || life?.failingSinceTick === undefined || life.touchedTick === tick) continue;
        removals = removals.filter((item) => tick - item.tick < maxRemoved.windowSeconds - 2);
        const others = new Set(removals.filter((item) => item.name !== name).map((item) => item.name));
        const isAllowed = fleet.book.resumedTick >= life.failingSinceTick || fleet.book.isSetAside('max-removed');
        const most = mostRemoved(maxRemoved, fleet.declared.clusters.length);
        if (others.size >= most && !isAllowed)
          return `${name} is taken out after ${[...others].join(' and ')}; ${most} may be`;
        removals.push({ name, tick });
      }
      return undefined;
    },
  };
}

function has({ declared }: Fleet, points: Programmed, name: string): boolean {
  return declared.pools.some(({ key, pinned }) => !pinned && percentOf(points, key, name) > 0);
}
