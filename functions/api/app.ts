import { Hono, type Context as HonoContext, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import openApi from '../../schemas/openapi.json' with { type: 'json' };
import { AppError } from '../commands/app-error.ts';
import type { Context } from '../commands/context.ts';
import { digest } from '../core/model/digest.ts';
import { operations } from './endpoints/index.ts';
import { bearer } from './http/auth.ts';
import { type BodyFormat, JSON_BODY } from './http/body.ts';
import type { AppEnv } from './http/env.ts';
import type { Operation } from './http/operation.ts';
import { answerProblem } from './http/problem.ts';

/**
 * The HTTP API, built once for all requests; each request brings its ports as the second argument of `fetch`. `tokens`, by actor, admit to
 * everything but the health of the control plane and the description of the API.
 */
export function createApp({ tokens }: { tokens: Readonly<Record<string, string>> }): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestLog, secureHeaders(), noStore);
  app.use(
    '/v1/*',
    except(
      operations.filter(({ hasOwnToken }) => hasOwnToken).map(({ path }) => patternOf(path)),
      bearer(tokens),
    ),
  );
  app.onError((error, c) => {
    const answer = answerProblem(c, error);
    if (answer.status >= 500) logFailure(c, error);
    return answer;
  });
  app.notFound((c) => answerProblem(c, new AppError('not-found', 'There is nothing at this path.')));

  app.get('/openapi.json', etag(), (c) => {
    const { text, headers } = documentationReply();
    return c.body(text, 200, headers);
  });
  for (const operation of operations) register(app, operation);
  refuseOtherMethods(app);
  return app;
}

interface Documentation {
  text: string;
  headers: Record<string, string>;
}

let documentation: Documentation | undefined;

/** The OpenAPI document as text with its entity tag; written when it is first asked for, because few isolates ever are. */
function documentationReply(): Documentation {
  if (documentation !== undefined) return documentation;
  const text = JSON.stringify(openApi);
  const tag = `"${digest(text)}"`;
  documentation = { text, headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache', ETag: tag } };
  return documentation;
}

const noStore: MiddlewareHandler<AppEnv> = async (c, next) => {
  c.header('Cache-Control', 'no-store');
  await next();
};

function limited({ maxBytes }: BodyFormat): MiddlewareHandler<AppEnv> {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError('body-too-large', `The body must be at most ${maxBytes} bytes.`);
    },
  });
}

function register(app: Hono<AppEnv>, operation: Operation): void {
  app.on(
    operation.method.toUpperCase(),
    patternOf(operation.path),
    limited(operation.format ?? JSON_BODY),
    async (c) => {
      c.set('route', operation.path);
      const { status, body, headers } = await operation.run(contextOf(c), c.req);
      if (body instanceof ReadableStream || typeof body === 'string') return c.newResponse(body, status, headers);
      const text = body === undefined ? null : JSON.stringify(body);
      return c.newResponse(text, status, { ...headers, ...(body && { 'Content-Type': 'application/json' }) });
    },
  );
}

/** Paths as Hono writes them. */
function patternOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Who asks where the token of the control plane is not asked for. */
const ANONYMOUS = 'anonymous';

function contextOf(c: HonoContext<AppEnv>): Context {
  return {
    deps: c.env,
    actor: c.get('actor') ?? ANONYMOUS,
    requestId: c.get('requestId'),
    waitUntil: (work) => outlive(c, work),
  };
}

/** A Worker ends with its answer unless told otherwise; a Node process does not, and Hono then has no execution context. */
function outlive(c: HonoContext<AppEnv>, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // The work goes on by itself.
  }
}

/** To be registered last: what no operation has taken. */
function refuseOtherMethods(app: Hono<AppEnv>): void {
  for (const [path, routes] of Map.groupBy(app.routes.filter(isEndpoint), (route) => route.path)) {
    // HEAD is answered by GET.
    const methods = new Set(routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
    const allowed = [...methods].join(', ');
    app.all(path, (c) => {
      c.header('Allow', allowed);
      return answerProblem(c, new AppError('method-not-allowed', `Allowed here: ${allowed}.`));
    });
  }
}

/** Middleware is registered for all methods. */
function isEndpoint({ method }: { method: string }): boolean {
  return method !== 'ALL';
}

function logFailure(c: HonoContext<AppEnv>, error: Error): void {
  c.env.log.error('request.failed', { requestId: c.get('requestId'), route: c.get('route') ?? 'unmatched' }, error);
}

const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Names every request and writes one event for it. */
export const requestLog: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { clock, ids, log } = c.env;
  const startedMs = clock.now();
  const given = c.req.header('X-Request-Id') ?? '';
  const requestId = REQUEST_ID.test(given) ? given : `req_${ids.ulid()}`;
  c.set('requestId', requestId);
  await next();
  c.res.headers.set('X-Request-Id', requestId);
  log.info('request', {
    method: c.req.method,
    route: c.get('route') ?? 'unmatched',
    status: c.res.status,
    ms: clock.now() - startedMs,
    requestId,
  });
};
