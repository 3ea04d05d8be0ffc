/** The truth that dead clusters are left, and no faster than people allow. */

import type { ClusterFacts } from '../../../functions/core/model/fleet-facts.ts';
import type { Pool } from '../../../functions/core/model/ir.ts';
import { hasFallen, isGated, type Life, mostRemoved } from '../chronicle.ts';
import type { Fleet } from '../fleet.ts';
import { faultsOf, type Gateway, percentOf, takesWrites } from '../gateway.ts';
import type { Truth } from '../history.ts';
import type { Measures } from '../measures.ts';

/**
 * A gateway that takes writes again is tried again within this many seconds; one that somebody has changed is found
 * within a sweep.
 */
const RETRY_SECONDS = 8;
const SWEEP_SECONDS = 31;

/**
 * A cluster that a truthful majority sees dead has 0 points at every gateway that takes writes, within the bound,
 * whenever another member with a weight exists that a truthful majority sees living, that nobody has isolated, and that
 * has not fallen above its capacity.
 */
export function deadAreLeft(measures: Measures): Truth {
  const watch = new Evacuations(measures);
  return {
    name: 'deadAreLeft',
    ticked: ({ fleet }) => {
      const { declared, chronicle, stored } = fleet;
      const found = declared.clusters.flatMap((facts) => {
        const life = chronicle.of(facts.name);
        const mustGo = life?.isDead === true && !isExcused(fleet, facts, life);
        const pools = declared.pools.filter(({ pinned }) => !pinned);
        if (!mustGo && watch.isIdle) return [];
        return pools.flatMap((pool) =>
          stored.gateways.flatMap((gate) => watch.look(fleet, { facts, mustGo, pool, gate })),
        );
      });
      return found[0];
    },
  };
}

interface Place {
  facts: ClusterFacts;
  /** True when nothing that people have declared keeps traffic on the cluster. */
  mustGo: boolean;
  pool: Pool;
  gate: Gateway;
}

/** Counts how long dead clusters have had points that they should not have, by cluster, pool and gateway. */
class Evacuations {
  private readonly clocks = new Map<string, number>();
  private readonly measures: Measures;

  constructor(measures: Measures) {
    this.measures = measures;
  }

  get isIdle(): boolean {
    return this.clocks.size === 0;
  }

  /** Returns what is wrong there, if anything. */
  look(fleet: Fleet, { facts, mustGo, pool, gate }: Place): string[] {
    const key = `${facts.uid} ${pool.key} ${gate.name}`;
    const percent = percentOf(gate.applied, pool.key, facts.name);
    const before = this.clocks.get(key);
    if (!mustGo || percent === 0 || !hasLivingMember(fleet, pool, facts.name)) {
      if (mustGo && percent === 0 && before !== undefined) this.measures.evacuations.push(Math.max(0, before));
      this.clocks.delete(key);
      return [];
    }
    const bound = boundSeconds(fleet, gate);
    const seconds = nextSeconds(fleet, gate, before ?? 0, bound);
    this.clocks.set(key, seconds);
    if (seconds <= bound) return [];
    this.measures.lostBeyondBound += percent;
    return [
      `${facts.name} has been dead for ${seconds} s (bound ${bound} s), and ${gate.name} sends it ${percent} % of ${pool.key}`,
    ];
  }
}

/**
 * The bound counts from when the majority sees the failure: one round, and a push that has to wait for the one before
 * it.
 */
function boundSeconds({ declared }: Fleet, { latencySeconds }: Gateway): number {
  const { intervalSeconds, timeoutSeconds } = declared.policy.health;
  return intervalSeconds + timeoutSeconds + pushSeconds(latencySeconds);
}

function pushSeconds(latencySeconds: number): number {
  return 2 * latencySeconds + 2;
}

/** The clock stands while nobody can write; then there is time for one more push. */
function nextSeconds(fleet: Fleet, gate: Gateway, seconds: number, bound: number): number {
  if (faultsOf(gate, fleet.active).has('tamper')) return Math.min(seconds, bound - SWEEP_SECONDS - RETRY_SECONDS);
  const isOpen = takesWrites(gate, fleet.active) && !fleet.has('stall', 'refuse', 'crash');
  return isOpen ? seconds + 1 : Math.min(seconds, bound - pushSeconds(gate.latencySeconds) - RETRY_SECONDS);
}

function hasLivingMember({ chronicle, book, tick }: Fleet, { members }: Pool, name: string): boolean {
  return members.some(({ cluster, weight }) => {
    const life = chronicle.of(cluster);
    if (life === undefined || cluster === name || weight === 0) return false;
    return life.isLiving && !book.isIsolated(cluster) && !hasFallen(life, tick);
  });
}

/**
 * Tells whether something that people have declared or asked for keeps traffic on a dead cluster. Data gates would as
 * well, but no fleet of the simulator declares one.
 */
function isExcused(fleet: Fleet, facts: ClusterFacts, life: Life): boolean {
  const { declared, book, tick } = fleet;
  const { policy } = declared;
  if (policy.automation !== 'automatic') return true;
  if (isGated(declared.policy, facts.name)) return true;
  if (book.isTrusted(facts.name, tick)) return true;
  const isResumed = book.isResumed(facts.name, life.failingSinceTick);
  return !isResumed && (isCapped(fleet, facts.name) || fleet.chronicle.isAskedFor(tick, facts, declared));
}

/**
 * Tells whether `maxRemoved` keeps the cluster in: as many others as may be taken out within the window have failed
 * within it, or may have been taken out later than that.
 */
function isCapped({ declared, chronicle, book, tick }: Fleet, name: string): boolean {
  const { maxRemoved } = declared.policy.safety;
  if (maxRemoved === undefined || book.isSetAside('max-removed')) return false;
  const others = declared.clusters.filter((item) => {
    const { failuresTick = [], removalsTick = [] } = chronicle.of(item.name) ?? {};
    const lastTick = Math.max(Number.NEGATIVE_INFINITY, ...failuresTick.slice(-1), ...removalsTick.slice(-1));
    return item.name !== name && tick - lastTick <= maxRemoved.windowSeconds + 2;
  });
  const gone = chronicle.goneRemovalsTick.filter((removedTick) => tick - removedTick <= maxRemoved.windowSeconds + 2);
  return others.length + gone.length >= mostRemoved(maxRemoved, declared.clusters.length);
}
