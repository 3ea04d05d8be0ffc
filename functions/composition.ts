import type { Hono } from 'hono';
import { type AppParts, createApp } from './api/app.ts';
import type { AppEnv } from './api/http/env.ts';
import { createSenders } from './api/http/senders.ts';
import { createCloud } from './cloud/alicloud.ts';
import { createBudgets } from './cloud/budgets.ts';
import { createAuthenticate } from './commands/access/authenticate.ts';
import { LOOPBACK } from './core/egress/target.ts';
import type { Deps } from './deps.ts';
import { type Env, secretsOf } from './env.ts';
import { createIdentityProviders } from './identity.ts';
import { createNotifier } from './notifier.ts';
import { clock, createLog, ids, net } from './platform.ts';
import { createSecrets } from './secrets.ts';
import { createDynamoClient, createDynamoStore } from './store/dynamo.ts';

/** The parts of the control plane that an isolate or a process keeps for all of its requests. */
export interface ControlPlane {
  /** The HTTP application. Its `fetch` takes the ports of a request as the second argument. */
  app: Hono<AppEnv>;
  /** Creates the ports of one request, or of one firing of the schedule. */
  createDeps(): Deps;
}

/**
 * Composes the control plane from its settings. All requests share the application, the DynamoDB client and the notifier,
 * because making them costs more than most requests do. Each request gets its own store and its own port to the clouds: they
 * keep promises for later callers, and workerd cancels a request that waits for a promise of another one.
 */
export function createControlPlane(env: Env, { openApi }: Pick<AppParts, 'openApi'>): ControlPlane {
  const egress = { allowed: env.ALLOW_LOOPBACK_PROBES === 'true' ? LOOPBACK : [] };
  const log = createLog(secretsOf(env));
  const client = createDynamoClient({
    region: env.AWS_REGION,
    endpoint: env.DYNAMODB_ENDPOINT,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
    },
  });
  const notifier = createNotifier(env.NOTIFICATION_TARGETS, {
    clock,
    log,
    egress,
    heartbeatUrl: env.HEARTBEAT_URL,
  });
  const secrets = createSecrets(env.SECRETS);
  const credentials = env.ALIBABA_CLOUD_CREDENTIALS;
  const endpoint = env.ALIBABA_CLOUD_ENDPOINT;
  const settings = {
    ownerId: env.OWNER_ID,
    credentials: Object.keys(credentials),
    notificationTargets: Object.keys(env.NOTIFICATION_TARGETS),
    webhookTargets: Object.entries(env.NOTIFICATION_TARGETS).flatMap(([name, { format }]) =>
      format === 'webhook' ? [name] : [],
    ),
    hasToken: env.API_TOKEN !== undefined,
    egress,
  };
  const identities = createIdentityProviders(env.OIDC_ISSUERS, { clock, net, log });
  return {
    app: createApp({
      openApi,
      authenticate: createAuthenticate({ settingToken: env.API_TOKEN }),
      corsOrigins: env.CORS_ORIGINS,
      senders: createSenders(env.RATE_LIMITS, env.ADDRESS_HEADER, env.API_TOKEN === undefined ? [] : [env.API_TOKEN]),
    }),
    createDeps: () => {
      const store = createDynamoStore(client, env.TABLE_NAME);
      const cloud = createCloud({
        credentials,
        clock,
        log,
        budgets: createBudgets({ store, clock, log }),
        ...(endpoint === undefined ? {} : { endpoint: () => endpoint }),
      });
      return { store, cloud, clock, ids, net, notifier, secrets, identities, log, settings };
    },
  };
}
