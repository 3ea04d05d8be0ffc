import * as z from 'zod';
import { AuditEvent, AuditEventPage, AuditQuery } from '../../../schemas/audit.ts';
import { Revision, RevisionPage, RevisionQuery, RollbackInput } from '../../../schemas/revision.ts';
import { getRevision, listRevisions } from '../../commands/read/history.ts';
import { getAuditEvent, listAuditEvents } from '../../commands/read/ledger.ts';
import { rollBack } from '../../commands/write/rollback.ts';
import type { Kind } from '../../core/model/resource.ts';
import { defineEndpoint, NO_BODY, NO_QUERY, type Endpoint, type Reply } from '../http/endpoint.ts';
import { InFleet } from '../http/params.ts';
import { listOperation, readOperations } from '../http/reads.ts';
import {
  BODY_PROBLEMS,
  PRECONDITION_PROBLEMS,
  placeOf,
  type ResourceApi,
  refOf,
  writeReply,
  writeSuccesses,
} from './resources.ts';

const RevisionNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
  .meta({ examples: ['3'] });

/** Returns the endpoints of the history of a kind of resource. */
export function historyEndpoints<K extends Kind>(api: ResourceApi<K>): Endpoint[] {
  return [listRevisionsOperation(api.kind), getRevisionOperation(api.kind), rollbackOperation(api)];
}

function listRevisionsOperation(kind: Kind): Endpoint {
  const { title, tag, params, path } = placeOf(kind);
  return listOperation(
    { operationId: `list${title}Revisions`, tag, path: `${path}/revisions` },
    {
      params,
      summary: `List the revisions of a ${kind}`,
      description:
        'Lists the revisions of every resource that has had the name, including deleted ones. A page has at most 20.',
      page: RevisionPage,
      read: (ctx, names, page) => listRevisions(ctx, refOf(kind, names), page),
    },
  );
}

function getRevisionOperation(kind: Kind): Endpoint {
  const { title, tag, params, path } = placeOf(kind);
  return defineEndpoint({
    operationId: `get${title}Revision`,
    method: 'get',
    path: `${path}/revisions/{revision}`,
    tag,
    summary: `Get a revision of a ${kind}`,
    idempotency: 'safe',
    params: params.extend({ revision: RevisionNumber }),
    query: RevisionQuery,
    body: NO_BODY,
    successes: [{ status: 200, description: 'The revision.', schema: Revision }],
    problems: ['not-found'],
    handle: async (ctx, { params: names, query }): Promise<Reply> => {
      const revision = await getRevision(ctx, refOf(kind, names), Number(names['revision']), query.uid);
      return { status: 200, body: revision };
    },
  });
}

function rollbackOperation<K extends Kind>(api: ResourceApi<K>): Endpoint {
  const { title, tag, params, path } = placeOf(api.kind);
  return defineEndpoint({
    operationId: `rollback${title}`,
    method: 'post',
    path: `${path}/rollback`,
    tag,
    params,
    query: NO_QUERY,
    summary: `Roll a ${api.kind} back to a revision`,
    description:
      'Writes a new revision with the same checks and the same preconditions as PUT. A deleted resource is created again. Faults ' +
      'point into the declaration of the revision.',
    idempotency: 'idempotent',
    preconditions: ['If-Match', 'If-None-Match'],
    write: true,
    body: RollbackInput,
    successes: writeSuccesses(api),
    problems: [
      ...BODY_PROBLEMS,
      ...PRECONDITION_PROBLEMS,
      'not-found',
      'unknown-reference',
      'conflicting-declaration',
      'limit-exceeded',
      ...api.writeProblems,
    ],
    handle: async (ctx, { params: names, body, precondition }): Promise<Reply> => {
      const ref = refOf(api.kind, names);
      return writeReply(ref, await rollBack(ctx, ref, body, precondition));
    },
  });
}

const InAuditEvent = InFleet.extend({
  event: z
    .string()
    .regex(/^aud_[0-9A-HJKMNP-TV-Z]{26}$/, 'must be the id of an audit event')
    .meta({ examples: ['aud_01KAR2Z3V4W5X6Y7Z8A9B0C1D2'] }),
});

export const auditEndpoints: readonly Endpoint[] = readOperations({
  names: ['AuditEvent', 'AuditEvents'],
  tag: 'audit',
  path: '/v1/fleets/{fleet}/audit',
  member: 'event',
  list: {
    params: InFleet,
    summary: 'List audit events, which say who changed what and why',
    description:
      'All filters must hold. One answer looks at a bounded number of events: a page may be short, or empty, and still have a ' +
      'nextPageToken. Events stay when the fleet is deleted.',
    query: AuditQuery,
    page: AuditEventPage,
    read: (ctx, { fleet }, page, { pageSize: _, pageToken: __, ...filter }) =>
      listAuditEvents(ctx, fleet, page, filter),
  },
  get: {
    params: InAuditEvent,
    summary: 'Get an audit event',
    found: 'The event.',
    schema: AuditEvent,
    read: (ctx, { fleet, event }) => getAuditEvent(ctx, fleet, event),
  },
});
