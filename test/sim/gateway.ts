/** Simulates gateways, and what the control plane knows of them, as plain data. */

import type { Share } from '../../functions/core/model/ir.ts';
import type { FleetEvent } from './events.ts';
import { noise } from './prng.ts';

/** Shares by the key of the pool. */
export type Programmed = Record<string, Share[]>;

export interface Gateway {
  name: string;
  /** Seconds that it takes to follow a call. */
  latencySeconds: number;
  /** The shares that it really gives. */
  applied: Programmed;
  /** Version of the last order that it has taken. */
  seen: number;
  /** A call that is under way. */
  call?: { order: Order; untilTick: number; isAnswered: boolean } | undefined;
  /** Version of the last order that it has confirmed. */
  pushed: number;
  /** Reads show what it does from this tick on. */
  visibleAtTick: number;
  /** Version that it was last verified to follow; -1 means that it has to be looked at. */
  verified: number;
  verifiedAtTick: number;
  /** The shares that it was last read to give. */
  verifiedPoints: Programmed;
  /** Tick since which it does not follow. */
  behindSinceTick?: number | undefined;
  nextAttemptAtTick: number;
  calls: number;
}

export interface Order {
  version: number;
  programmed: Programmed;
}

export function gateway(name: string, latencySeconds: number): Gateway {
  return {
    ...{ name, latencySeconds, applied: {}, seen: 0, pushed: -1, visibleAtTick: 0, verified: -1, verifiedAtTick: 0 },
    ...{ verifiedPoints: {}, nextAttemptAtTick: 0, calls: 0 },
  };
}

/** The faults of one gateway now. */
export function faultsOf({ name }: Pick<Gateway, 'name'>, active: readonly FleetEvent[]): Set<FleetEvent['type']> {
  return new Set(active.flatMap((event) => ('gateways' in event && event.gateways.includes(name) ? [event.type] : [])));
}

const CLOSED = ['unreachable', 'unwritable', 'throttled', 'unanswered', 'partial', 'eventual'] as const;

/** Tells whether it takes writes, and shows them, as documented. */
export function takesWrites(gate: Pick<Gateway, 'name'>, active: readonly FleetEvent[]): boolean {
  const faults = faultsOf(gate, active);
  return CLOSED.every((fault) => !faults.has(fault));
}

/** One second of work at a gateway: push what is not there, or read back what was pushed. */
export function follow(gate: Gateway, order: Order, tick: number, faults: ReadonlySet<string>, salt: number): void {
  finishCall(gate, tick, faults, salt);
  if (gate.verified !== order.version) gate.behindSinceTick ??= tick;
  if (gate.verified === order.version || gate.call !== undefined || tick < gate.nextAttemptAtTick) return;
  gate.calls++;
  const isPushed = gate.pushed === order.version;
  if (faults.has('unreachable') || (!isPushed && faults.has('unwritable'))) return;
  if (isPushed) {
    if (tick >= gate.visibleAtTick) verify(gate, order, tick);
    return;
  }
  if (faults.has('throttled') && noise(salt, tick, 1) < 0.8) {
    gate.nextAttemptAtTick = tick + 1 + Math.floor(noise(salt, tick, 2) * 4);
    return;
  }
  gate.call = { order, untilTick: tick + gate.latencySeconds - 1, isAnswered: !faults.has('unanswered') };
  finishCall(gate, tick, faults, salt);
}

/** Puts the content of a call into force. */
function finishCall(gate: Gateway, tick: number, faults: ReadonlySet<string>, salt: number): void {
  const { call } = gate;
  if (call === undefined || tick < call.untilTick) return;
  gate.call = undefined;
  gate.seen = call.order.version;
  if (faults.has('partial')) {
    const taken = Object.entries(call.order.programmed).filter((_, index) => noise(salt, tick, index) < 0.5);
    gate.applied = { ...gate.applied, ...Object.fromEntries(taken) };
    gate.nextAttemptAtTick = tick + 1;
    return;
  }
  gate.applied = { ...call.order.programmed };
  if (!call.isAnswered) {
    gate.nextAttemptAtTick = tick + 3;
    return;
  }
  gate.pushed = call.order.version;
  gate.visibleAtTick = tick + 1 + (faults.has('eventual') ? Math.floor(noise(salt, tick, 3) * 8) : 0);
}

function verify(gate: Gateway, order: Order, tick: number): void {
  if (!isSame(gate.applied, order.programmed)) {
    gate.pushed = -1;
    return;
  }
  gate.verified = order.version;
  gate.verifiedAtTick = tick;
  gate.verifiedPoints = gate.applied;
  gate.behindSinceTick = undefined;
}

/** The regular comparison with what is wanted: a gateway that somebody else has changed is no longer verified. */
export function sweep(gate: Gateway, order: Order): void {
  if (gate.verified !== order.version || isSame(gate.applied, order.programmed)) return;
  gate.verified = -1;
  gate.pushed = -1;
}

export function isSame(a: Programmed, b: Programmed): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isSameShares(a[key], b[key]));
}

function isSameShares(a: readonly Share[] = [], b: readonly Share[] = []): boolean {
  if (a === b) return true;
  return (
    a.length === b.length &&
    a.every(({ cluster, percent }, index) => b[index]?.cluster === cluster && b[index]?.percent === percent)
  );
}

/** Returns the percentage that a cluster has of a pool. */
export function percentOf(programmed: Programmed, key: string, cluster: string): number {
  return programmed[key]?.find((share) => share.cluster === cluster)?.percent ?? 0;
}
