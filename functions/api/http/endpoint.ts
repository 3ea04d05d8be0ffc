import type { HonoRequest } from 'hono';
import { parseAccept } from 'hono/utils/accept';
import * as z from 'zod';
import { WriteQuery } from '../../../schemas/common.ts';
import { type DeprecatedUse, deprecatedIn } from '../../../schemas/deprecation.ts';
import type { Issue, ProblemCode } from '../../../schemas/problem.ts';
import { authorizeBody, authorizePath } from '../../commands/access/authorize.ts';
import type { Signed } from '../../commands/access/crypto.ts';
import { AppError, summarize } from '../../commands/app-error.ts';
import type { Context } from '../../commands/context.ts';
import { carryOutOnce } from '../../commands/idempotency.ts';
import type { Precondition } from '../../commands/precondition.ts';
import { type Access, permissionOf } from '../../core/access/access.ts';
import type { KeyedRequest } from '../../deps.ts';
import { type BodyFormat, JSON_BODY, type ReadBody } from './body.ts';
import { deprecationHeaders } from './deprecation.ts';
import { type KeyedAnswer, keyedRequestOf, REPLAYED_HEADER, readIdempotencyKey } from './idempotency-key.ts';
import { issuesOf, TELL_KNOWN_FIELDS } from './issues.ts';
import { type PreconditionHeader, readPrecondition } from './precondition.ts';

/**
 * The effect of repeating a request. safe: a request changes nothing. idempotent: repeating it changes nothing more.
 * repeatable: repeating it does the same work again, without harm.
 */
export type Idempotency = 'safe' | 'idempotent' | 'repeatable';

/** An answer of an endpoint that is not a problem. */
export interface Success {
  status: 200 | 201 | 202 | 204 | 304 | 503;
  description: string;
  schema?: z.ZodType;
  /** The media type of a body that is not JSON, or that is available in another format as well. */
  mediaType?: string;
  headers?: readonly ('ETag' | 'Location' | 'Operation-Location' | 'Retry-After')[];
}

export interface Reply {
  status: Success['status'];
  /** The body, which is sent as JSON unless it is text or a stream. */
  body?: object | string;
  headers?: Record<string, string>;
}

/** The schema of the query of endpoints without query parameters. */
export const NO_QUERY = z.strictObject({});
/** The schema of the body of endpoints without a body. */
export const NO_BODY: z.ZodType<undefined> = z.undefined();

/** The problems that every endpoint with a body can answer. */
const BODY_PROBLEMS: readonly ProblemCode[] = ['malformed-json', 'body-too-large', 'unsupported-media-type'];

/** The problems that every endpoint with idempotency keys can answer. */
const KEY_PROBLEMS: readonly ProblemCode[] = [
  'idempotency-key-in-progress',
  'idempotency-key-reused',
  'answer-not-kept',
];

interface Row {
  operationId: string;
  method: 'get' | 'put' | 'patch' | 'post' | 'delete';
  /** The path template, as in OpenAPI. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  idempotency: Idempotency;
  /** The answer to a repetition with the same Idempotency-Key; absent when the endpoint ignores the header. */
  keyedAnswer?: KeyedAnswer;
  preconditions?: readonly PreconditionHeader[];
  /** True when the endpoint is a write, and so takes `WriteQuery` besides its own query. */
  write?: true;
  /** The declaration of who may use the operation. */
  access: Access;
  /** True when the header Fairlead-Signature signs the body. */
  signed?: true;
  /** The format of the body; JSON when absent. */
  format?: BodyFormat;
  /** The schema of what the body declares, when the body is a part of it, as a merge patch is. */
  declares?: z.ZodType;
  successes: readonly Success[];
  /** The problems that the endpoint can answer, besides those of every endpoint and of every body. */
  problems: readonly ProblemCode[];
}

/** An endpoint of the API: one row of the table from which routes are registered and the OpenAPI document is written. */
export interface Endpoint extends Row {
  params: z.ZodObject;
  query: z.ZodObject;
  body: z.ZodType;
  /** Parses the request, calls one command, and makes its result the reply. Throws an `AppError` for every problem. */
  run(ctx: Context, request: HonoRequest): Promise<Reply>;
}

interface Shape<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends Row {
  params: P;
  query: Q;
  body: B;
  faultsOf: FaultsOf<P>;
}

/** Returns the faults of a body that does not go with the path. The body may be anything that was sent. */
type FaultsOf<P extends z.ZodObject> = (body: unknown, params: z.output<P>) => Issue[];

interface Input<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> {
  params: z.output<P>;
  query: z.output<Q>;
  write: z.output<typeof WriteQuery>;
  body: z.output<B>;
  precondition: Precondition;
  /** The idempotency key; undefined when there is none, or when the operation ignores it. */
  key: string | undefined;
  /** The deprecated fields and values that the request uses. */
  deprecated: DeprecatedUse[];
  /** Returns the media type that the client prefers; the first one if the client does not say. */
  preferred(mediaTypes: readonly [string, ...string[]]): string;
  /** Returns the body as it was received, and its signature, which is not checked yet. */
  signed(): Promise<Signed>;
}

/** The definition of an endpoint. Without `query` or `body`, it takes no query parameters or no body. */
export interface Definition<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType> extends Row {
  params: P;
  query?: Q;
  body?: B;
  faultsOf?: FaultsOf<P>;
  handle(ctx: Context, input: Omit<Input<P, Q, B>, 'write' | 'key' | 'deprecated'>): Promise<Reply>;
}

/**
 * Creates an endpoint. Its handler gets parsed input only, and the parameters that every write takes are in its context. What
 * the path tells is decided before the rest of the request is looked at.
 */
export function defineEndpoint<
  P extends z.ZodObject,
  Q extends z.ZodObject = typeof NO_QUERY,
  B extends z.ZodType = typeof NO_BODY,
>(definition: Definition<P, Q, B>): Endpoint {
  const { handle, faultsOf = () => [], ...rest } = definition;
  const { query = NO_QUERY as z.ZodObject as Q, body = NO_BODY as z.ZodType as B, ...row } = rest;
  const shape = { ...row, query, body, faultsOf };
  const problems = [
    ...(body === NO_BODY ? [] : BODY_PROBLEMS),
    ...(row.keyedAnswer === undefined ? [] : KEY_PROBLEMS),
    ...row.problems,
  ];
  return {
    ...row,
    body,
    query: row.write ? query.extend(WriteQuery.shape) : query,
    problems,
    run: async (ctx, request) => {
      const { principal } = ctx;
      const path = row.params.safeParse(request.param());
      if (path.success) authorizePath(principal, row.access, path.data);
      const { write, key, deprecated, ...input } = await parse(shape, request);
      authorizeBody(principal, row.access, input.params, input.body);
      const isDry = write.dryRun === 'true';
      const carryOut = () =>
        handle({ ...ctx, permission: permissionOf(row.access), reason: write.reason, isDry }, input);
      const told = (reply: Reply) => ({ ...reply, headers: { ...reply.headers, ...deprecationHeaders(deprecated) } });
      if (key === undefined || isDry) return told(await carryOut());
      const bytes = body === NO_BODY ? undefined : await request.arrayBuffer();
      const { operationId } = row;
      const parts = { actor: principal.actor, operationId, params: input.params, precondition: input.precondition };
      return told(await keyedReply(ctx, keyedRequestOf(request, { ...parts, key, bytes }), row, carryOut));
    },
  };
}

async function keyedReply(
  ctx: Context,
  request: KeyedRequest,
  { keyedAnswer }: Row,
  carryOut: () => Promise<Reply>,
): Promise<Reply> {
  const isSecret = keyedAnswer === 'shown-once';
  const { answer, isReplayed } = await carryOutOnce(ctx, request, { isSecret, carryOut });
  if (!isReplayed) return answer as Reply;
  // The answer that is kept was a reply of this operation, so its status is one of those that are declared.
  return { ...(answer as Reply), headers: { ...answer.headers, [REPLAYED_HEADER]: 'true' } };
}

/** Parses a request. Throws `invalid-request` with every fault of its parameters, headers and body. */
async function parse<P extends z.ZodObject, Q extends z.ZodObject, B extends z.ZodType>(
  definition: Shape<P, Q, B>,
  request: HonoRequest,
): Promise<Input<P, Q, B>> {
  const params = definition.params.safeParse(request.param());
  const entries = Map.groupBy(queryOf(request), ([name]) =>
    definition.write && Object.hasOwn(WriteQuery.shape, name) ? 'write' : 'own',
  );
  const query = definition.query.safeParse(Object.fromEntries(entries.get('own') ?? []), TELL_KNOWN_FIELDS);
  const write = WriteQuery.safeParse(Object.fromEntries(entries.get('write') ?? []));
  const { precondition, issues } = readPrecondition(request, definition.preconditions ?? []);
  const keyed = definition.keyedAnswer === undefined ? NO_KEY : readIdempotencyKey(request);
  const read = definition.body === NO_BODY ? NOTHING : await (definition.format ?? JSON_BODY).read(request);
  const body = definition.body.safeParse(read.value, TELL_KNOWN_FIELDS);
  const misplaced = params.success ? definition.faultsOf(read.value, params.data) : [];
  const faultless = issues.length + keyed.issues.length + read.faults.length + misplaced.length === 0;
  if (params.success && query.success && write.success && body.success && faultless) {
    const preferred = (mediaTypes: readonly [string, ...string[]]) => preferredOf(request, mediaTypes);
    const signed = async () => ({ bytes: await request.arrayBuffer(), signature: request.header(SIGNATURE_HEADER) });
    const deprecated = deprecatedIn(definition.declares ?? definition.body, read.value);
    const parsed = { deprecated, params: params.data, query: query.data, write: write.data, body: body.data };
    return { ...parsed, precondition, key: keyed.key, preferred, signed };
  }
  const faults: Issue[] = [
    ...(params.error ? issuesOf(params.error, 'path') : []),
    ...(query.error ? issuesOf(query.error, 'query') : []),
    ...(write.error ? issuesOf(write.error, 'query') : []),
    ...issues,
    ...keyed.issues,
    ...read.faults,
    ...misplaced,
    ...(body.error ? read.issuesOf(body.error) : []),
  ];
  throw new AppError('invalid-request', summarize(faults), faults);
}

export const SIGNATURE_HEADER = 'Fairlead-Signature';

const NO_KEY = { key: undefined, issues: [] };

const NOTHING: ReadBody = { value: undefined, faults: [], issuesOf: () => [] };

function preferredOf(request: HonoRequest, mediaTypes: readonly [string, ...string[]]): string {
  const accepted = parseAccept(request.header('Accept') ?? '').sort((a, b) => b.q - a.q);
  return accepted.find(({ type }) => mediaTypes.includes(type))?.type ?? mediaTypes[0];
}

/** Returns the query parameters. The value of a parameter that is given more than once is an array, which no schema accepts. */
function queryOf(request: HonoRequest): [name: string, value: string | string[] | undefined][] {
  return Object.entries(request.queries()).map(([name, values]) => [name, values.length === 1 ? values[0] : values]);
}
