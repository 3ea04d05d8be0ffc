import type { AuditEvent, AuditQuery } from '../../schemas/audit.ts';
import type { Selection } from '../deps.ts';
import { type ListOf, selectionOf } from './selection.ts';

const auditList: ListOf<AuditEvent, AuditQuery> = {
  at: ({ at }) => at,
  filters: {
    actor: ({ actor }, asked) => actor === asked,
    action: ({ action }, asked) => action === asked,
    kind: ({ target }, asked) => target.kind === asked,
    name: ({ target }, asked) => target.name === asked,
    requestId: ({ requestId }, asked) => requestId === asked,
    clientRequestId: ({ clientRequestId }, asked) => clientRequestId === asked,
  },
};

/** Returns the selection of the audit events that somebody asks for, of a fleet or of the installation. */
export function auditsFor(query: AuditQuery): Selection<AuditEvent> {
  return selectionOf(auditList, query);
}
