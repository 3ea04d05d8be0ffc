import type { Share } from '../../functions/core/ir.ts';
import { noise } from './prng.ts';

/** By key of the pool. */
export type Programmed = Record<string, Share[]>;

/** A gateway, and what the control plane knows of it; plain data. */
export interface Gateway {
  name: string;
  /** What it really does. */
  applied: Programmed;
  /** Version of the last request that it has taken. */
  seen: number;
  /** From then on reads show it. */
  visibleAt: number;
  /** Version that it was last verified to follow; -1: it has to be looked at. */
  verified: number;
  verifiedAtTick: number;
  nextAttemptAt: number;
  /** What it was asked for last. */
  pushed: number;
  calls: number;
}

export interface Order {
  version: number;
  programmed: Programmed;
}

export type GatewayFault = 'throttle' | 'unanswered' | 'partial' | 'eventual';

export function gateway(name: string): Gateway {
  return {
    name,
    applied: {},
    seen: 0,
    visibleAt: 0,
    verified: -1,
    verifiedAtTick: 0,
    nextAttemptAt: 0,
    pushed: -1,
    calls: 0,
  };
}

/** One second of work at a gateway: push what is not there, or read back what was pushed; true once it is verified anew. */
export function follow(gate: Gateway, order: Order, tick: number, faults: ReadonlySet<string>, salt: number): boolean {
  if (gate.verified === order.version || tick < gate.nextAttemptAt) return false;
  gate.calls++;
  if (gate.pushed === order.version && tick >= gate.visibleAt && isSame(gate.applied, order.programmed)) {
    gate.verified = order.version;
    gate.verifiedAtTick = tick;
    return true;
  }
  if (gate.pushed === order.version && tick < gate.visibleAt) return false;
  push(gate, order, tick, faults, salt);
  return false;
}

function push(gate: Gateway, order: Order, tick: number, faults: ReadonlySet<string>, salt: number): void {
  if (faults.has('throttle') && noise(salt, tick, 1) < 0.8) {
    gate.nextAttemptAt = tick + 1 + Math.floor(noise(salt, tick, 2) * 4);
    return;
  }
  gate.seen = order.version;
  if (faults.has('partial')) {
    for (const [index, [key, shares]] of Object.entries(order.programmed).entries()) {
      if (noise(salt, tick, index) < 0.5) gate.applied[key] = shares;
    }
    gate.nextAttemptAt = tick + 1;
    return;
  }
  gate.applied = structuredClone(order.programmed);
  if (faults.has('unanswered')) {
    gate.nextAttemptAt = tick + 3;
    return;
  }
  gate.pushed = order.version;
  gate.visibleAt = faults.has('eventual') ? tick + 1 + Math.floor(noise(salt, tick, 3) * 8) : tick + 1;
}

/** The regular comparison with what is wanted: a gateway that somebody else has changed is no longer verified. */
export function sweep(gate: Gateway, order: Order): void {
  if (gate.verified !== order.version || isSame(gate.applied, order.programmed)) return;
  gate.verified = -1;
  gate.pushed = -1;
}

export function isSame(a: Programmed, b: Programmed): boolean {
  return JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());
}
