import type { Automation } from '../../../schemas/fleet.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Store } from '../../deps.ts';

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
    const page = await store.revisions(
      { kind: 'fleet', fleet: fleet.name, name: fleet.name },
      { limit: REVISIONS, token },
    );
    const own = page.items.filter(({ uid }) => uid === fleet.uid);
    const modes = own.flatMap(({ spec }) => ('automation' in spec ? spec.automation : []));
    const found = modes.find((mode) => mode !== 'paused');
    if (found !== undefined) return found;
    token = own.length < page.items.length ? undefined : page.nextToken;
  } while (token !== undefined);
  return 'recommend';
}
