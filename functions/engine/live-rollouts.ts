import type { DistributionRollout } from '../../schemas/rollout.ts';
import { isOwn } from '../core/rollout/next-move.ts';
import { byName } from '../core/routing/resolve.ts';
import type { Store, StoredDocument } from '../deps.ts';

/**
 * The most live rollouts that are read, over all fleets. Each is a distribution that somebody is changing at the
 * moment.
 */
const MOST_LIVE = 1000;

/**
 * Returns the rollouts of distributions that have not ended, oldest first, and an error for each one that cannot be
 * read.
 */
export async function liveRollouts(store: Store): Promise<{ items: StoredDocument<'rollout'>[]; unreadable: Error[] }> {
  return await store.pendingDocuments('rollout', MOST_LIVE);
}

/**
 * Returns the live rollouts of a fleet, without those whose distribution somebody else has changed or deleted since.
 * Unreadable ones are left out: the job that advances rollouts reports them.
 */
export async function rolloutsIn(store: Store, fleet: string): Promise<DistributionRollout[]> {
  const { items } = await liveRollouts(store);
  const own = items.flatMap(({ fleet: other, body }) => (other === fleet ? [body] : []));
  if (own.length === 0) return [];
  const names = own.map(({ distribution }) => distribution);
  const distributions = byName(await store.find('distribution', fleet, names));
  return own.filter((rollout) => isOwn(rollout, distributions.get(rollout.distribution)));
}
