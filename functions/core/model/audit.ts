/** Builders of the events in a fleet's audit log, and of the operations that gateways have to follow. */

import type { AuditEvent } from '../../../schemas/audit.ts';
import type { Operation } from '../../../schemas/operation.ts';
import { changesBetween } from './diff.ts';
import type { Resource } from './resource.ts';

/** The actor who asks for something, the request that asks for it, and the reason given. */
export interface Author {
  actor: string;
  requestId: string;
  reason?: string | undefined;
}

/** The time of a write, and the ULID from which the ids of the event and the operation of that write are made. */
export interface Stamp {
  at: string;
  ulid: string;
}

/**
 * A change of one resource. For a delete, `resource` is the last state; for an update, `before` is the state replaced.
 */
export interface Write {
  verb: 'create' | 'update' | 'delete';
  resource: Resource;
  before?: Resource | undefined;
}

type EventParts = Pick<AuditEvent, 'action' | 'target'> &
  Partial<Pick<AuditEvent, 'before' | 'after' | 'changes' | 'changeCount'>>;

/** Builds an event. Revisions default to 0 and changes to none, unless `told` sets them. */
export function auditEvent(author: Author, { at, ulid }: Stamp, told: EventParts): AuditEvent {
  return { id: `aud_${ulid}`, at, before: 0, after: 0, changes: [], changeCount: 0, ...told, ...origin(author) };
}

/** Builds the event that records a change of one resource. */
export function writeEvent(author: Author, stamp: Stamp, { verb, resource, before }: Write): AuditEvent {
  const { kind, fleet, name, revision, spec } = resource;
  const isDelete = verb === 'delete';
  return auditEvent(author, stamp, {
    action: `${kind}.${verb}`,
    target: { kind, fleet, name },
    before: isDelete ? revision : revision - 1,
    after: isDelete ? 0 : revision,
    ...changesBetween(isDelete ? spec : (before?.spec ?? {}), isDelete ? {} : spec),
  });
}

type Pushed = Pick<Operation, 'fleet' | 'action' | 'target'> & { gateways: string[] };

/** Builds the operation that tracks a change which the given gateways have to follow. */
export function pushOperation(author: Author, { at, ulid }: Stamp, pushed: Pushed) {
  return { id: `opn_${ulid}`, createdAt: at, ...pushed, ...origin(author) };
}

function origin({ actor, requestId, reason }: Author): Author {
  return { actor, requestId, ...(reason !== undefined && { reason }) };
}
