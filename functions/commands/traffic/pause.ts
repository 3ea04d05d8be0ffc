import type { RefTo } from '../../core/model/resource.ts';
import type { Context } from '../context.ts';
import { modeAfterPause } from '../read/mode-after-pause.ts';
import { editResource, type Written } from '../write/resource.ts';

/** Automation records and moves nothing from now on; the rest of the policy stays. Throws `not-found` and `write-conflict`. */
export async function pauseFleet(ctx: Context, fleet: string): Promise<Written<'fleet'>> {
  return await editResource(ctx, refOf(fleet), async ({ spec }) => ({ ...spec, automation: 'paused' }));
}

/** Goes back to the mode before the pause. A fleet that is not paused stays as it is. Throws `not-found` and `write-conflict`. */
export async function resumeFleet(ctx: Context, fleet: string): Promise<Written<'fleet'>> {
  return await editResource(ctx, refOf(fleet), async (before) => {
    return { ...before.spec, automation: await modeAfterPause(ctx.deps.store, before) };
  });
}

function refOf(fleet: string): RefTo<'fleet'> {
  return { kind: 'fleet', fleet, name: fleet };
}
