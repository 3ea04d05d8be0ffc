import { type Handler, Hono, type Context as HonoContext, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { except } from 'hono/combine';
import { etag } from 'hono/etag';
import { secureHeaders } from 'hono/secure-headers';
import type { Permission } from '../../schemas/access.ts';
import { say } from '../../schemas/messages/index.ts';
import type { Authenticate } from '../commands/access/authenticate.ts';
import { AppError } from '../commands/app-error.ts';
import type { Context } from '../commands/context.ts';
import { permissionOf } from '../core/access/access.ts';
import { ANONYMOUS } from '../core/access/principal.ts';
import { digest } from '../core/model/digest.ts';
import { endpoints } from './endpoints/index.ts';
import { bearer, bearerReadAnew, tokenInBody, voterBearer } from './http/auth.ts';
import { JSON_BODY, MERGE_PATCH_TYPE } from './http/body.ts';
import { crossOrigin } from './http/cors.ts';
import { type Endpoint, NO_BODY } from './http/endpoint.ts';
import { type AppEnv, outlive } from './http/env.ts';
import { classOf, type Limiter } from './http/limits.ts';
import { nearestPath } from './http/nearest.ts';
import { answerProblem } from './http/problem.ts';
import { requestLog } from './http/request-log.ts';
import { countRefusals, type Senders } from './http/senders.ts';

/**
 * Creates the HTTP API, which is built once for all requests; each request brings its ports as the second argument of `fetch`.
 * `authenticate` finds out whose token a request has, and `senders` is what this process knows of whoever sends requests. A
 * token is required for everything except the health of the control plane and the description of the API.
 */
export function createApp({ openApi, authenticate, senders, corsOrigins = [] }: AppParts): Hono<AppEnv> {
  const { door, limiter } = senders;
  const app = new Hono<AppEnv>({ strict: false });
  app.use(requestLog, countRefusals(senders), secureHeaders(), noStore);
  if (corsOrigins.length > 0) app.use(crossOrigin(corsOrigins));
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
  app.notFound((c) => {
    const meant = nearestPath(c.req.path, PATHS);
    return answerProblem(c, new AppError('not-found', say('NothingHere', { meant })));
  });

  app.get('/openapi.json', etag(), answerDocument(openApi));
  for (const endpoint of endpoints) {
    if (isForVoter(endpoint)) app.use(patternOf(endpoint.path), voterBearer(door, authenticate));
    if (endpoint.access === 'public' && endpoint.signed) app.use(patternOf(endpoint.path), tokenInBody(door));
    if (givesAccess(endpoint)) app.on(methodOf(endpoint), patternOf(endpoint.path), bearerReadAnew(door, authenticate));
    register(app, endpoint, limiter);
  }
  answerOtherMethods(app);
  return app;
}

export interface AppParts {
  /** Reads the OpenAPI document. It is read on the first request, because few isolates ever get one. */
  openApi(): Promise<string>;
  authenticate: Authenticate;
  senders: Senders;
  /** The origins whose pages may call the API from a browser. */
  corsOrigins?: readonly string[];
}

const PATHS: readonly string[] = ['/openapi.json', ...endpoints.map(({ path }) => path)];

/** Creates the handler of the OpenAPI document, which has an entity tag. */
function answerDocument(read: () => Promise<string>): Handler<AppEnv> {
  let documentation: { text: string; tag: string } | undefined;
  return async (c) => {
    if (documentation === undefined) {
      const text = await read();
      documentation = { text, tag: `"${digest(text)}"` };
    }
    const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-cache', ETag: documentation.tag };
    return c.body(documentation.text, 200, headers);
  };
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

/** The permissions with which somebody gives access to others. Declarations give it to voters, by their keys and tokens. */
const GIVING: readonly (Permission | undefined)[] = ['administer', 'approve', 'declare'];

/** Tells whether somebody could give access to others by an operation, or approve of it. */
function givesAccess({ access, method }: Endpoint): boolean {
  return method !== 'get' && GIVING.includes(permissionOf(access));
}

function methodOf({ method }: Endpoint): string {
  return method.toUpperCase();
}

function register(app: Hono<AppEnv>, endpoint: Endpoint, limiter: Limiter): void {
  app.on(
    methodOf(endpoint),
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

/**
 * Answers OPTIONS with the methods of a path (RFC 9110, section 9.3.7), and 405 to those that no operation of it has. It has to be
 * registered last.
 */
function answerOtherMethods(app: Hono<AppEnv>): void {
  for (const [path, routes] of Map.groupBy(app.routes.filter(isEndpoint), (route) => route.path)) {
    // Hono answers HEAD with the handler of GET.
    const methods = new Set(routes.flatMap(({ method }) => (method === 'GET' ? ['GET', 'HEAD'] : [method])));
    const allowed = [...methods, 'OPTIONS'].join(', ');
    app.all(path, (c) => {
      c.header('Allow', allowed);
      if (methods.has('PATCH')) c.header('Accept-Patch', MERGE_PATCH_TYPE);
      if (c.req.method === 'OPTIONS') return c.body(null, 204);
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
