/** No more is taken out than people allow, and nothing where they want to be asked. */

import type { ClusterFacts } from '../../../functions/core/model/fleet-facts.ts';
import { type Life, mostRemoved } from '../chronicle.ts';
import type { FleetEvent } from '../events.ts';
import type { Fleet } from '../fleet.ts';
import { isSame, type Programmed, percentOf } from '../gateway.ts';
import { type DecisionEntry, isAutomatic, type Truth } from '../history.ts';
import { declaredPercent } from './healthy.ts';

/** T8: within the window automation takes out at most as many clusters as `maxRemoved` says, the last member of a pool included; one that was is no other one. */
export function removalsAreCapped(): Truth {
  let removals: { name: string; tick: number }[] = [];
  return {
    name: 'removalsAreCapped',
    decided: (entry) => {
      const { fleet, tick } = entry;
      const { maxRemoved } = fleet.declared.policy.safety;
      if (maxRemoved === undefined) return undefined;
      for (const { facts, life } of takenOut(entry)) {
        removals = removals.filter((item) => tick - item.tick < maxRemoved.windowSeconds - 2);
        const others = new Set(removals.filter(({ name }) => name !== facts.name).map(({ name }) => name));
        const most = mostRemoved(maxRemoved, fleet.declared.clusters.length);
        const isAllowed =
          fleet.book.isResumed(facts.name, life.failingSinceTick) || fleet.book.isSetAside('max-removed');
        const isCounted = wasRemoved(life, tick - maxRemoved.windowSeconds + 2);
        if (others.size >= most && !isCounted && !isAllowed) {
          return `${facts.name} is taken out after ${[...others].join(' and ')}; ${most} may be within ${maxRemoved.windowSeconds} s`;
        }
        removals.push({ name: facts.name, tick });
      }
      return undefined;
    },
  };
}

/** It could be taken out since then, and before it began to fail now. */
function wasRemoved({ removalsTick, failingSinceTick = 0 }: Life, sinceTick: number): boolean {
  return removalsTick.some((removedTick) => sinceTick < removedTick && removedTick < failingSinceTick);
}

/** Section 5: where people want to be asked, a cluster that fails soon after one of another site is not left before, unless two vantages say so. */
export function suspicionsHold(): Truth {
  return {
    name: 'suspicionsHold',
    decided: (entry) => {
      const { fleet, tick } = entry;
      const { action, askSeconds } = fleet.declared.policy.failover.correlation;
      if (action !== 'ask' || fleet.scenario.policy.failover.correlation.action !== 'ask') return undefined;
      for (const { facts, life } of takenOut(entry)) {
        const isFirst = life.failuresTick.length === 1 && life.saidBy === 1 && !hasControl(fleet);
        const isDue = tick - (life.failingSinceTick ?? tick) >= askSeconds - 2;
        const isResumed = fleet.book.isResumed(facts.name, life.failingSinceTick);
        const other = isFirst && !isDue && !isResumed ? earlierThan(fleet, facts, life) : undefined;
        if (other) return `${facts.name} is left at once, although ${other} failed just before it`;
      }
      return undefined;
    },
  };
}

/** Voters can be told from a fault of their own network by what answers as long as that works. */
function hasControl({ declared, scenario }: Fleet): boolean {
  return declared.policy.controlTargets.length > 0 || scenario.formerTraffic !== undefined;
}

/** A cluster of another site that began to fail within the window before it. */
function earlierThan({ declared, chronicle }: Fleet, { name, site }: ClusterFacts, life: Life): string | undefined {
  const { windowSeconds } = declared.policy.failover.correlation;
  const sinceTick = life.failingSinceTick ?? 0;
  return declared.clusters.find((other) => {
    const failedTick = chronicle.of(other.name)?.failuresTick.at(-1) ?? Number.NEGATIVE_INFINITY;
    const ageSeconds = sinceTick - failedTick;
    return other.name !== name && other.site !== site && ageSeconds > 0 && ageSeconds < windowSeconds - 2;
  })?.name;
}

/** Clusters that automation leaves because they fail: nobody of an earlier tier is well whose return would leave them nothing. */
function takenOut(entry: DecisionEntry): { facts: ClusterFacts; life: Life }[] {
  const { fleet, before, after, tick } = entry;
  if (!isAutomatic(entry)) return [];
  return fleet.declared.clusters.flatMap((facts) => {
    const life = fleet.chronicle.of(facts.name);
    const isLeft = has(fleet, before, facts.name) && !has(fleet, after, facts.name);
    if (
      !isLeft ||
      !isWanted(fleet, before, facts.name) ||
      life?.failingSinceTick === undefined ||
      life.touchedTick === tick
    )
      return [];
    return [{ facts, life }];
  });
}

/** It would have a share by the declarations of a pool that it served, if it were well, too. */
function isWanted({ declared, chronicle }: Fleet, before: Programmed, name: string): boolean {
  const isWell = ({ cluster }: { cluster: string }) => {
    return cluster === name || chronicle.of(cluster)?.failingSinceTick === undefined;
  };
  return declared.pools.some((pool) => {
    const serves = !pool.pinned && percentOf(before, pool.key, name) > 0;
    return serves && declaredPercent({ members: pool.members.filter(isWell) }, name) > 0;
  });
}

function has({ declared }: Fleet, points: Programmed, name: string): boolean {
  return declared.pools.some(({ key, pinned }) => !pinned && percentOf(points, key, name) > 0);
}

/** Section 5: a fleet in `recommend` or `paused` keeps what it has, but for what people do. */
export function modesHold(): Truth {
  return {
    name: 'modesHold',
    decided: ({ fleet, input, before, after, tick }) => {
      const { automation, drills } = input.policy;
      const isByPeople =
        input.command !== undefined || drills.length > 0 || fleet.events.some((event) => isNear(event, tick));
      if (automation === 'automatic' || isByPeople || isSame(before, after)) return undefined;
      return `points move in mode ${automation}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`;
    },
  };
}

/** Something that people do begins or ends, or a shift is under way. */
function isNear({ type, tick: beginTick, seconds }: FleetEvent, tick: number): boolean {
  if (type === 'shift') return beginTick <= tick && tick <= beginTick + seconds;
  return beginTick === tick || beginTick + seconds === tick;
}
