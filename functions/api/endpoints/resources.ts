import * as z from 'zod';
import { MergePatch, Name } from '../../../schemas/common.ts';
import { DryRun } from '../../../schemas/plan.ts';
import type { ProblemCode } from '../../../schemas/problem.ts';
import type { Context } from '../../commands/context.ts';
import type { Precondition } from '../../commands/precondition.ts';
import type { Queries } from '../../commands/read/resource-lists.ts';
import { getResource, listResources } from '../../commands/read/resources.ts';
import {
  type Deleted,
  deleteResource,
  patchResource,
  putResource,
  type Written,
} from '../../commands/write/resource.ts';
import { type Access, inFleet } from '../../core/access/access.ts';
import type { Kind, Ref, RefTo, Specs } from '../../core/model/resource.ts';
import { MERGE_PATCH_BODY } from '../http/body.ts';
import { otherNames, patchedSpec, readOnlyMembers, sentBack } from '../http/declaration.ts';
import { defineEndpoint, type Endpoint, type Reply, type Success } from '../http/endpoint.ts';
import { InFleet } from '../http/params.ts';
import { etagOf, isKnown } from '../http/precondition.ts';
import { listEndpoint, type PagedQuery } from '../http/reads.ts';
import { createdReply, operationHeader, writeEndpoint } from '../http/writes.ts';

/** The description of a kind of resource, from which its endpoints are made. */
export interface ResourceApi<K extends Kind> {
  kind: K;
  input: z.ZodType<Specs[K]>;
  output: z.ZodType;
  page: z.ZodType;
  /** The query of the list. */
  query: PagedQuery & z.ZodType<Queries[K]>;
  /** The problems that a declaration of this kind can have. */
  writeProblems: readonly ProblemCode[];
  /** The deletion of a kind that has problems of its own, or can delete more than the resource. */
  deletion?: Deletion;
}

/** Returns what the operations on a kind of resource are called, and where they are. A fleet is in no other fleet. */
export function placeOf(kind: Kind) {
  const isFleet = kind === 'fleet';
  const collection = isFleet ? '/v1/fleets' : `/v1/fleets/{fleet}/${kind}s`;
  return {
    /** The name of the kind in the ids of operations, such as `Route`. */
    title: `${kind.charAt(0).toUpperCase()}${kind.slice(1)}`,
    tag: `${kind}s`,
    collection,
    collectionParams: isFleet ? z.strictObject({}) : InFleet,
    path: `${collection}/{${kind}}`,
    params: z.strictObject({ fleet: Name, [kind]: Name }),
  };
}

/** Returns the resource that the parameters of a path name. Parameters that were parsed have all the names. */
export function refOf<K extends Kind>(kind: K, names: Readonly<Record<string, string>>): RefTo<K> {
  return { kind, fleet: names['fleet'] ?? '', name: names[kind] ?? '' };
}

/** Returns the members with which a resource is shown that say which one it is. */
function identityOf({ kind, fleet, name }: Ref): Record<string, string> {
  return kind === 'fleet' ? { name } : { name, fleet };
}

interface Deletion {
  query?: z.ZodObject;
  problems: readonly ProblemCode[];
  /** Deletes the resource, and the other things that the query names. */
  run(ctx: Context, ref: Ref, precondition: Precondition, query: Record<string, unknown>): Promise<Deleted>;
}

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
export function resourceEndpoints<K extends Kind>(api: ResourceApi<K>): Endpoint[] {
  const readOnly = readOnlyMembers(api.input, api.output);
  return [
    listResourcesEndpoint(api),
    getResourceEndpoint(api),
    putEndpoint(api, readOnly),
    patchEndpoint(api, readOnly),
    deleteEndpoint(api),
  ];
}

function listResourcesEndpoint<K extends Kind>({ kind, page, query }: ResourceApi<K>): Endpoint {
  const { title, tag, collection, collectionParams } = placeOf(kind);
  const access: Access = kind === 'fleet' ? { permission: 'read', place: 'some-fleet' } : inFleet('read');
  return listEndpoint(
    { operationId: `list${title}s`, tag, path: collection, access },
    {
      params: collectionParams,
      summary: `List ${kind}s`,
      order: 'by name',
      query,
      page,
      // The schema of the kind has parsed what is asked.
      read: (ctx, names, request, asked) =>
        listResources(ctx, kind, String(names['fleet'] ?? ''), request, asked as Queries[K]),
    },
  );
}

function getResourceEndpoint<K extends Kind>({ kind, output }: ResourceApi<K>): Endpoint {
  const { title, tag, params, path } = placeOf(kind);
  return defineEndpoint({
    operationId: `get${title}`,
    access: inFleet('read'),
    method: 'get',
    path,
    tag,
    params,
    summary: `Get a ${kind}`,
    description:
      'The ETag changes with everything that is shown, declared or observed. If-Match compares only the revision in it.',
    idempotency: 'safe',
    preconditions: ['If-None-Match'],
    successes: [{ status: 200, description: `The ${kind}.`, schema: output, headers: ['ETag'] }, NOT_MODIFIED],
    problems: ['not-found'],
    handle: async (ctx, { params: names, precondition }): Promise<Reply> => {
      const view = await getResource(ctx, refOf(kind, names));
      const headers = { ETag: etagOf(view) };
      if (isKnown(precondition, headers.ETag)) return { status: 304, headers };
      return { status: 200, body: view, headers };
    },
  });
}

function putEndpoint<K extends Kind>(api: ResourceApi<K>, readOnly: readonly string[]): Endpoint {
  const { kind } = api;
  const { title, tag, params, path } = placeOf(kind);
  return writeEndpoint({
    operationId: `put${title}`,
    access: inFleet('declare'),
    method: 'put',
    path,
    tag,
    params,
    summary: `Create or replace a ${kind}`,
    description:
      'To replace a resource, send If-Match with the ETag last seen, or with * to overwrite any state. With If-None-Match: *, the ' +
      'resource is only created. An unchanged declaration is not written again, and the revision stays. What GET shows may be ' +
      'sent back: its read-only members are ignored, and `name` and `fleet` must be those of the path.',
    preconditions: ['If-Match', 'If-None-Match'],
    body: sentBack(api.input, readOnly),
    faultsOf: (body, names) => otherNames(body, identityOf(refOf(kind, names))),
    successes: writeSuccesses(api),
    problems: [...PRECONDITION_PROBLEMS, 'limit-exceeded', ...api.writeProblems],
    handle: async (ctx, { params: names, body, precondition }): Promise<Reply> => {
      const ref = refOf(kind, names);
      return writeReply(ref, await putResource(ctx, ref, body, precondition));
    },
  });
}

function patchEndpoint<K extends Kind>(api: ResourceApi<K>, readOnly: readonly string[]): Endpoint {
  const { kind } = api;
  const { title, tag, params, path } = placeOf(kind);
  return writeEndpoint({
    operationId: `patch${title}`,
    access: inFleet('declare'),
    method: 'patch',
    path,
    tag,
    params,
    summary: `Change a ${kind} in part`,
    description:
      'The patch is merged into the declaration as GET shows it, where defaults stand as values, and the result is written as by ' +
      'PUT: pointers of faults lead into it. A patch that changes nothing is not written. Read-only members are ignored as ' +
      'with PUT.',
    preconditions: ['If-Match'],
    format: MERGE_PATCH_BODY,
    body: sentBack(MergePatch, readOnly),
    declares: api.input,
    faultsOf: (body, names) => otherNames(body, identityOf(refOf(kind, names))),
    successes: writeSuccesses(api).filter(({ status }) => status === 200),
    problems: ['not-found', ...PRECONDITION_PROBLEMS, 'limit-exceeded', ...api.writeProblems],
    handle: async (ctx, { params: names, body, precondition }): Promise<Reply> => {
      const ref = refOf(kind, names);
      return writeReply(ref, await patchResource(ctx, ref, (spec) => patchedSpec(api.input, spec, body), precondition));
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

/** Returns the reply of a write. */
export function writeReply<K extends Kind>(ref: Ref, { created, view, operation }: Written<K>): Reply {
  if (view.dryRun) return { status: 200, body: view };
  const headers = { ETag: etagOf(view), ...operationHeader(ref.fleet, operation) };
  if (!created) return { status: 200, body: view, headers };
  const path = `${placeOf(ref.kind).collection.replace('{fleet}', ref.fleet)}/${ref.name}`;
  return createdReply(path, view, headers);
}

function deleteEndpoint<K extends Kind>({ kind, deletion }: ResourceApi<K>): Endpoint {
  const { title, tag, params, path } = placeOf(kind);
  return writeEndpoint({
    operationId: `delete${title}`,
    access: inFleet('declare'),
    method: 'delete',
    path,
    tag,
    params,
    summary: `Delete a ${kind}`,
    preconditions: ['If-Match'],
    ...(deletion?.query && { query: deletion.query }),
    successes: [
      { status: 200, description: 'The changes that would follow, in a dry run.', schema: DryRun },
      { status: 204, description: 'The resource was deleted.', headers: ['Operation-Location'] },
    ],
    problems: [
      'not-found',
      'still-referenced',
      'rule-violated',
      ...PRECONDITION_PROBLEMS,
      ...(deletion?.problems ?? []),
    ],
    handle: async (ctx, { params: names, precondition, query }): Promise<Reply> => {
      const ref = refOf(kind, names);
      const { operation, dryRun } = deletion
        ? await deletion.run(ctx, ref, precondition, query)
        : await deleteResource(ctx, ref, precondition);
      if (dryRun) return { status: 200, body: dryRun };
      return { status: 204, headers: operationHeader(ref.fleet, operation) };
    },
  });
}
