import type { ExecutionContext } from 'hono';
import { createApp } from './api/app.ts';
import { createCloud } from './cloud/alicloud.ts';
import { createBudgets } from './cloud/budgets.ts';
import type { Deps } from './deps.ts';
import { deliverDue } from './engine/notify.ts';
import { runProbeSchedule } from './engine/probe.ts';
import { sweepRollouts } from './engine/rollout.ts';
import { sweep } from './engine/sweep.ts';
import { type Env, InvalidSettings, parseEnv, secretsOf } from './env.ts';
import { createNotifier } from './notifier.ts';
import { clock, createLog, ids, net } from './platform.ts';
import { createDynamoClient, createDynamoStore } from './store/dynamo.ts';

/** Cron fires each minute; the probers of one firing stop in time for those of the next. */
const SCHEDULE_MS = 57_000;
const SWEEP_INTERVAL_MS = 10_000;

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
  const log = createLog(secretsOf(env));
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

/** Again and again, so that what comes up within the minute does not wait for the next. */
async function repeatUntil(deps: Deps, deadlineMs: number, work: () => Promise<void>): Promise<void> {
  while (deps.clock.now() < deadlineMs) {
    await work();
    await deps.clock.sleep(Math.min(SWEEP_INTERVAL_MS, Math.max(0, deadlineMs - deps.clock.now())));
  }
}

export default {
  async fetch(request: Request, bindings: object, context: ExecutionContext): Promise<Response> {
    try {
      const env = parseEnv(bindings);
      const app = createApp(createDeps(env), { tokens: { ...env.API_TOKENS, api: env.API_TOKEN } });
      return await app.fetch(request, bindings, context);
    } catch (error) {
      if (!(error instanceof InvalidSettings)) throw error;
      createLog().error('settings.invalid', { message: error.message });
      return new Response('The control plane is not configured; its log says which settings are missing.\n', {
        status: 503,
      });
    }
  },

  async scheduled(_event: unknown, bindings: object): Promise<void> {
    const deps = createDeps(parseEnv(bindings));
    const deadlineMs = deps.clock.now() + SCHEDULE_MS;
    const jobs = await Promise.allSettled([
      runProbeSchedule(deps, deadlineMs),
      repeatUntil(deps, deadlineMs, () => sweep(deps, deadlineMs)),
      repeatUntil(deps, deadlineMs, () => sweepRollouts(deps, deadlineMs)),
      repeatUntil(deps, deadlineMs, () => deliverDue(deps, deadlineMs)),
    ]);
    // One must not end the other: an invocation that rejects is stopped at once.
    const failed = jobs.filter((job) => job.status === 'rejected');
    for (const { reason } of failed) deps.log.error('schedule.failed', {}, reason);
    // The platform shows what is thrown here as it is, so it says nothing but where to look.
    if (failed.length > 0) throw new Error('A scheduled job failed: schedule.failed in the log has the cause.');
  },
};
