import RPCClient from '@alicloud/pop-core';
import { say } from '../../schemas/messages/index.ts';
import type { Json } from '../core/gateway/provider-object.ts';
import { type Clock, type Cloud, CloudError, type CloudProduct, type CloudRequest, type Log } from '../deps.ts';
import { createLimit } from '../limit.ts';
import type { Budgets } from './budgets.ts';
import { invalidResponse, refusal, toFailure } from './errors.ts';
import { flatten, toJsonTexts } from './flatten.ts';
import { type Attempt, retry } from './retry.ts';

/** The most calls at a time. Workers allow 6 open connections for each invocation; one is left for the store. */
const MAX_SIMULTANEOUS_CALLS = 5;

/** The version of each API, and the encoding of its nested parameters. */
const PRODUCTS: Record<CloudProduct, { version: string; encode: typeof flatten }> = {
  alb: { version: '2020-06-16', encode: flatten },
  mse: { version: '2019-05-31', encode: toJsonTexts },
};

export interface Credentials {
  accessKeyId: string;
  accessKeySecret: string;
  securityToken?: string | undefined;
}

export interface CloudOptions {
  /** The credentials, by the name that gateways use. */
  credentials: Record<string, Credentials>;
  /** Returns the origin of an API, without a path. */
  endpoint?: (product: CloudProduct, regionId: string) => string;
  clock: Clock;
  /** The timeout of one attempt in milliseconds, for connecting, waiting and reading. */
  timeoutMs?: number;
  /** Returns a random number, uniform in [0, 1). It spreads retries. */
  random?: () => number;
  /** The budgets of calls. Without budgets, calls are made as they come. */
  budgets?: Budgets;
  log: Log;
}

/** The client of pop-core in `verbose` mode, which resolves with the answer and the HTTP exchange. */
type VerboseClient = {
  request(action: string, params: object, options: object): Promise<[unknown, { response: { statusCode: number } }]>;
};

/**
 * Creates the access to Alibaba Cloud. Make one for each invocation of a Worker: the queue of calls must not outlive
 * the request that waits in it.
 */
export function createCloud(options: CloudOptions): Cloud {
  const { credentials, clock, log, budgets, timeoutMs = 10_000, random = Math.random } = options;
  const endpoint = options.endpoint ?? ((product, regionId) => `https://${product}.${regionId}.aliyuncs.com`);
  // One slot is left free for a failover.
  const inSlot = createLimit(MAX_SIMULTANEOUS_CALLS, 1);
  const clients = new Map<string, VerboseClient>();

  function clientOf(request: CloudRequest, keys: Credentials): VerboseClient {
    const name = `${request.product} ${request.regionId} ${request.credentials}`;
    const client = clients.get(name) ?? createClient(request, endpoint(request.product, request.regionId), keys);
    clients.set(name, client);
    return client;
  }

  /**
   * Reports a throttled call to its budget. A normal call is retried when its budget allows it, and a failover when the
   * cloud asks for it.
   */
  function tellBudget<T>(request: CloudRequest, outcome: Attempt<T>): Attempt<T> {
    if (outcome.ok || outcome.error.errorClass !== 'throttled' || budgets === undefined) return outcome;
    budgets.throttled(request, outcome.retryAfterMs);
    return request.priority === 'failover' ? outcome : { ok: false, error: outcome.error };
  }

  return {
    async call(request) {
      const keys = Object.hasOwn(credentials, request.credentials) ? credentials[request.credentials] : undefined;
      if (keys === undefined) throw unknownCredentials(request);
      const client = clientOf(request, keys);
      const parameters = PRODUCTS[request.product].encode(request.parameters);
      const once = async () => {
        // This runs inside the slot, because what was ensured before a long wait might not hold any more.
        const send = async () => {
          await request.beforeAttempt?.();
          return await attempt(client, request.action, parameters, keys, timeoutMs);
        };
        return tellBudget(request, await inSlot(send, request.priority === 'failover'));
      };
      return retry(once, {
        clock,
        random,
        turn: budgets && (() => budgets.turn(request)),
        onRetry: ({ code, requestId }, count, delayMs) =>
          log.info('cloud.retry', { action: request.action, code, requestId, attempt: count, delayMs }),
      });
    },
  };
}

async function attempt(
  client: VerboseClient,
  action: string,
  parameters: Record<string, string>,
  keys: Credentials,
  timeoutMs: number,
): Promise<Attempt<Record<string, Json>>> {
  const secrets = [keys.accessKeyId, keys.accessKeySecret, keys.securityToken ?? ''].filter((text) => text !== '');
  try {
    // POST keeps the signature and the key out of the URL. Without `formatParams: false`, pop-core would capitalize
    // parameter names.
    const options = { method: 'POST', formatParams: false, timeout: timeoutMs };
    const [body, exchange] = await client.request(action, parameters, options);
    const status = exchange.response.statusCode;
    const answer = toJsonObject(body);
    if (status >= 400 || answer === undefined) {
      return { ok: false, error: invalidResponse(action, say('AnswerWithoutCode', { status }).text) };
    }
    if (answer['Success'] === false) return { ok: false, error: refusal(answer, action, secrets) };
    return { ok: true, value: answer };
  } catch (thrown) {
    return { ok: false, ...toFailure(thrown, action, secrets) };
  }
}

/**
 * Returns the answer as a plain JSON object. Big integers arrive as objects, and objects arrive without a prototype; a
 * round trip through JSON turns them into texts and plain objects.
 */
function toJsonObject(body: unknown): Record<string, Json> | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return JSON.parse(JSON.stringify(body));
}

/**
 * Creates a client in `verbose` mode, so that it returns the HTTP status. The types of pop-core leave out the second
 * argument of the constructor.
 */
function createClient(request: CloudRequest, endpoint: string, keys: Credentials): VerboseClient {
  const Client = RPCClient as unknown as new (config: RPCClient.Config, verbose: boolean) => VerboseClient;
  const { accessKeyId, accessKeySecret, securityToken } = keys;
  const config = { endpoint, apiVersion: PRODUCTS[request.product].version, accessKeyId, accessKeySecret };
  return new Client(securityToken === undefined ? config : { ...config, securityToken }, true);
}

function unknownCredentials(request: CloudRequest): CloudError {
  return new CloudError({
    code: 'UnknownCredentials',
    errorClass: 'credentials',
    action: request.action,
    message: say('NoCredentials', { name: request.credentials }).text,
  });
}
