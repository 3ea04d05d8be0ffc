import { Hono, type Context as HonoContext, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import { say } from '../../schemas/messages/index.ts';
import openApi from '../../schemas/openapi.json' with { type: 'json' };
import type { Authenticate } from '../commands/access/authenticate.ts';
import { AppError } from '../commands/app-error.ts';
import type { Context } from '../commands/context.ts';
import { ANONYMOUS } from '../core/access/principal.ts';
import { digest } from '../core/model/digest.ts';
import { endpoints } from './endpoints/index.ts';
import { bearer, voterBearer } from './http/auth.ts';
import { JSON_BODY } from './http/body.ts';
import { type Endpoint, NO_BODY } from './http/endpoint.ts';
import type { AppEnv } from './http/env.ts';
import { classOf, type Limiter } from './http/limits.ts';
import { outlive } from './http/outlive.ts';
import { answerProblem } from './http/problem.ts';
import { requestLog } from './http/request-log.ts';
import { countRefusals, type Senders } from './http/senders.ts';

/**
 * Creates the HTTP API, which is built once for all requests; each request brings its ports as the second argument of `fetch`.
 * `authenticate` finds out whose token a request has, and `senders` is what this process knows of whoever sends requests. A
 * token is required for everything except the health of the control plane and the description of the API.
 */
export function createApp({ authenticate, senders }: { authenticate: Authenticate; senders: Senders }): Hono<AppEnv> {
  const { door, limiter } = senders;
  const app = new Hono<AppEnv>();
  app.use(requestLog, countRefusals(senders), secureHeaders(), noStore);
  app.use(
    '/v1/*',
    except(
      endpoints
        .filter((endpoint) => isForVoter(endpoint) || endpoint.access === 'public')
        .map(({ path }) => patternOf(path)),
      bearer(door, authenticate),
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
  for (const endpoint of endpoints) {
    if (isForVoter(endpoint)) app.use(patternOf(endpoint.path), voterBearer(door, authenticate));
    register(app, endpoint, limiter);
  }
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

/** Refuses bodies that are too large. A body that is sent to an operation without one is not read. */
function limited({ body, format: { maxBytes } = JSON_BODY }: Endpoint): MiddlewareHandler<AppEnv> {
  if (body === NO_BODY) return (_, next) => next();
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw new AppError('body-too-large', say('BodyTooLarge', { maxBytes }));
    },
  });
}

/** Tells whether the token of an alert voter is accepted, which only the fleet of the path knows. */
function isForVoter({ access }: Endpoint): boolean {
  return typeof access === 'object' && access.permission === 'alert';
}

function register(app: Hono<AppEnv>, endpoint: Endpoint, limiter: Limiter): void {
  app.on(
    endpoint.method.toUpperCase(),
    patternOf(endpoint.path),
    withinLimits(endpoint, limiter),
    limited(endpoint),
    async (c) => {
      const { status, body, headers } = await endpoint.run(contextOf(c), c.req);
      if (body instanceof ReadableStream || typeof body === 'string') return c.newResponse(body, status, headers);
      const text = body === undefined ? null : JSON.stringify(body);
      return c.newResponse(text, status, { ...headers, ...(body && { 'Content-Type': 'application/json' }) });
    },
  );
}

/** Lets requests in that are within the limits of their sender. Whoever sends no token is known by the network. */
function withinLimits({ access, method, path }: Endpoint, limiter: Limiter): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    c.set('route', path);
    const actor = c.get('principal')?.actor ?? c.get('addressPrefix');
    const limitClass = classOf(access, method, c.req.query('dryRun') === 'true');
    const { headers, end } = limiter.admit(actor, limitClass, c.env.clock.now());
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
    try {
      await next();
    } finally {
      end();
    }
  };
}

/** Returns a path template in the form that Hono takes. */
function patternOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

function contextOf(c: HonoContext<AppEnv>): Context {
  return {
    deps: c.env,
    principal: c.get('principal') ?? ANONYMOUS,
    requestId: c.get('requestId'),
    clientRequestId: c.get('clientRequestId'),
    waitUntil: (work) => outlive(c, work),
    countRefused: c.get('countRefused'),
  };
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
