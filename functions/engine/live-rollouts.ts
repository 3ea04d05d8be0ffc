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

/** Returns the live rollouts of a fleet. Unreadable ones are left out: the job that advances rollouts reports them. */
export async function rolloutsIn(store: Store, fleet: string): Promise<StoredDocument<'rollout'>[]> {
  const { items } = await liveRollouts(store);
  return items.filter((item) => item.fleet === fleet);
}
