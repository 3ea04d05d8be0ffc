import type { Automation } from '../../../schemas/fleet.ts';
import type { Resource } from '../../core/model/resource.ts';
import type { Store } from '../../deps.ts';

/** The number of revisions that are read at a time. Most pauses span fewer. */
const REVISIONS = 20;

/**
 * Returns the mode that a fleet resumes: that of the last revision that was not paused. No extra record is needed, and
 * declaring another mode ends the pause. A fleet that has always been paused resumes `recommend`.
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
