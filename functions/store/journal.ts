/**
 * Writes that are part of every change: the audit event, the rows that gateways have to apply, and the operation
 * that the change belongs to.
 */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { OperationRecord, OutboxRequest } from '../deps.ts';
import { ABSENT, type ItemWrite, put, update } from './items.ts';
import { auditKey, operationKey, outboxKey, waitingKey } from './keys.ts';
import { bodyOf, itemOf } from './record-type.ts';
import { auditRecord, operationRecord, outboxRecord, waitingRecord } from './records/gateways.ts';

/** The seconds for which operations and their outcomes are kept. */
const TTL_SECONDS = 30 * 24 * 3600;

export function auditWrite(fleet: string, audit: AuditEvent): ItemWrite {
  return put(itemOf(auditRecord, auditKey(fleet, audit.id), audit), ABSENT);
}

/**
 * Returns the writes of an outbox row and of the operation that waits for it. The row replaces an earlier one, because
 * the gateway has to apply the latest state only. The operation waits beside earlier ones.
 */
export function outboxWrites({ operation, ...request }: OutboxRequest): ItemWrite[] {
  const { fleet, gateway, kind, name, revision, requestedAt } = request;
  const record = { fleet, gateway, kind, name, revision, requestedAt };
  const set =
    'SET #revision = :revision, #requestedAt = :requestedAt, #since = if_not_exists(#since, :requestedAt), #body = :body, #v = :v';
  const values = { revision, requestedAt, ...bodyOf(outboxRecord, record) };
  if (operation === undefined) return [update(outboxKey(record), `${set} REMOVE #operation`, undefined, values)];
  const waiting = { ...record, operation };
  return [
    update(outboxKey(record), `${set}, #operation = :operation`, undefined, { ...values, operation }),
    put(itemOf(waitingRecord, waitingKey(waiting), waiting, { ttl: expiry(requestedAt) })),
  ];
}

export function operationWrite(operation: OperationRecord): ItemWrite {
  const { fleet, id, createdAt } = operation;
  return put(itemOf(operationRecord, operationKey(fleet, id), operation, { ttl: expiry(createdAt) }), ABSENT);
}

/** Returns the time after which DynamoDB may delete what belongs to an operation, in seconds since the epoch. */
export function expiry(at: string): number {
  return Math.floor(Date.parse(at) / 1000) + TTL_SECONDS;
}
