import type { HonoRequest } from 'hono';
import { parseAccept } from 'hono/utils/accept';
import * as z from 'zod';
import { WriteQuery } from '../../../schemas/common.ts';
import type { Issue, ProblemCode } from '../../../schemas/problem.ts';
import { AppError, summarize } from '../../commands/app-error.ts';
import type { Context } from '../../commands/context.ts';
import type { Signed } from '../../commands/evidence/observations.ts';
import type { Precondition } from '../../commands/precondition.ts';
import { tokenOf } from './auth.ts';
import { type BodyFormat, JSON_BODY, type ReadBody } from './body.ts';
import { issuesOf } from './issues.ts';
import { type PreconditionHeader, readPrecondition } from './precondition.ts';

/** safe: changes nothing. idempotent: repeating it changes nothing more. repeatable: repeating it does the same work again, harmlessly. */
export type Idempotency = 'safe' | 'idempotent' | 'repeatable';

/** What an operation answers, other than problems. */
export interface Success {
  status: 200 | 201 | 202 | 204 | 304 | 503;
  description: string;
  schema?: z.ZodType;
  /** Of a body that is no JSON, or not only. */
  mediaType?: string;
  headers?: readonly ('ETag' | 'Location' | 'Operation-Location' | 'Retry-After')[];
}

export interface Reply {
  status: Success['status'];
  /** Sent as JSON, unless it is text or a stream. */
  body?: object | string;
  headers?: Record<string, string>;
}

/** Of operations that take no query parameters, and of those that take no body. */
export const NO_QUERY = z.strictObject({});
export const NO_BODY: z.ZodType<undefined> = z.undefined();

interface Row {
  operationId: string;
  method: 'get' | 'put' | 'post' | 'delete';
  /** Template, as in OpenAPI. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  idempotency: Idempotency;
  preconditions?: readonly PreconditionHeader[];
  /** Changes what is declared, and so takes WriteQuery besides its own query. */
  write?: true;
  /** Needs no token. */
  isPublic?: true;
  /** Needs the token of a voter, which its command looks at, instead of one of the control plane. */
  hasOwnToken?: true;
  /** The header Fairlead-Signature signs the body. */
  signed?: true;
  /** How the body is written; default: JSON. */
  format?: BodyFormat;
  successes: readonly Success[];
  /** Besides those that every operation can answer. */
  problems: readonly ProblemCode[];
}

/** One row of the table that both registers the routes and writes the OpenAPI document. */
export interface Operation extends Row {
  params: z.ZodObject;
  query: z.ZodObject;
  body: z.ZodType;
  /** Parses, calls one command, maps. Throws AppErrors. */
  run(ctx: Context, request: HonoRequest): Promise<Reply>;
}

interface Shape<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  params: P;
  query: Q;
  body: B;
}

interface Input<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  params: z.output<P>;
  query: z.output<Q>;
  write: z.output<typeof WriteQuery>;
  body: z.output<B>;
  precondition: Precondition;
  /** Which of the media types the client prefers; the first one if it does not say. */
  preferred(mediaTypes: readonly [string, ...string[]]): string;
  /** The body as it was received, and its signature; nothing is known of that yet. */
  signed(): Promise<Signed>;
  /** The bearer token of the request; nothing is known of it yet where the operation has a token of its own. */
  token(): string;
}

interface Definition<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends Row, Shape<P, Q, B> {
  handle(ctx: Context, input: Omit<Input<P, Q, B>, 'write'>): Promise<Reply>;
}

/** An operation whose handler sees parsed input only; what every write takes is in its context. */
export function defineOperation<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  definition: Definition<P, Q, B>,
): Operation {
  const { handle, ...row } = definition;
  return {
    ...row,
    query: definition.write ? definition.query.extend(WriteQuery.shape) : definition.query,
    run: async (ctx, request) => {
      const { write, ...input } = await parse(definition, request);
      return await handle({ ...ctx, reason: write.reason, isDry: write.dryRun === 'true' }, input);
    },
  };
}

/** Throws `invalid-request` with every fault of parameters, headers and body. */
async function parse<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  definition: Definition<P, Q, B>,
  request: HonoRequest,
): Promise<Input<P, Q, B>> {
  const params = definition.params.safeParse(request.param());
  const entries = Map.groupBy(queryOf(request), ([name]) =>
    definition.write && Object.hasOwn(WriteQuery.shape, name) ? 'write' : 'own',
  );
  const query = definition.query.safeParse(Object.fromEntries(entries.get('own') ?? []));
  const write = WriteQuery.safeParse(Object.fromEntries(entries.get('write') ?? []));
  const { precondition, issues } = readPrecondition(request, definition.preconditions ?? []);
  const read = definition.body === NO_BODY ? NOTHING : await (definition.format ?? JSON_BODY).read(request);
  const body = definition.body.safeParse(read.value);
  const faultless = issues.length === 0 && read.faults.length === 0;
  if (params.success && query.success && write.success && body.success && faultless) {
    const preferred = (mediaTypes: readonly [string, ...string[]]) => preferredOf(request, mediaTypes);
    const signed = async () => ({ bytes: await request.arrayBuffer(), signature: request.header(SIGNATURE_HEADER) });
    const parsed = { params: params.data, query: query.data, write: write.data, body: body.data };
    const token = () => tokenOf(request.header('Authorization'));
    return { ...parsed, precondition, preferred, signed, token };
  }
  const faults: Issue[] = [
    ...(params.error ? issuesOf(params.error, 'path') : []),
    ...(query.error ? issuesOf(query.error, 'query') : []),
    ...(write.error ? issuesOf(write.error, 'query') : []),
    ...issues,
    ...read.faults,
    ...(body.error ? read.issuesOf(body.error) : []),
  ];
  throw new AppError('invalid-request', summarize(faults), faults);
}

export const SIGNATURE_HEADER = 'Fairlead-Signature';

const NOTHING: ReadBody = { value: undefined, faults: [], issuesOf: () => [] };

function preferredOf(request: HonoRequest, mediaTypes: readonly [string, ...string[]]): string {
  const accepted = parseAccept(request.header('Accept') ?? '').sort((a, b) => b.q - a.q);
  return accepted.find(({ type }) => mediaTypes.includes(type))?.type ?? mediaTypes[0];
}

/** A parameter that is given more than once is an array, which no schema takes. */
function queryOf(request: HonoRequest): [name: string, value: string | string[] | undefined][] {
  return Object.entries(request.queries()).map(([name, values]) => [name, values.length === 1 ? values[0] : values]);
}
