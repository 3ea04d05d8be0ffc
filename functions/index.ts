import { createApp } from './api/app.ts';
import { createCloud } from './cloud/alicloud.ts';
import type { Deps } from './deps.ts';
import { runProbeSchedule } from './engine/probe.ts';
import { sweep } from './engine/sweep.ts';
import { type Env, InvalidSettings, parseEnv } from './env.ts';
import { clock, ids, log, net } from './platform.ts';
import { createDynamoClient, createDynamoStore } from './store/dynamo.ts';

/** Cron fires each minute; the probers of one firing stop in time for those of the next. */
const SCHEDULE_MS = 57_000;
const SWEEP_INTERVAL_MS = 10_000;

/** What Workers hand to a handler, as far as it is used here. */
interface Context {
  waitUntil(promise: Promise<unknown>): void;
}

function createDeps(env: Env): Deps {
  const client = createDynamoClient({
    region: env.AWS_REGION,
    endpoint: env.DYNAMODB_ENDPOINT,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      sessionToken: env.AWS_SESSION_TOKEN,
    },
  });
  const endpoint = env.ALIBABA_CLOUD_ENDPOINT;
  return {
    store: createDynamoStore(client, env.TABLE_NAME),
    cloud: createCloud({
      credentials: env.ALIBABA_CLOUD_CREDENTIALS,
      endpoint: endpoint === undefined ? undefined : () => endpoint,
      clock,
      log,
    }),
    clock,
    ids,
    net,
    log,
    settings: {
      ownerId: env.OWNER_ID,
      credentials: Object.keys(env.ALIBABA_CLOUD_CREDENTIALS),
      allowLoopbackProbes: env.ALLOW_LOOPBACK_PROBES === 'true',
    },
  };
}

interface Runtime {
  deps: Deps;
  app: ReturnType<typeof createApp>;
}

/** Clients and their connections are kept for the life of an isolate. */
const runtimes = new WeakMap<object, Runtime>();

function runtimeOf(bindings: object): Runtime {
  const known = runtimes.get(bindings);
  if (known) return known;
  const env = parseEnv(bindings);
  const deps = createDeps(env);
  const runtime = { deps, app: createApp(deps, { token: env.API_TOKEN }) };
  runtimes.set(bindings, runtime);
  return runtime;
}

async function sweepUntil(deps: Deps, deadlineMs: number): Promise<void> {
  while (deps.clock.now() < deadlineMs) {
    await sweep(deps);
    await deps.clock.sleep(Math.min(SWEEP_INTERVAL_MS, Math.max(0, deadlineMs - deps.clock.now())));
  }
}

export default {
  async fetch(request: Request, bindings: object, context: Context): Promise<Response> {
    try {
      return await runtimeOf(bindings).app.fetch(request, bindings, context);
    } catch (error) {
      if (!(error instanceof InvalidSettings)) throw error;
      log.error('settings.invalid', { message: error.message });
      return new Response('The control plane is not configured; its log says which settings are missing.\n', {
        status: 503,
      });
    }
  },

  async scheduled(_event: unknown, bindings: object): Promise<void> {
    const { deps } = runtimeOf(bindings);
    const deadlineMs = deps.clock.now() + SCHEDULE_MS;
    const jobs = await Promise.allSettled([runProbeSchedule(deps, deadlineMs), sweepUntil(deps, deadlineMs)]);
    // One must not end the other: an invocation that rejects is stopped at once.
    const failed = jobs.find((job) => job.status === 'rejected');
    if (failed) throw failed.reason;
  },
};
