/** The truth about clusters above their capacity. */

import type { Pool } from '../../../functions/core/model/ir.ts';
import { hasFallen, isGated } from '../chronicle.ts';
import type { Fleet } from '../fleet.ts';
import { percentOf } from '../gateway.ts';
import type { DecisionEntry, Truth } from '../history.ts';
import { loadsBy } from './healthy.ts';

const TOLERANCE = 1e-6;
/** Above this part of their capacity clusters are relieved by members that only dwell. */
const HOT_PART = 1.1;

/**
 * No living member is above its capacity by a whole point while a chain of living, unlimited members has room for one
 * at each hop; nor above 110 % while members that only dwell have room.
 */
export function noAvoidableOverload(): Truth {
  return {
    name: 'noAvoidableOverload',
    decided: (entry) => {
      const { fleet } = entry;
      const { automation, safety } = fleet.declared.policy;
      const isGatedAnywhere = safety.gates.some(({ open }) => !open);
      if (automation !== 'automatic' || isGatedAnywhere) return undefined;
      const loads = new Loads(entry);
      for (const { name } of fleet.declared.clusters) {
        const detail = fleet.chronicle.of(name)?.isLiving ? loads.avoidableOverloadAt(name) : undefined;
        if (detail) return detail;
      }
      return undefined;
    },
  };
}

/** Loads and room after a decision. */
class Loads {
  private readonly fleet: Fleet;
  private readonly after: DecisionEntry['after'];
  private readonly loads: ReadonlyMap<string, number>;
  private readonly pools: readonly Pool[];

  constructor({ fleet, after }: DecisionEntry) {
    this.fleet = fleet;
    this.after = after;
    this.loads = loadsBy(fleet, after);
    this.pools = fleet.declared.pools.filter(({ pinned, load = 0 }) => !pinned && load > 0);
  }

  avoidableOverloadAt(name: string): string | undefined {
    const [load, capacity] = [this.loads.get(name) ?? 0, this.capacityOf(name)];
    for (const pool of this.givenTo(name)) {
      const point = pointOf(this.fleet, pool);
      if (load < capacity + point - TOLERANCE) continue;
      const taker = pool.members.find(
        (member) => this.mayTake(member) && this.takes(member.cluster, point, new Set([name])),
      );
      if (taker) return `${name} has ${load} of ${capacity}/s, and ${taker.cluster} could take a point of ${pool.key}`;
      const dweller =
        load > capacity * HOT_PART + point ? pool.members.find((member) => this.mayDwell(member)) : undefined;
      if (dweller && dweller.cluster !== name && this.hasRoom(dweller.cluster, point))
        return `${name} has ${load} of ${capacity}/s, and ${dweller.cluster}, which only dwells, could take a point of ${pool.key}`;
    }
    return undefined;
  }

  /** Tells whether the cluster has room for the point, or can pass another one on to a cluster that has. */
  private takes(name: string, point: number, passed: ReadonlySet<string>): boolean {
    if (passed.has(name)) return false;
    if (this.hasRoom(name, point)) return true;
    const [load, capacity] = [this.loads.get(name) ?? 0, this.capacityOf(name)];
    return this.givenTo(name).some((pool) => {
      const gives = pointOf(this.fleet, pool);
      const isEven = gives >= point || load + point - gives <= capacity;
      const reached = new Set([...passed, name]);
      return (
        isEven && pool.members.some((member) => this.mayTake(member) && this.takes(member.cluster, gives, reached))
      );
    });
  }

  private hasRoom(name: string, point: number): boolean {
    return (this.loads.get(name) ?? 0) + point <= this.capacityOf(name);
  }

  private givenTo(name: string): Pool[] {
    return this.pools.filter(({ key }) => percentOf(this.after, key, name) > 0);
  }

  private capacityOf(name: string): number {
    return this.fleet.declared.clusters.find((item) => item.name === name)?.capacity ?? Number.POSITIVE_INFINITY;
  }

  private mayTake({ cluster, weight }: Pool['members'][number]): boolean {
    return weight > 0 && this.fleet.isSpotless(cluster);
  }

  /** Tells whether the cluster is well, and nothing but time can hold it back. */
  private mayDwell({ cluster, weight }: Pool['members'][number]): boolean {
    const { chronicle, declared, book, tick } = this.fleet;
    const life = chronicle.of(cluster);
    const { failback, freezeWindows } = declared.policy.failover;
    if (weight === 0 || !life?.isLiving || failback.mode === 'manual' || freezeWindows.length > 0) return false;
    const isTouched = life.touchedTick > Number.NEGATIVE_INFINITY || book.isHandled(cluster);
    return !isTouched && !isGated(this.fleet.declared.policy, cluster) && !hasFallen(life, tick);
  }
}

/** The load of one point: pools that are declared alike move together. */
function pointOf({ declared }: Fleet, { key }: Pool): number {
  return (declared.placementOf.get(key)?.load ?? 0) / 100;
}
