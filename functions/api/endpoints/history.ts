import * as z from 'zod';
import { AuditEvent, AuditEventPage, AuditQuery } from '../../../schemas/audit.ts';
import { Name, PageQuery } from '../../../schemas/common.ts';
import { Revision, RevisionPage, RevisionQuery, RollbackInput } from '../../../schemas/revision.ts';
import { getRevision, listRevisions } from '../../commands/read/history.ts';
import { getAuditEvent, listAuditEvents } from '../../commands/read/ledger.ts';
import { rollBack } from '../../commands/write/rollback.ts';
import type { Kind } from '../../core/model/resource.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, NO_BODY, NO_QUERY, type Endpoint, type Reply } from '../http/endpoint.ts';
import { pageReply, pageRequest } from '../http/page.ts';
import { AuditEventId, InFleet } from '../http/params.ts';
import {
  BODY_PROBLEMS,
  itemRow,
  PRECONDITION_PROBLEMS,
  type ResourceApi,
  writeReply,
  writeSuccesses,
} from './resources.ts';

const RevisionNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
  .meta({ examples: ['3'] });

/** Returns the endpoints of the history of a kind of resource. */
export function historyEndpoints<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(
  api: ResourceApi<K, C, P>,
): Endpoint[] {
  return [listRevisionsOperation(api), getRevisionOperation(api), rollbackOperation(api)];
}

function listRevisionsOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(
  api: ResourceApi<K, C, P>,
) {
  const row = itemRow(api);
  return defineEndpoint({
    ...row,
    operationId: `list${api.title}Revisions`,
    access: inFleet('read'),
    method: 'get',
    path: `${row.path}/revisions`,
    summary: `List the revisions of a ${api.kind}`,
    description:
      'Lists the revisions of every resource that has had the name, including deleted ones. A page has at most 20.',
    idempotency: 'safe',
    query: PageQuery,
    body: NO_BODY,
    successes: [{ status: 200, description: 'One page, newest first.', schema: RevisionPage }],
    problems: ['not-found', 'invalid-page-token'],
    handle: async (ctx, { params, query }) =>
      pageReply(await listRevisions(ctx, api.refOf(params), pageRequest(query))),
  });
}

function getRevisionOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  const row = itemRow(api);
  // The compiler loses the type of the parameters of `api` once another one is added, so that they are parsed again below.
  const params: z.ZodObject = api.params.extend({ revision: RevisionNumber });
  return defineEndpoint({
    ...row,
    operationId: `get${api.title}Revision`,
    access: inFleet('read'),
    method: 'get',
    path: `${row.path}/revisions/{revision}`,
    summary: `Get a revision of a ${api.kind}`,
    idempotency: 'safe',
    params,
    query: RevisionQuery,
    body: NO_BODY,
    successes: [{ status: 200, description: 'The revision.', schema: Revision }],
    problems: ['not-found'],
    handle: async (ctx, { params: { revision, ...names }, query }): Promise<Reply> => {
      const ref = api.refOf(api.params.parse(names));
      return { status: 200, body: await getRevision(ctx, ref, Number(revision), query.uid) };
    },
  });
}

function rollbackOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  const row = itemRow(api);
  return defineEndpoint({
    ...row,
    operationId: `rollback${api.title}`,
    access: inFleet('declare'),
    method: 'post',
    path: `${row.path}/rollback`,
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
    handle: async (ctx, { params, body, precondition }): Promise<Reply> => {
      const ref = api.refOf(params);
      return writeReply(api.path, ref, await rollBack(ctx, ref, body, precondition));
    },
  });
}

const InAuditEvent = z.strictObject({ fleet: Name, event: AuditEventId });

const listAuditEventsEndpoint = defineEndpoint({
  operationId: 'listAuditEvents',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/audit',
  tag: 'audit',
  summary: 'List audit events, which say who changed what and why',
  description:
    'All filters must hold. One answer looks at a bounded number of events: a page may be short, or empty, and still have a ' +
    'nextPageToken. Events stay when the fleet is deleted.',
  idempotency: 'safe',
  params: InFleet,
  query: AuditQuery,
  body: NO_BODY,
  successes: [{ status: 200, description: 'One page, newest first.', schema: AuditEventPage }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => {
    const { pageSize, pageToken, ...filter } = query;
    return pageReply(await listAuditEvents(ctx, params.fleet, pageRequest({ pageSize, pageToken }), filter));
  },
});

const getAuditEventEndpoint = defineEndpoint({
  operationId: 'getAuditEvent',
  access: inFleet('read'),
  method: 'get',
  path: '/v1/fleets/{fleet}/audit/{event}',
  tag: 'audit',
  summary: 'Get an audit event',
  idempotency: 'safe',
  params: InAuditEvent,
  query: NO_QUERY,
  body: NO_BODY,
  successes: [{ status: 200, description: 'The event.', schema: AuditEvent }],
  problems: ['not-found'],
  handle: async (ctx, { params }) => ({ status: 200, body: await getAuditEvent(ctx, params.fleet, params.event) }),
});

export const auditEndpoints: readonly Endpoint[] = [listAuditEventsEndpoint, getAuditEventEndpoint];
