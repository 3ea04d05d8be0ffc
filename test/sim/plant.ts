/** Plants faults: in the tables that the product uses, or in its input. */

import { RELAXED, STAGES, type Stage } from '../../functions/core/allocation/stages.ts';
import type { LimitReason } from '../../functions/core/allocation/types.ts';
import type { DecisionInput } from '../../functions/core/failover/decision-input.ts';
import type { Traffic } from '../../functions/core/failover/traffic.ts';
import type { Policy } from '../../functions/core/model/fleet-facts.ts';
import type { Observation } from '../../schemas/cluster.ts';
import { PRODUCT, type Product, unknownHealth } from './product.ts';

export interface Fault {
  /**
   * The broken part of the product: a cell, a rule, a key of the policy, a reason, a stage, or something else that it
   * uses.
   */
  breaks: string;
  name: string;
  /** Breaks the product, and returns it with what repairs it. */
  plant: () => Planted;
}

export interface Planted {
  product: Product;
  repair: () => void;
}

const NOTHING = () => {};

/** Replaces functions of the product; they are made anew for each run, since they may remember. */
export function exchanged(breaks: string, name: string, make: () => Partial<Product>): Fault {
  return { breaks, name, plant: () => ({ product: { ...PRODUCT, ...make() }, repair: NOTHING }) };
}

/** Changes the situation that the decision is taken upon. */
export function given(breaks: string, name: string, see: (input: DecisionInput) => DecisionInput): Fault {
  return exchanged(breaks, name, () => ({ decide: (input) => PRODUCT.decide(see(input)) }));
}

/** Changes the state that the decision is taken upon. */
export function remembered(breaks: string, name: string, see: (traffic: Traffic) => Partial<Traffic>): Fault {
  return given(breaks, name, (input) => {
    return { ...input, traffic: { ...input.traffic, ...see(input.traffic) } };
  });
}

/** Changes the policy by which the decision is taken. */
export function blinded(breaks: string, name: string, see: (policy: Policy) => Partial<Policy>): Fault {
  return given(breaks, name, (input) => {
    return { ...input, policy: { ...input.policy, ...see(input.policy) } };
  });
}

/** Changes the policy by which observations become votes. */
export function watched(breaks: string, name: string, changes: Partial<Policy['health']>): Fault {
  const withObservation: Product['withObservation'] = (record, observation, { policy, voters }, nowMs) =>
    PRODUCT.withObservation(record, observation, { policy: { ...policy, ...changes }, voters }, nowMs);
  return exchanged(breaks, name, () => ({ withObservation }));
}

/** Changes observations before they are taken. */
export function seen(breaks: string, name: string, see: (observation: Observation) => Observation): Fault {
  const withObservation: Product['withObservation'] = (record, observation, watch, nowMs) =>
    PRODUCT.withObservation(record, see(observation), watch, nowMs);
  return exchanged(breaks, name, () => ({ withObservation }));
}

/** Begins health anew whenever the policy changes. */
export function forgetful(breaks: string, name: string): Fault {
  return exchanged(breaks, name, () => {
    const known = new Map<string, string>();
    const withObservation: Product['withObservation'] = (record, observation, watch, nowMs) => {
      const policy = JSON.stringify(watch);
      const isEdited = known.get(record.uid) !== policy;
      known.set(record.uid, policy);
      const { fleet, cluster, uid, version } = record;
      const fresh = { ...unknownHealth(fleet, cluster, uid, nowMs), version };
      return PRODUCT.withObservation(isEdited ? fresh : record, observation, watch, nowMs);
    };
    return { withObservation };
  });
}

/** Replaces an entry of one of the product's tables. */
export function replaced<T extends object, K extends keyof T>(
  breaks: string,
  name: string,
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
  return { breaks, name, plant };
}

/** Replaces a stage of the allocation. */
export function replacedStage(name: string, stage: string, changes: Partial<Stage>): Fault {
  const index = STAGES.findIndex((item) => item.name === stage);
  const list = STAGES as Stage[];
  const before = list[index];
  if (before === undefined) throw new Error(`there is no stage ${stage}`);
  return replaced(`stage ${stage}`, name, [list, index], { ...before, ...changes });
}

type Sets = readonly ReadonlySet<LimitReason>[];

/** Changes the reasons that give way after each stage. */
export function stages(breaks: string, name: string, change: (sets: Sets) => Sets): Fault {
  const list = RELAXED as ReadonlySet<LimitReason>[];
  const plant = () => {
    const before = [...list];
    list.splice(0, list.length, ...change(before));
    return { product: PRODUCT, repair: () => void list.splice(0, list.length, ...before) };
  };
  return { breaks, name, plant };
}

/** Keeps the reason from ever giving way. */
export function keepsReason(reason: LimitReason): Fault {
  return stages(`reason ${reason}`, `the reason ${reason} never gives way`, (sets) =>
    sets.map((set) => new Set([...set].filter((item) => item !== reason))),
  );
}

/** Makes the reason give way before all others. */
export function ignoresReason(reason: LimitReason): Fault {
  return stages(`reason ${reason}`, `the reason ${reason} gives way before all others`, (sets) =>
    sets.map((set) => new Set([...set, reason])),
  );
}
