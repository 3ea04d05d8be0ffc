import type { Store, StoredDocument } from '../deps.ts';

/** Of all fleets together: each is a distribution that somebody changes at this time. */
const MOST_LIVE = 1000;

/** The rollouts of distributions that have not ended, oldest first, and why others cannot be read. */
export async function liveRollouts(store: Store): Promise<{ items: StoredDocument<'rollout'>[]; unreadable: Error[] }> {
  return await store.pendingDocuments('rollout', MOST_LIVE);
}

/** Those of a fleet; what cannot be read is told by whoever works on it. */
export async function rolloutsIn(store: Store, fleet: string): Promise<StoredDocument<'rollout'>[]> {
  const { items } = await liveRollouts(store);
  return items.filter((item) => item.fleet === fleet);
}
