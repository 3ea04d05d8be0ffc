import type { ExecutionContext } from 'hono';
import { say } from '../schemas/messages/index.ts';
import { stepRollouts } from './commands/rollouts/advance.ts';
import { type ControlPlane, createControlPlane } from './composition.ts';
import { runSchedule } from './engine/schedule/schedule.ts';
import { InvalidSettings, parseEnv } from './env.ts';
import { createLog } from './platform.ts';

/** The length of one scheduled run. Cron fires each minute, and the probers of one firing stop in time for those of the next. */
const SCHEDULE_MS = 57_000;

/**
 * The control plane of each object of bindings. The platform gives all requests of an isolate the same object: bindings change
 * with a deployment, which starts new isolates.
 */
const controlPlanes = new WeakMap<object, ControlPlane>();

/** Returns the control plane of the bindings; undefined when the settings are wrong, in which case the log says which. */
function controlPlaneOf(bindings: object): ControlPlane | undefined {
  const existing = controlPlanes.get(bindings);
  if (existing !== undefined) return existing;
  try {
    const created = createControlPlane(parseEnv(bindings));
    controlPlanes.set(bindings, created);
    return created;
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    createLog().error('settings.invalid', { message: error.message });
    return undefined;
  }
}

const NOT_CONFIGURED = say('NotConfigured').text;

export default {
  async fetch(request: Request, bindings: object, context: ExecutionContext): Promise<Response> {
    const controlPlane = controlPlaneOf(bindings);
    if (controlPlane === undefined) return new Response(`${NOT_CONFIGURED}\n`, { status: 503 });
    return await controlPlane.app.fetch(request, controlPlane.createDeps(), context);
  },

  async scheduled(_event: unknown, bindings: object): Promise<void> {
    const controlPlane = controlPlaneOf(bindings);
    if (controlPlane === undefined) throw new Error(NOT_CONFIGURED);
    const deps = controlPlane.createDeps();
    await runSchedule(deps, deps.clock.now() + SCHEDULE_MS, stepRollouts);
  },
};
