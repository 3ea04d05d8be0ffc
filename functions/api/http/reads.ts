/** The two endpoints with which the members of a collection are read, made from one description of both. */

import type * as z from 'zod';
import { PageQuery } from '../../../schemas/common.ts';
import { type AskedOf, FILTERED } from '../../../schemas/list-query.ts';
import type { Context } from '../../commands/context.ts';
import { type Access, inFleet } from '../../core/access/access.ts';
import type { Page, PageRequest } from '../../deps.ts';
import { defineEndpoint, type Endpoint, type Reply } from './endpoint.ts';

/** A query that has the parameters of every page. */
export type PagedQuery = z.ZodObject<(typeof PageQuery)['shape']>;

interface Place {
  operationId: string;
  tag: string;
  path: string;
  /** The access that readers need. The default is to read the fleet of the path. */
  access?: Access;
}

/** The description of an endpoint that lists the members of a collection. */
export interface Listing<P extends z.ZodObject, Q extends PagedQuery> {
  params: P;
  summary: string;
  description?: string;
  /** The order of the members. The default is `newest first`. */
  order?: 'by name' | 'by id';
  /** The query, with filters besides the parameters of every page. The default has no filters. */
  query?: Q;
  page: z.ZodType;
  read(ctx: Context, params: z.output<P>, page: PageRequest, asked: AskedOf<Q>): Promise<Page<object>>;
}

/** The description of an endpoint that reads one thing. */
interface Reading<P extends z.ZodObject> {
  params: P;
  summary: string;
  description?: string;
  /** The description of the answer. */
  found: string;
  schema: z.ZodType;
  read(ctx: Context, params: z.output<P>): Promise<object>;
}

interface Collection<C extends z.ZodObject, M extends z.ZodObject, Q extends PagedQuery> {
  /** The names of one member and of several in the ids of operations, such as `DrillRun` and `DrillRuns`. */
  names: readonly [one: string, several: string];
  tag: string;
  /** The path of the collection. */
  path: string;
  /** The access that readers need. The default is to read the fleet of the path. */
  access?: Access;
  /** The parameter of the path of a member, below that of the collection. */
  member: string;
  list: Listing<C, Q>;
  get: Reading<M>;
}

/** Returns the endpoints that list the members of a collection and read one of them. */
export function readEndpoints<C extends z.ZodObject, M extends z.ZodObject, Q extends PagedQuery = typeof PageQuery>({
  names: [one, several],
  tag,
  path,
  access = inFleet('read'),
  member,
  list,
  get,
}: Collection<C, M, Q>): Endpoint[] {
  return [
    listEndpoint({ operationId: `list${several}`, tag, path, access }, list),
    getEndpoint({ operationId: `get${one}`, tag, path: `${path}/{${member}}`, access }, get),
  ];
}

export function listEndpoint<P extends z.ZodObject, Q extends PagedQuery = typeof PageQuery>(
  place: Place,
  listing: Listing<P, Q>,
): Endpoint {
  const {
    params,
    summary,
    description,
    order = 'newest first',
    query = PageQuery as PagedQuery as Q,
    page,
    read,
  } = listing;
  return defineEndpoint({
    access: inFleet('read'),
    ...place,
    method: 'get',
    summary,
    ...describedBy(description, query),
    idempotency: 'safe',
    params,
    query,
    successes: [
      {
        status: 200,
        description: `One page, ${order}${isOrdered(query) ? ' unless ordered otherwise' : ''}.`,
        schema: page,
      },
    ],
    problems: isEmpty(params) ? ['invalid-page-token'] : ['not-found', 'invalid-page-token'],
    handle: async (ctx, { params: names, query: { pageSize, pageToken, ...asked } }) =>
      pageReply(await read(ctx, names, pageRequest({ pageSize, pageToken }), asked)),
  });
}

function describedBy(description: string | undefined, query: z.ZodObject): { description?: string } {
  const text = [description, isOrdered(query) ? FILTERED : undefined].filter((part) => part !== undefined).join(' ');
  return text === '' ? {} : { description: text };
}

function isOrdered({ shape }: z.ZodObject): boolean {
  return 'orderBy' in shape;
}

/** Tells whether a collection stands at the root, in nothing that could be missing. */
function isEmpty({ shape }: z.ZodObject): boolean {
  return Object.keys(shape).length === 0;
}

export function getEndpoint<P extends z.ZodObject>(
  place: Place,
  { params, summary, description, found, schema, read }: Reading<P>,
): Endpoint {
  return defineEndpoint({
    access: inFleet('read'),
    ...place,
    method: 'get',
    summary,
    ...(description !== undefined && { description }),
    idempotency: 'safe',
    params,
    successes: [{ status: 200, description: found, schema }],
    problems: ['not-found'],
    handle: async (ctx, { params: names }): Promise<Reply> => ({ status: 200, body: await read(ctx, names) }),
  });
}

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 200;

export function pageRequest({ pageSize, pageToken }: z.output<typeof PageQuery>): PageRequest {
  const limit = pageSize === undefined ? DEFAULT_PAGE_SIZE : Math.min(Number(pageSize), MAX_PAGE_SIZE);
  return { limit, token: pageToken };
}

function pageReply<T>({ items, nextToken }: Page<T>): Reply {
  return { status: 200, body: { items, ...(nextToken !== undefined && { nextPageToken: nextToken }) } };
}
