/** A gateway as the status of its fleet shows it: what was read of it, and how long ago. */

import type { GatewayTarget } from '../../../schemas/gateway.ts';
import { type ReasonArguments, type ReasonCode, sentenceOf } from '../../../schemas/reasons.ts';
import type { StatusGateway } from '../../../schemas/status.ts';
import type { DataPlaneState } from '../gateway/data-plane.ts';
import type { Reading } from '../gateway/reading.ts';
import type { ConditionState } from '../gateway/status.ts';
import { msOf } from '../model/time.ts';

/** A gateway, and what is known about it. */
export interface GatewayStatusInput {
  gateway: string;
  provider: GatewayTarget['provider'];
  reading: Reading | undefined;
  /** The states after its last reading: whether its objects exist, and whether clusters have their points. */
  states: readonly ConditionState[];
  /** The result of a test request through it. */
  observed: DataPlaneState | undefined;
}

export function gatewayStatus(input: GatewayStatusInput, nowMs: number): StatusGateway {
  const { gateway, provider, reading, states, observed } = input;
  const missing = states.filter(({ status }) => status !== 'True');
  const told = missing.map(({ reason, arguments: given, at }) => faultOf(reason, given, at));
  const faults = new Map([...told, ...unreadable(reading)].map((fault) => [fault.reason, fault]));
  return {
    gateway,
    provider,
    isFollowing: faults.size === 0,
    ...ageOf(reading?.readAt, nowMs),
    faults: [...faults.values()],
    ...(observed && { observed: observedOf(observed) }),
  };
}

function faultOf(reason: ReasonCode, given: ReasonArguments, since: string): StatusGateway['faults'][number] {
  return { reason, message: sentenceOf(reason, given), since };
}

function observedOf({ status, reason, arguments: given, at, observedAt }: DataPlaneState): StatusGateway['observed'] {
  const observed = { status, reason, message: sentenceOf(reason, given), since: at };
  return { ...observed, ...(observedAt !== undefined && { observedAt }) };
}

/**
 * Returns the fault of a gateway that cannot be read. The states alone may not show it, since they report waiting
 * changes first.
 */
function unreadable(reading: Reading | undefined): StatusGateway['faults'] {
  if (reading?.failure === undefined) return [];
  const { since, action, code } = reading.failure;
  const given = { since, action, code, ...(reading.readAt !== undefined && { readAt: reading.readAt }) };
  return [faultOf('NotReadable', given, since)];
}

/** Returns the time of a reading and its age in seconds; empty when nothing was read. */
export function ageOf(readAt: string | undefined, nowMs: number): { readAt?: string; ageSeconds?: number } {
  if (readAt === undefined) return {};
  return { readAt, ageSeconds: Math.max(0, Math.floor((nowMs - msOf(readAt)) / 1000)) };
}
