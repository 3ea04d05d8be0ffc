import { Hono, type Context as HonoContext, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { say } from '../../schemas/messages/index.ts';
import openApi from '../../schemas/openapi.json' with { type: 'json' };
import { AppError } from '../commands/app-error.ts';
import type { Context } from '../commands/context.ts';
import { digest } from '../core/model/digest.ts';
import { endpoints } from './endpoints/index.ts';
import { bearer } from './http/auth.ts';
import { type BodyFormat, JSON_BODY } from './http/body.ts';
import type { AppEnv } from './http/env.ts';
import type { Endpoint } from './http/endpoint.ts';
import { answerProblem } from './http/problem.ts';

/**
 * Creates the HTTP API, which is built once for all requests; each request brings its ports as the second argument of `fetch`.
 * `tokens` are the tokens by actor. They are required for everything except the health of the control plane, the description
 * of the API, and endpoints with a token of their own.
 */
export function createApp({ tokens }: { tokens: Readonly<Record<string, string>> }): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.use(requestLog, secureHeaders(), noStore);
  app.use(
    '/v1/*',
    except(
      endpoints.filter(({ hasOwnToken }) => hasOwnToken).map(({ path }) => patternOf(path)),
      bearer(tokens),
    ),
  );
  app.onError((error, c) => {
    const answer = answerProblem(c, error);
    if (answer.status >= 500) logFailure(c, error);
    return answer;
  });
  app.notFound((c) => answerProblem(c, new AppError('not-found', say('NothingHere'))));

  app.get('/openapi.json', etag(), (c) => {
    const { text, headers } = documentationReply();
    return c.body(text, 200, headers);
  });
  for (const endpoint of endpoints) register(app, endpoint);
  refuseOtherMethods(app);
  return app;
}

interface Documentation {
  text: string;
  headers: Record<string, string>;
}

let documentation: Documentation | undefined;

/** Returns the OpenAPI document as text with its entity tag. It is written on the first request, because few isolates ever get one. */
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
      throw new AppError('body-too-large', say('BodyTooLarge', { maxBytes }));
    },
  });
}

function register(app: Hono<AppEnv>, endpoint: Endpoint): void {
  app.on(
    endpoint.method.toUpperCase(),
    patternOf(endpoint.path),
    limited(endpoint.format ?? JSON_BODY),
    async (c) => {
      c.set('route', endpoint.path);
      const { status, body, headers } = await endpoint.run(contextOf(c), c.req);
      if (body instanceof ReadableStream || typeof body === 'string') return c.newResponse(body, status, headers);
      const text = body === undefined ? null : JSON.stringify(body);
      return c.newResponse(text, status, { ...headers, ...(body && { 'Content-Type': 'application/json' }) });
    },
  );
}

/** Returns a path template in the form that Hono takes. */
function patternOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** The actor of operations that do not require a token of the control plane. */
const ANONYMOUS = 'anonymous';

function contextOf(c: HonoContext<AppEnv>): Context {
  return {
    deps: c.env,
    actor: c.get('actor') ?? ANONYMOUS,
    requestId: c.get('requestId'),
    waitUntil: (work) => outlive(c, work),
  };
}

/** Keeps a Worker alive until the work is done, after its answer. A Node process needs no such call, and has no execution context. */
function outlive(c: HonoContext<AppEnv>, work: Promise<unknown>): void {
  try {
    c.executionCtx.waitUntil(work);
  } catch {
    // Without an execution context, the work goes on by itself.
  }
}

/** Answers 405 to the methods that no operation of a path has. It has to be registered last. */
function refuseOtherMethods(app: Hono<AppEnv>): void {
  for (const [path, routes] of Map.groupBy(app.routes.filter(isEndpoint), (route) => route.path)) {
    // Hono answers HEAD with the handler of GET.
    const methods = new Set(routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
    const allowed = [...methods].join(', ');
    app.all(path, (c) => {
      c.header('Allow', allowed);
      return answerProblem(c, new AppError('method-not-allowed', say('OtherMethod', { allowed })));
    });
  }
}

/** Tells an endpoint from middleware, which is registered for all methods. */
function isEndpoint({ method }: { method: string }): boolean {
  return method !== 'ALL';
}

function logFailure(c: HonoContext<AppEnv>, error: Error): void {
  c.env.log.error('request.failed', { requestId: c.get('requestId'), route: c.get('route') ?? 'unmatched' }, error);
}

const REQUEST_ID = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Gives every request an id, and writes one log event for it. */
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
