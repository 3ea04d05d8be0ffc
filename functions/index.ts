import type { ExecutionContext } from 'hono';
import { createApp } from './api/app.ts';
import { createCloud } from './cloud/alicloud.ts';
import { createBudgets } from './cloud/budgets.ts';
import type { Deps } from './deps.ts';
import { runSchedule } from './engine/schedule.ts';
import { type Env, InvalidSettings, parseEnv } from './env.ts';
import { createNotifier } from './notifier.ts';
import { clock, ids, log, net } from './platform.ts';
import { createDynamoClient, createDynamoStore } from './store/dynamo.ts';

/** Cron fires each minute; the probers of one firing stop in time for those of the next. */
const SCHEDULE_MS = 57_000;

/** What one invocation works with. Nothing is shared with others: workerd lets no request wait for the promises of another. */
function createDeps(env: Env): Deps {
  const client = createDynamoClient({
    region: env.AWS_REGION,
    endpoint: env.DYNAMODB_ENDPOINT,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
    },
  });
  const credentials = env.ALIBABA_CLOUD_CREDENTIALS;
  const endpoint = env.ALIBABA_CLOUD_ENDPOINT;
  const store = createDynamoStore(client, env.TABLE_NAME);
  const allowLoopbackProbes = env.ALLOW_LOOPBACK_PROBES === 'true';
  return {
    store,
    cloud: createCloud({
      credentials,
      clock,
      log,
      budgets: createBudgets({ store, clock, log }),
      ...(endpoint === undefined ? {} : { endpoint: () => endpoint }),
    }),
    clock,
    ids,
    net,
    notifier: createNotifier(env.NOTIFICATION_TARGETS, { clock, allowLoopback: allowLoopbackProbes }),
    log,
    settings: {
      ownerId: env.OWNER_ID,
      credentials: Object.keys(credentials),
      notificationTargets: Object.keys(env.NOTIFICATION_TARGETS),
      allowLoopbackProbes,
    },
  };
}

export default {
  async fetch(request: Request, bindings: object, context: ExecutionContext): Promise<Response> {
    try {
      const env = parseEnv(bindings);
      const app = createApp(createDeps(env), { tokens: { ...env.API_TOKENS, api: env.API_TOKEN } });
      return await app.fetch(request, bindings, context);
    } catch (error) {
      if (!(error instanceof InvalidSettings)) throw error;
      log.error('settings.invalid', { message: error.message });
      return new Response('The control plane is not configured; its log says which settings are missing.\n', {
        status: 503,
      });
    }
  },

  async scheduled(_event: unknown, bindings: object): Promise<void> {
    const deps = createDeps(parseEnv(bindings));
    await runSchedule(deps, deps.clock.now() + SCHEDULE_MS);
  },
};
