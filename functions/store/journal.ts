/** What is written together with every change: the event of the audit, what gateways have to follow, and the operation that it is. */

import type { AuditEvent } from '../../schemas/audit.ts';
import type { OperationRecord, OutboxRequest } from '../deps.ts';
import { ABSENT, type Operation, put, update } from './items.ts';
import { auditKey, operationKey, outboxKey, waitingKey } from './keys.ts';
import { bodyOf, itemOf } from './record-type.ts';
import { auditRecord, operationRecord, outboxRecord, waitingRecord } from './records/gateways.ts';

/** Of operations and their outcomes. */
const TTL_SECONDS = 30 * 24 * 3600;

export function auditOperation(fleet: string, audit: AuditEvent): Operation {
  return put(itemOf(auditRecord, auditKey(fleet, audit.id), audit), ABSENT);
}

/**
 * The row, in the place of the one that may be there already, since the gateway has to follow the latest state only; and the operation,
 * which waits for it beside those that came before.
 */
export function outboxOperations({ operation, ...request }: OutboxRequest): Operation[] {
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

export function operationOperation(operation: OperationRecord): Operation {
  const { fleet, id, createdAt } = operation;
  return put(itemOf(operationRecord, operationKey(fleet, id), operation, { ttl: expiry(createdAt) }), ABSENT);
}

/** When DynamoDB may delete what belongs to an operation, in seconds since the epoch. */
export function expiry(at: string): number {
  return Math.floor(Date.parse(at) / 1000) + TTL_SECONDS;
}
