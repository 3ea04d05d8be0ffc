import type { ExecutionContext } from 'hono';
import { type ControlPlane, createControlPlane } from './composition.ts';
import type { Deps } from './deps.ts';
import { deliverDue } from './engine/notify.ts';
import { runProbeSchedule } from './engine/probe.ts';
import { sweepRollouts } from './engine/rollout.ts';
import { sweep } from './engine/sweep.ts';
import { InvalidSettings, parseEnv } from './env.ts';
import { log } from './platform.ts';

/** Cron fires each minute; the probers of one firing stop in time for those of the next. */
const SCHEDULE_MS = 57_000;
const SWEEP_INTERVAL_MS = 10_000;

/** The platform gives all requests of an isolate the same bindings: they change by a deployment, which starts new isolates. */
const controlPlanes = new WeakMap<object, ControlPlane>();

/** Throws InvalidSettings. */
function controlPlaneOf(bindings: object): ControlPlane {
  const existing = controlPlanes.get(bindings);
  if (existing !== undefined) return existing;
  const created = createControlPlane(parseEnv(bindings));
  controlPlanes.set(bindings, created);
  return created;
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
      const { app, createDeps } = controlPlaneOf(bindings);
      return await app.fetch(request, createDeps(), context);
    } catch (error) {
      if (!(error instanceof InvalidSettings)) throw error;
      log.error('settings.invalid', { message: error.message });
      return new Response('The control plane is not configured; its log says which settings are missing.\n', {
        status: 503,
      });
    }
  },

  async scheduled(_event: unknown, bindings: object): Promise<void> {
    const deps = controlPlaneOf(bindings).createDeps();
    const deadlineMs = deps.clock.now() + SCHEDULE_MS;
    const jobs = await Promise.allSettled([
      runProbeSchedule(deps, deadlineMs),
      repeatUntil(deps, deadlineMs, () => sweep(deps, deadlineMs)),
      repeatUntil(deps, deadlineMs, () => sweepRollouts(deps, deadlineMs)),
      repeatUntil(deps, deadlineMs, () => deliverDue(deps, deadlineMs)),
    ]);
    // One must not end the other: an invocation that rejects is stopped at once.
    const failed = jobs.find((job) => job.status === 'rejected');
    if (failed) throw failed.reason;
  },
};
