/** Builds the events in the log of a fleet, and the operations that have gateways follow. */

import type { AuditEvent } from '../../../schemas/audit.ts';
import type { Operation } from '../../../schemas/operation.ts';
import { changesBetween } from './diff.ts';
import type { Resource } from './resource.ts';

/** Whoever asks for something, in which request and why. */
export interface Author {
  actor: string;
  requestId: string;
  reason?: string | undefined;
}

/** The time of a write, and a number of its own for what is written then. */
export interface Stamp {
  at: string;
  ulid: string;
}

/** A change of one resource. `before` is what an update replaces; of a delete, `resource` is the last state. */
export interface Write {
  verb: 'create' | 'update' | 'delete';
  resource: Resource;
  before?: Resource | undefined;
}

type Told = Pick<AuditEvent, 'action' | 'target'> &
  Partial<Pick<AuditEvent, 'before' | 'after' | 'changes' | 'changeCount'>>;

/** An event that changes no revision unless it says so. */
export function auditEvent(author: Author, { at, ulid }: Stamp, told: Told): AuditEvent {
  return { id: `aud_${ulid}`, at, before: 0, after: 0, changes: [], changeCount: 0, ...told, ...origin(author) };
}

/** The event of a change of one resource. */
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

/** The operation of a change that these gateways have to follow. */
export function pushOperation(author: Author, { at, ulid }: Stamp, pushed: Pushed) {
  return { id: `opn_${ulid}`, createdAt: at, ...pushed, ...origin(author) };
}

function origin({ actor, requestId, reason }: Author): Author {
  return { actor, requestId, ...(reason !== undefined && { reason }) };
}
