/** Faults of the product that are planted on purpose, and the truths that have to find them. */

import type { Situation } from '../../functions/core/failover/situation.ts';
import { ORDERS, TRANSITIONS } from '../../functions/core/failover/standing.ts';
import { PRODUCT, type Product } from './product.ts';

export interface Fault {
  name: string;
  /** Any of them. */
  foundBy: readonly string[];
  /** Breaks the product, and returns it with what repairs it. */
  plant: () => { product: Product; repair: () => void };
}

const NOTHING = () => {};

/** The decision sees the situation otherwise than it is. */
function blinded(name: string, foundBy: readonly string[], see: (situation: Situation) => Situation): Fault {
  const product: Product = { ...PRODUCT, decide: (situation) => PRODUCT.decide(see(situation)) };
  return { name, foundBy, plant: () => ({ product, repair: NOTHING }) };
}

/** An entry of one of the product's tables is another one. */
function replaced<T extends object, K extends keyof T>(
  name: string,
  foundBy: readonly string[],
  [table, key]: readonly [T, K],
  value: T[K],
): Fault {
  return {
    name,
    foundBy,
    plant: () => {
      const before = table[key];
      table[key] = value;
      const repair = () => {
        table[key] = before;
      };
      return { product: PRODUCT, repair };
    },
  };
}

const stays = TRANSITIONS.up.healthy;

export const FAULTS: readonly Fault[] = [
  replaced('a cluster that fails stays up', ['deadAreLeft'], [TRANSITIONS.up, 'unhealthy'], stays),
  replaced('a cluster that has recovered stays down', ['comesToRest'], [TRANSITIONS.down, 'healthy'], stays),
  replaced('a held cluster that fails stays held', ['deadAreLeft'], [TRANSITIONS.held, 'unhealthy'], stays),
  replaced('nobody can restore a cluster', ['comesToRest'], [ORDERS.restore, 'held'], undefined),
  blinded('a failover waits for people', ['deadAreLeft'], (situation) => ({
    ...situation,
    policy: { ...situation.policy, automation: 'recommend' },
  })),
];
