/** What is written together with every change: the event of the audit, what gateways have to follow, and the operation that it is. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { OperationRecord, OutboxRow } from '../deps.ts';
import { ABSENT, type Operation, put, update } from './items.ts';
import { auditKey, operationKey, outboxKey } from './keys.ts';
import { bodyOf, itemOf } from './record-type.ts';
import { auditRecord, operationRecord, outboxRecord } from './records/gateways.ts';

/** Of operations and their outcomes. */
const TTL_SECONDS = 30 * 24 * 3600;

export function auditOperation(fleet: string, audit: AuditEvent): Operation {
  return put(itemOf(auditRecord, auditKey(fleet, audit.id), audit), ABSENT);
}

/** Takes the place of the row that may wait there already, and its operations over: the gateway has to follow the latest state only. */
export function outboxOperation({ operations, ...row }: OutboxRow): Operation {
  const { revision, requestedAt } = row;
  const set = 'SET #revision = :revision, #requestedAt = :requestedAt, #body = :body, #v = :v';
  const values = { revision, requestedAt, ...bodyOf(outboxRecord, row) };
  if (operations.length === 0) return update(outboxKey(row), set, undefined, values);
  return update(outboxKey(row), `${set} ADD #operations :operations`, undefined, { ...values, operations });
}

export function operationOperation(operation: OperationRecord): Operation {
  const { fleet, id, createdAt } = operation;
  return put(itemOf(operationRecord, operationKey(fleet, id), operation, { ttl: expiry(createdAt) }), ABSENT);
}

/** When DynamoDB may delete what belongs to an operation, in seconds since the epoch. */
export function expiry(at: string): number {
  return Math.floor(Date.parse(at) / 1000) + TTL_SECONDS;
}
