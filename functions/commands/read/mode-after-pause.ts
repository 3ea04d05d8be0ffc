import type { Automation } from '../../../schemas/fleet.ts';
import type { Resource } from '../../core/model/resource.ts';
import { pagesOf, type Store } from '../../deps.ts';

/** The number of revisions that are read at a time. Most pauses span fewer. */
const REVISIONS = 20;

/**
 * Returns the mode that a fleet resumes: that of the last revision that was not paused. No extra record is needed, and
 * declaring another mode ends the pause. A fleet that has always been paused resumes `recommend`.
 */
export async function modeAfterPause(store: Pick<Store, 'revisions'>, fleet: Resource<'fleet'>): Promise<Automation> {
  if (fleet.spec.automation !== 'paused') return fleet.spec.automation;
  const ref = { kind: 'fleet', fleet: fleet.name, name: fleet.name } as const;
  for await (const revisions of pagesOf(REVISIONS, (request) => store.revisions(ref, request))) {
    const own = revisions.filter(({ uid }) => uid === fleet.uid);
    const modes = own.flatMap(({ spec }) => ('automation' in spec ? spec.automation : []));
    const found = modes.find((mode) => mode !== 'paused');
    if (found !== undefined) return found;
    if (own.length < revisions.length) break;
  }
  return 'recommend';
}
