import type { Automation } from '../../schemas/fleet.ts';
import type { RefTo, Resource } from '../core/model.ts';
import type { Store } from '../deps.ts';
import type { Context } from './context.ts';
import { editResource, type Written } from './write/resource.ts';

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

/** Revisions that are read at a time; most pauses are no longer. */
const REVISIONS = 20;

/**
 * The mode to which a fleet goes back: the one of the last revision that was not paused, so that nothing has to be remembered, and whoever declares
 * another mode has ended the pause. A fleet that was never anything else recommends.
 */
export async function modeAfterPause(store: Pick<Store, 'revisions'>, fleet: Resource<'fleet'>): Promise<Automation> {
  if (fleet.spec.automation !== 'paused') return fleet.spec.automation;
  let token: string | undefined;
  do {
    const page = await store.revisions(refOf(fleet.name), { limit: REVISIONS, token });
    const own = page.items.filter(({ uid }) => uid === fleet.uid);
    const modes = own.flatMap(({ spec }) => ('automation' in spec ? spec.automation : []));
    const found = modes.find((mode) => mode !== 'paused');
    if (found !== undefined) return found;
    token = own.length < page.items.length ? undefined : page.nextToken;
  } while (token !== undefined);
  return 'recommend';
}

function refOf(fleet: string): RefTo<'fleet'> {
  return { kind: 'fleet', fleet, name: fleet };
}
