/** How faults are planted: in the tables that the product goes by, or in what it is told. */

import { RELAXED, STAGES, type Stage } from '../../functions/core/allocation/stages.ts';
import type { LimitReason } from '../../functions/core/allocation/types.ts';
import type { Policy, Situation } from '../../functions/core/failover/situation.ts';
import type { Observation } from '../../schemas/cluster.ts';
import { PRODUCT, type Product, unknownHealth } from './product.ts';

export interface Fault {
  name: string;
  /** The truths of which any has to find it. */
  foundBy: readonly string[];
  /** Breaks the product, and returns it with what repairs it. */
  plant: () => Planted;
}

export interface Planted {
  product: Product;
  repair: () => void;
}

const NOTHING = () => {};

/** The decision is taken upon another situation. */
export function given(name: string, foundBy: readonly string[], see: (situation: Situation) => Situation): Fault {
  const product: Product = { ...PRODUCT, decide: (situation) => PRODUCT.decide(see(situation)) };
  return { name, foundBy, plant: () => ({ product, repair: NOTHING }) };
}

/** The decision is taken by another policy. */
export function blinded(name: string, foundBy: readonly string[], see: (policy: Policy) => Partial<Policy>): Fault {
  return given(name, foundBy, (situation) => ({
    ...situation,
    policy: { ...situation.policy, ...see(situation.policy) },
  }));
}

/** Observations are taken for other ones. */
export function seen(name: string, foundBy: readonly string[], see: (observation: Observation) => Observation): Fault {
  const step: Product['step'] = (record, observation, watch, nowMs) =>
    PRODUCT.step(record, see(observation), watch, nowMs);
  return { name, foundBy, plant: () => ({ product: { ...PRODUCT, step }, repair: NOTHING }) };
}

/** Health begins anew whenever the policy is another one. */
export function forgetful(name: string, foundBy: readonly string[]): Fault {
  const plant = () => {
    const known = new Map<string, string>();
    const step: Product['step'] = (record, observation, watch, nowMs) => {
      const policy = JSON.stringify(watch);
      const isEdited = known.get(record.uid) !== policy;
      known.set(record.uid, policy);
      const { fleet, cluster, uid, version } = record;
      const fresh = { ...unknownHealth(fleet, cluster, uid, nowMs), version };
      return PRODUCT.step(isEdited ? fresh : record, observation, watch, nowMs);
    };
    return { product: { ...PRODUCT, step }, repair: NOTHING };
  };
  return { name, foundBy, plant };
}

/** An entry of one of the product's tables is another one. */
export function replaced<T extends object, K extends keyof T>(
  name: string,
  foundBy: readonly string[],
  [table, key]: readonly [T, K],
  value: T[K],
): Fault {
  const plant = () => {
    const before = table[key];
    table[key] = value;
    const repair = () => {
      table[key] = before;
    };
    return { product: PRODUCT, repair };
  };
  return { name, foundBy, plant };
}

/** A stage of the allocation is another one. */
export function replacedStage(name: string, foundBy: readonly string[], stage: string, changes: Partial<Stage>): Fault {
  const index = STAGES.findIndex((item) => item.name === stage);
  const list = STAGES as Stage[];
  const before = list[index];
  if (before === undefined) throw new Error(`there is no stage ${stage}`);
  return replaced(name, foundBy, [list, index], { ...before, ...changes });
}

type Sets = readonly ReadonlySet<LimitReason>[];

/** Other reasons give way after each stage. */
export function stages(name: string, foundBy: readonly string[], change: (sets: Sets) => Sets): Fault {
  const list = RELAXED as ReadonlySet<LimitReason>[];
  const plant = () => {
    const before = [...list];
    list.splice(0, list.length, ...change(before));
    return { product: PRODUCT, repair: () => void list.splice(0, list.length, ...before) };
  };
  return { name, foundBy, plant };
}

/** The reason never gives way. */
export function keepsReason(reason: LimitReason, foundBy: readonly string[]): Fault {
  return stages(`the reason ${reason} never gives way`, foundBy, (sets) =>
    sets.map((set) => new Set([...set].filter((item) => item !== reason))),
  );
}
