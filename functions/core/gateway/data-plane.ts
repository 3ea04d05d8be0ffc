/**
 * What a request through a gateway has shown. That a change is verified is a fact about the configuration of a gateway; that a client gets an answer
 * is another one, and is told apart from it.
 */

import type { Condition } from '../../../schemas/common.ts';
import type { ReasonArguments, ReasonCode } from '../../../schemas/reasons.ts';
import { digest } from '../model/digest.ts';
import type { Resource } from '../model/resource.ts';
import { isoOf } from '../model/time.ts';
import type { Reading } from './reading.ts';

/** The last request through a gateway. */
export interface DataPlaneRecord {
  /** Of the gateway: one that is declared anew starts without a record. */
  uid: string;
  /** Digest of the declared check. */
  check: string;
  /** Version of the traffic that the gateway had been read to have. */
  trafficVersion: number;
  atMs: number;
  /** Since when requests end like this one. */
  sinceMs: number;
  /** unsent: where it leads must not be asked. */
  outcome: 'ok' | 'fail' | 'unsent';
  detail: string;
  latencyMs: number;
}

/** How a request ended. */
export type DataPlaneOutcome = Pick<DataPlaneRecord, 'outcome' | 'detail' | 'latencyMs'>;

/** Whether a request is to be sent now: the gateway was read to follow its traffic, and the last request came before that or failed. */
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

/** Whether the last request is one of this gateway, of the check as it is declared, after the last change of its traffic. */
function isCurrent({ uid, spec }: Resource<'gateway'>, reading: Reading, record: DataPlaneRecord | undefined): boolean {
  if (record?.uid !== uid || record.check !== digest(spec.dataPlaneCheck)) return false;
  return record.trafficVersion >= reading.trafficVersion;
}

/** The record after a request that was begun after `reading`. */
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

/** Whether a client gets an answer of a gateway, and how that is known. */
export interface DataPlaneVerdict {
  status: Condition['status'];
  reason: Extract<ReasonCode, 'Observed' | 'NotObserved' | 'NotObservedYet' | 'RequestNotSent'>;
  arguments: ReasonArguments;
  /** Since when it is so. */
  at: string;
  /** When the request was sent. */
  observedAt?: string | undefined;
}

/** Undefined where no request is declared. */
export function observedAt(
  gateway: Resource<'gateway'>,
  reading: Reading | undefined,
  record: DataPlaneRecord | undefined,
): DataPlaneVerdict | undefined {
  if (gateway.spec.dataPlaneCheck === undefined) return undefined;
  if (reading === undefined || record === undefined || !isCurrent(gateway, reading, record)) {
    const at = reading?.poolsReadAt ?? reading?.readAt ?? gateway.updatedAt;
    return { status: 'Unknown', reason: 'NotObservedYet', arguments: {}, at };
  }
  const { outcome, detail, atMs, sinceMs } = record;
  const sentAt = isoOf(atMs);
  return { ...SEEN[outcome], arguments: { sentAt, detail }, at: isoOf(sinceMs), observedAt: sentAt };
}

const SEEN: Record<DataPlaneRecord['outcome'], Pick<DataPlaneVerdict, 'status' | 'reason'>> = {
  ok: { status: 'True', reason: 'Observed' },
  fail: { status: 'False', reason: 'NotObserved' },
  unsent: { status: 'Unknown', reason: 'RequestNotSent' },
};
