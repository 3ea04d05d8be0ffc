import type { ExecutionContext } from 'hono';
import { type ControlPlane, createControlPlane } from './composition.ts';
import { runSchedule } from './engine/schedule.ts';
import { InvalidSettings, parseEnv } from './env.ts';
import { createLog } from './platform.ts';

/** Cron fires each minute; the probers of one firing stop in time for those of the next. */
const SCHEDULE_MS = 57_000;

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

export default {
  async fetch(request: Request, bindings: object, context: ExecutionContext): Promise<Response> {
    try {
      const { app, createDeps } = controlPlaneOf(bindings);
      return await app.fetch(request, createDeps(), context);
    } catch (error) {
      if (!(error instanceof InvalidSettings)) throw error;
      createLog().error('settings.invalid', { message: error.message });
      return new Response('The control plane is not configured; its log says which settings are missing.\n', {
        status: 503,
      });
    }
  },

  async scheduled(_event: unknown, bindings: object): Promise<void> {
    const deps = controlPlaneOf(bindings).createDeps();
    await runSchedule(deps, deps.clock.now() + SCHEDULE_MS);
  },
};
