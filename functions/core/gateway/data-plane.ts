/**
 * Records of requests sent through a gateway. That a gateway has the declared configuration does not prove
 * that a client gets an answer, so the two are reported separately.
 */

import type { Condition } from '../../../schemas/common.ts';
import type { ReasonArguments, ReasonCode } from '../../../schemas/reasons.ts';
import { digest } from '../model/digest.ts';
import type { Resource } from '../model/resource.ts';
import { isoOf } from '../model/time.ts';
import type { Reading } from './reading.ts';

/** The last request through a gateway. */
export interface DataPlaneRecord {
  /** The uid of the gateway. A gateway that is deleted and declared again starts without a record. */
  uid: string;
  /** Digest of the declared check. */
  check: string;
  /** The traffic version that the gateway was last read to follow before the request. */
  trafficVersion: number;
  atMs: number;
  /** The time since which requests have ended with this outcome, in epoch milliseconds. */
  sinceMs: number;
  /** `unsent` means that the request was not sent, because its destination must not be called. */
  outcome: 'ok' | 'fail' | 'unsent';
  detail: string;
  latencyMs: number;
}

/** The result of a request. */
export type DataPlaneOutcome = Pick<DataPlaneRecord, 'outcome' | 'detail' | 'latencyMs'>;

/**
 * Tells whether a request is to be sent now: the gateway was read to follow its traffic, and the last request is out of
 * date or did not succeed.
 */
export function isCheckDue(
  gateway: Resource<'gateway'>,
  reading: Reading | undefined,
  record: DataPlaneRecord | undefined,
  nowMs: number,
): boolean {
  if (gateway.spec.dataPlaneCheck === undefined || reading === undefined || !followsTraffic(reading)) return false;
  if (record === undefined || !isCurrent(gateway, reading, record)) return true;
  return record.outcome !== 'ok' && Math.abs(nowMs - record.atMs) >= AGAIN_MS;
}

/** A request that failed is sent again after so long at the earliest, however many processes look. */
const AGAIN_MS = 10_000;

function followsTraffic({ poolsReadAt, readAt, failure, deviations }: Reading): boolean {
  const isRead = (poolsReadAt ?? readAt) !== undefined && failure === undefined;
  return isRead && !deviations.some(({ isPoints, reason }) => isPoints && reason !== 'Adopted');
}

/**
 * Tells whether the last request belongs to this gateway and to the check as it is declared, and was sent after the
 * last change of the gateway's traffic.
 */
function isCurrent({ uid, spec }: Resource<'gateway'>, reading: Reading, record: DataPlaneRecord | undefined): boolean {
  if (record?.uid !== uid || record.check !== digest(spec.dataPlaneCheck)) return false;
  return record.trafficVersion >= reading.trafficVersion;
}

/** Returns the record after a request that began after `reading`. */
export function afterRequest(
  { uid, spec }: Resource<'gateway'>,
  { trafficVersion }: Reading,
  outcome: DataPlaneOutcome,
  { before, nowMs }: { before: DataPlaneRecord | undefined; nowMs: number },
): DataPlaneRecord {
  const goesOn = before?.uid === uid && before.outcome === outcome.outcome;
  const sinceMs = goesOn ? before.sinceMs : nowMs;
  return { uid, check: digest(spec.dataPlaneCheck), trafficVersion, atMs: nowMs, sinceMs, ...outcome };
}

/** The state of the condition that clients get an answer through the gateway, and its evidence. */
export interface DataPlaneState {
  status: Condition['status'];
  reason: Extract<ReasonCode, 'Observed' | 'NotObserved' | 'NotObservedYet' | 'RequestNotSent'>;
  arguments: ReasonArguments;
  /** The time since which the state has held. */
  at: string;
  /** The time at which the request was sent. */
  observedAt?: string | undefined;
}

/** Returns the state of a gateway; undefined when it declares no data plane check. */
export function observedAt(
  gateway: Resource<'gateway'>,
  reading: Reading | undefined,
  record: DataPlaneRecord | undefined,
): DataPlaneState | undefined {
  if (gateway.spec.dataPlaneCheck === undefined) return undefined;
  if (reading === undefined || record === undefined || !isCurrent(gateway, reading, record)) {
    const at = reading?.poolsReadAt ?? reading?.readAt ?? gateway.updatedAt;
    return { status: 'Unknown', reason: 'NotObservedYet', arguments: {}, at };
  }
  const { outcome, detail, atMs, sinceMs } = record;
  const sentAt = isoOf(atMs);
  return { ...SEEN[outcome], arguments: { sentAt, detail }, at: isoOf(sinceMs), observedAt: sentAt };
}

const SEEN: Record<DataPlaneRecord['outcome'], Pick<DataPlaneState, 'status' | 'reason'>> = {
  ok: { status: 'True', reason: 'Observed' },
  fail: { status: 'False', reason: 'NotObserved' },
  unsent: { status: 'Unknown', reason: 'RequestNotSent' },
};
