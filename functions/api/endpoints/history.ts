import * as z from 'zod';
import { AuditEvent, AuditEventPage, AuditQuery } from '../../../schemas/audit.ts';
import { AuditSealCheck } from '../../../schemas/audit-seal.ts';
import { PageQuery } from '../../../schemas/common.ts';
import { Revision, RevisionPage, RevisionQuery, RollbackInput } from '../../../schemas/revision.ts';
import { getRevision, listRevisions } from '../../commands/read/history.ts';
import { getAuditEvent, listAuditEvents } from '../../commands/read/ledger.ts';
import { checkFleetSeals, checkInstallationSeals } from '../../commands/read/seals.ts';
import { rollBack } from '../../commands/write/rollback.ts';
import { inFleet } from '../../core/access/access.ts';
import type { Kind } from '../../core/model/resource.ts';
import { defineEndpoint, type Endpoint, type Reply } from '../http/endpoint.ts';
import { AuditEventId, InFleet } from '../http/params.ts';
import { listEndpoint, pageRequest, readEndpoints } from '../http/reads.ts';
import { writeEndpoint } from '../http/writes.ts';
import { PRECONDITION_PROBLEMS, placeOf, type ResourceApi, refOf, writeReply, writeSuccesses } from './resources.ts';

const RevisionNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,8}$/, 'must be a positive integer')
  .meta({ examples: ['3'] });

/** Returns the endpoints of the history of a kind of resource. */
export function historyEndpoints<K extends Kind>(api: ResourceApi<K>): Endpoint[] {
  return [listRevisionsEndpoint(api.kind), getRevisionEndpoint(api.kind), rollbackEndpoint(api)];
}

function listRevisionsEndpoint(kind: Kind): Endpoint {
  const { title, tag, params, path } = placeOf(kind);
  return listEndpoint(
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

function getRevisionEndpoint(kind: Kind): Endpoint {
  const { title, tag, params, path } = placeOf(kind);
  return defineEndpoint({
    operationId: `get${title}Revision`,
    access: inFleet('read'),
    method: 'get',
    path: `${path}/revisions/{revision}`,
    tag,
    summary: `Get a revision of a ${kind}`,
    idempotency: 'safe',
    params: params.extend({ revision: RevisionNumber }),
    query: RevisionQuery,
    successes: [{ status: 200, description: 'The revision.', schema: Revision }],
    problems: ['not-found'],
    handle: async (ctx, { params: names, query }): Promise<Reply> => {
      const revision = await getRevision(ctx, refOf(kind, names), Number(names['revision']), query.uid);
      return { status: 200, body: revision };
    },
  });
}

function rollbackEndpoint<K extends Kind>(api: ResourceApi<K>): Endpoint {
  const { title, tag, params, path } = placeOf(api.kind);
  return writeEndpoint({
    operationId: `rollback${title}`,
    access: inFleet('declare'),
    method: 'post',
    path: `${path}/rollback`,
    tag,
    params,
    summary: `Roll a ${api.kind} back to a revision`,
    description:
      'Writes a new revision with the same checks and the same preconditions as PUT. A deleted resource is created again. Faults ' +
      'point into the declaration of the revision.',
    preconditions: ['If-Match', 'If-None-Match'],
    body: RollbackInput,
    successes: writeSuccesses(api),
    problems: [
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
  event: AuditEventId,
});

const auditReads = readEndpoints({
  names: ['AuditEvent', 'AuditEvents'],
  tag: 'audit',
  path: '/v1/fleets/{fleet}/audit',
  member: 'event',
  list: {
    params: InFleet,
    summary: 'List audit events, which say who changed what and why',
    description: 'Events stay when the fleet is deleted.',
    query: AuditQuery,
    page: AuditEventPage,
    read: (ctx, { fleet }, page, asked) => listAuditEvents(ctx, fleet, page, asked),
  },
  get: {
    params: InAuditEvent,
    summary: 'Get an audit event',
    found: 'The event.',
    schema: AuditEvent,
    read: (ctx, { fleet, event }) => getAuditEvent(ctx, fleet, event),
  },
});

const SEALS =
  'Events are sealed every ten minutes, once they are three minutes old. A seal names each event of its time by a digest, and ' +
  'carries the hash of the seal before it. This operation compares one page of seals with the events that are there, newest ' +
  'first; following the pages compares all of them.';

const checkFleetSealsEndpoint = defineEndpoint({
  operationId: 'checkFleetAuditSeals',
  method: 'get',
  path: '/v1/fleets/{fleet}/audit/seals',
  tag: 'audit',
  summary: 'Check that no audit event of a fleet was altered, deleted or inserted',
  description: SEALS,
  idempotency: 'safe',
  access: inFleet('read'),
  params: InFleet,
  query: PageQuery,
  successes: [{ status: 200, description: 'The result, with the first event that differs.', schema: AuditSealCheck }],
  problems: ['not-found', 'invalid-page-token'],
  handle: async (ctx, { params, query }) => ({
    status: 200,
    body: await checkFleetSeals(ctx, params.fleet, pageRequest(query)),
  }),
});

const checkInstallationSealsEndpoint = defineEndpoint({
  operationId: 'checkInstallationAuditSeals',
  method: 'get',
  path: '/v1/audit/seals',
  tag: 'audit',
  summary: 'Check that no audit event of the installation was altered, deleted or inserted',
  description: SEALS,
  idempotency: 'safe',
  access: { permission: 'administer', place: 'installation' },
  params: z.strictObject({}),
  query: PageQuery,
  successes: [{ status: 200, description: 'The result, with the first event that differs.', schema: AuditSealCheck }],
  problems: ['invalid-page-token'],
  handle: async (ctx, { query }) => ({ status: 200, body: await checkInstallationSeals(ctx, pageRequest(query)) }),
});

/** The checks of seals come first, because `seals` could be taken for the id of an event. */
export const auditEndpoints: readonly Endpoint[] = [
  checkFleetSealsEndpoint,
  checkInstallationSealsEndpoint,
  ...auditReads,
];
