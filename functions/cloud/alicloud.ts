import RPCClient from '@alicloud/pop-core';
import type { Json } from '../core/gateway/provider-object.ts';
import { type Clock, type Cloud, CloudError, type CloudProduct, type CloudRequest, type Log } from '../deps.ts';
import type { Budgets } from './budgets.ts';
import { invalidResponse, refusal, toFailure } from './errors.ts';
import { flatten, toJsonTexts } from './flatten.ts';
import { type Attempt, retry } from './retry.ts';
import { createSlots } from './slots.ts';

/** Workers allow 6 open connections for each invocation; one is left for the store. */
const MAX_SIMULTANEOUS_CALLS = 5;

/** Version of the API, and the form that nested parameters take. */
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
  /** By the name that gateways use. */
  credentials: Record<string, Credentials>;
  /** Origin of the API, without a path. */
  endpoint?: (product: CloudProduct, regionId: string) => string;
  clock: Clock;
  /** Of one attempt: connecting, waiting and reading. */
  timeoutMs?: number;
  /** Uniform in [0, 1); spreads retries. */
  random?: () => number;
  /** Absent: calls are made as they come. */
  budgets?: Budgets;
  log: Log;
}

/** Answer and exchange, as pop-core resolves when it is `verbose`. */
type VerboseClient = {
  request(action: string, params: object, options: object): Promise<[unknown, { response: { statusCode: number } }]>;
};

/**
 * Access to Alibaba Cloud. Make one for each invocation of a Worker: the queue of calls must not outlive the request that waits in it.
 */
export function createCloud(options: CloudOptions): Cloud {
  const { credentials, clock, log, budgets, timeoutMs = 10_000, random = Math.random } = options;
  const endpoint = options.endpoint ?? ((product, regionId) => `https://${product}.${regionId}.aliyuncs.com`);
  const inSlot = createSlots(MAX_SIMULTANEOUS_CALLS);
  const clients = new Map<string, VerboseClient>();

  function clientOf(request: CloudRequest, keys: Credentials): VerboseClient {
    const name = `${request.product} ${request.regionId} ${request.credentials}`;
    const client = clients.get(name) ?? createClient(request, endpoint(request.product, request.regionId), keys);
    clients.set(name, client);
    return client;
  }

  /** A normal call that is throttled comes again when its budget says so; a failover when the cloud does. */
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
        // In its slot: what was ensured before a long wait might not hold any more.
        const send = async () => {
          await request.beforeAttempt?.();
          return await attempt(client, request.action, parameters, keys, timeoutMs);
        };
        return tellBudget(request, await inSlot(request.priority ?? 'normal', send));
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
    // POST keeps signature and key out of the URL. pop-core would capitalise names that it does not know.
    const options = { method: 'POST', formatParams: false, timeout: timeoutMs };
    const [body, exchange] = await client.request(action, parameters, options);
    const status = exchange.response.statusCode;
    const answer = toJsonObject(body);
    if (status >= 400 || answer === undefined) {
      return { ok: false, error: invalidResponse(action, `HTTP ${status} without an error code`) };
    }
    if (answer['Success'] === false) return { ok: false, error: refusal(answer, action, secrets) };
    return { ok: true, value: answer };
  } catch (thrown) {
    return { ok: false, ...toFailure(thrown, action, secrets) };
  }
}

/** Big integers arrive as objects and objects without a prototype; a round trip makes text and plain objects of them. */
function toJsonObject(body: unknown): Record<string, Json> | undefined {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined;
  return JSON.parse(JSON.stringify(body));
}

/** pop-core's types leave out the second argument of the constructor, which makes it tell the HTTP status. */
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
    message: `There is no credential set ${request.credentials} in the settings`,
  });
}
