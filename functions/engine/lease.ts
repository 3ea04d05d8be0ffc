import { type Deps, type Lease, LeaseLost } from '../deps.ts';

export interface HeldLease {
  /** The lease as last taken or renewed. */
  current(): Lease;
  /** Extends the lease once a third of its time has passed. Throws LeaseLost when another holder has it. */
  ensure(): Promise<void>;
}

/**
 * Does the work under the lease and gives the lease back at the end. Returns undefined when another holder has the
 * lease. The lease of a holder that dies expires after `ttlMs`.
 */
export async function withLease<T>(
  deps: Pick<Deps, 'store' | 'clock' | 'ids' | 'log'>,
  name: string,
  ttlMs: number,
  work: (lease: HeldLease) => Promise<T>,
): Promise<T | undefined> {
  const { store, clock, ids } = deps;
  const taken = await store.acquire(name, ids.ulid(), ttlMs, clock.now());
  if (taken === undefined) return undefined;
  let lease: Lease = taken;
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    const renewed = await store.renew(lease, ttlMs, clock.now());
    if (renewed === undefined) throw new LeaseLost(name);
    lease = renewed;
  };
  const held: HeldLease = {
    current: () => lease,
    ensure: async () => {
      if (lease.expiresAtMs - clock.now() > (ttlMs * 2) / 3) return;
      // Many callers may ask at once; concurrent renewals would only contend for the item.
      renewing ??= renew().finally(() => {
        renewing = undefined;
      });
      await renewing;
    },
  };
  try {
    return await work(held);
  } finally {
    await release(deps, lease);
  }
}

/**
 * Gives the lease back. A failure is only logged, because it must not hide the outcome of the work: the lease expires
 * by itself.
 */
async function release({ store, log }: Pick<Deps, 'store' | 'log'>, lease: Lease): Promise<void> {
  try {
    await store.release(lease);
  } catch (error) {
    log.error('lease.not-released', { lease: lease.name }, error);
  }
}
