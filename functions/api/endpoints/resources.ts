import type * as z from 'zod';
import { PageQuery } from '../../../schemas/common.ts';
import { DryRun } from '../../../schemas/plan.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import type { Context } from '../../commands/context.ts';
import type { Precondition } from '../../commands/precondition.ts';
import { getResource, listResources } from '../../commands/read/resources.ts';
import { type Deleted, deleteResource, putResource, type Written } from '../../commands/write/resource.ts';
import type { Kind, Ref, RefTo, Specs } from '../../core/model/resource.ts';
import { inFleet } from '../http/access.ts';
import { defineEndpoint, NO_BODY, NO_QUERY, type Endpoint, type Reply, type Success } from '../http/endpoint.ts';
import { pageReply, pageRequest } from '../http/page.ts';
import { etagOf, isKnown } from '../http/precondition.ts';
import { operationHeader } from '../http/traffic-reply.ts';

/** The description of a kind of resource, from which its endpoints are made. */
export interface ResourceApi<K extends Kind, C extends z.ZodObject, P extends z.ZodObject> {
  kind: K;
  /** The name of the kind in operation ids, such as `Route`. */
  title: string;
  /** The path of the collection. */
  path: string;
  collectionParams: C;
  /** Returns the fleet of a collection; empty for the collection of fleets. */
  fleetOf(params: z.output<C>): string;
  params: P;
  refOf(params: z.output<P>): RefTo<K>;
  input: z.ZodType<Specs[K]>;
  output: z.ZodType;
  page: z.ZodType;
  /** The problems that a declaration of this kind can have. */
  writeProblems: readonly ProblemCode[];
  /** The deletion of a kind that has problems of its own, or can delete more than the resource. */
  deletion?: Deletion;
}

interface Deletion {
  query: z.ZodObject;
  problems: readonly ProblemCode[];
  /** Deletes the resource, and the other things that the query names. */
  run(ctx: Context, ref: Ref, precondition: Precondition, query: Record<string, unknown>): Promise<Deleted>;
}

export const BODY_PROBLEMS: readonly ProblemCode[] = ['malformed-json', 'body-too-large', 'unsupported-media-type'];
/** The problems of requests that may take the approval of somebody else. */
export const APPROVAL_PROBLEMS: readonly ProblemCode[] = ['approval-required', 'approval-rejected'];
export const PRECONDITION_PROBLEMS: readonly ProblemCode[] = [
  'precondition-failed',
  'precondition-required',
  'write-conflict',
];

const NOT_MODIFIED: Success = {
  status: 304,
  description: 'The resource has not changed: its entity tag is in If-None-Match.',
  headers: ['ETag'],
};

/** Returns the endpoints that every kind of resource has. */
export function resourceEndpoints<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(
  api: ResourceApi<K, C, P>,
): Endpoint[] {
  return [listOperation(api), getOperation(api), putOperation(api), deleteOperation(api)];
}

function listOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  return defineEndpoint({
    operationId: `list${api.title}s`,
    access: api.kind === 'fleet' ? { permission: 'read', place: 'some-fleet' } : inFleet('read'),
    method: 'get',
    path: api.path,
    tag: `${api.kind}s`,
    summary: `List ${api.kind}s`,
    idempotency: 'safe',
    params: api.collectionParams,
    query: PageQuery,
    body: NO_BODY,
    successes: [{ status: 200, description: 'One page, by name.', schema: api.page }],
    problems: api.kind === 'fleet' ? ['invalid-page-token'] : ['invalid-page-token', 'not-found'],
    handle: async (ctx, { params, query }) =>
      pageReply(await listResources(ctx, api.kind, api.fleetOf(params), pageRequest(query))),
  });
}

function getOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  return defineEndpoint({
    ...itemRow(api),
    operationId: `get${api.title}`,
    access: inFleet('read'),
    method: 'get',
    summary: `Get a ${api.kind}`,
    description:
      'The ETag changes with everything that is shown, declared or observed. If-Match compares only the revision in it.',
    idempotency: 'safe',
    preconditions: ['If-None-Match'],
    body: NO_BODY,
    successes: [{ status: 200, description: `The ${api.kind}.`, schema: api.output, headers: ['ETag'] }, NOT_MODIFIED],
    problems: ['not-found'],
    handle: async (ctx, { params, precondition }): Promise<Reply> => {
      const view = await getResource(ctx, api.refOf(params));
      const headers = { ETag: etagOf(view) };
      if (isKnown(precondition, headers.ETag)) return { status: 304, headers };
      return { status: 200, body: view, headers };
    },
  });
}

function putOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  return defineEndpoint({
    ...itemRow(api),
    operationId: `put${api.title}`,
    access: inFleet('declare'),
    method: 'put',
    summary: `Create or replace a ${api.kind}`,
    description:
      'To replace a resource, send If-Match with the ETag last seen, or with * to overwrite any state. With If-None-Match: *, the ' +
      'resource is only created. An unchanged declaration is not written again, and the revision stays.',
    idempotency: 'idempotent',
    preconditions: ['If-Match', 'If-None-Match'],
    write: true,
    body: api.input,
    successes: writeSuccesses(api),
    problems: [...BODY_PROBLEMS, ...PRECONDITION_PROBLEMS, 'limit-exceeded', ...api.writeProblems],
    handle: async (ctx, { params, body, precondition }): Promise<Reply> => {
      const ref = api.refOf(params);
      return writeReply(api.path, ref, await putResource(ctx, ref, body, precondition));
    },
  });
}

export function writeSuccesses({ output }: { output: z.ZodType }): Success[] {
  return [
    {
      status: 200,
      description:
        'The resource was replaced, or is unchanged. In a dry run, it is the resource as it would be, with `dryRun` and without ' +
        'headers.',
      schema: output,
      headers: ['ETag', 'Operation-Location'],
    },
    {
      status: 201,
      description: 'The resource was created.',
      schema: output,
      headers: ['ETag', 'Location', 'Operation-Location'],
    },
  ];
}

/** Returns the reply of a write. `path` is the path of the collection. */
export function writeReply<K extends Kind>(path: string, ref: Ref, { created, view, operation }: Written<K>): Reply {
  if (view.dryRun) return { status: 200, body: view };
  const headers = { ETag: etagOf(view), ...operationHeader(ref.fleet, operation) };
  if (!created) return { status: 200, body: view, headers };
  const Location = `${path.replace('{fleet}', ref.fleet)}/${ref.name}`;
  return { status: 201, body: view, headers: { ...headers, Location } };
}

function deleteOperation<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  return defineEndpoint({
    ...itemRow(api),
    operationId: `delete${api.title}`,
    access: inFleet('declare'),
    method: 'delete',
    summary: `Delete a ${api.kind}`,
    idempotency: 'idempotent',
    preconditions: ['If-Match'],
    write: true,
    query: api.deletion?.query ?? NO_QUERY,
    body: NO_BODY,
    successes: [
      { status: 200, description: 'The changes that would follow, in a dry run.', schema: DryRun },
      { status: 204, description: 'The resource was deleted.', headers: ['Operation-Location'] },
    ],
    problems: [
      'not-found',
      'still-referenced',
      'rule-violated',
      ...PRECONDITION_PROBLEMS,
      ...(api.deletion?.problems ?? []),
    ],
    handle: async (ctx, { params, precondition, query }): Promise<Reply> => {
      const ref = api.refOf(params);
      const { operation, dryRun } = api.deletion
        ? await api.deletion.run(ctx, ref, precondition, query)
        : await deleteResource(ctx, ref, precondition);
      if (dryRun) return { status: 200, body: dryRun };
      return { status: 204, headers: operationHeader(ref.fleet, operation) };
    },
  });
}

export function itemRow<K extends Kind, C extends z.ZodObject, P extends z.ZodObject>(api: ResourceApi<K, C, P>) {
  return { path: `${api.path}/{${api.kind}}`, tag: `${api.kind}s`, params: api.params, query: NO_QUERY };
}
