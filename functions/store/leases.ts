import { type Lease, LeaseLost, type Store } from '../deps.ts';
import { ABSENT, check, type ItemWrite, put, update } from './items.ts';
import { leaseKey } from './keys.ts';
import { outage } from './outage.ts';
import { attributesOf } from './record-type.ts';
import { leaseRecord } from './records/coordination.ts';
import type { Outcome, Table } from './table.ts';

type Leases = Pick<Store, 'acquire' | 'renew' | 'release'>;

const HELD = '#epoch = :epoch AND #holder = :holder';

/**
 * Returns a condition that holds until another holder has the lease. It is a part of everything that the holder writes.
 */
export function fence({ name, epoch, holder }: Lease): ItemWrite {
  return check(leaseKey(name), HELD, { epoch, holder });
}

/** The most items in one transaction. Even items of the largest size stay below its 4 MB. */
const ITEMS_PER_TRANSACTION = 10;

/** Makes writes in several transactions, each of which fails once the lease is lost. Throws `LeaseLost`. */
export async function writeFenced(table: Table, writes: ItemWrite[], lease: Lease): Promise<void> {
  for (let start = 0; start < writes.length; start += ITEMS_PER_TRANSACTION) {
    const outcome = await table.transact([fence(lease), ...writes.slice(start, start + ITEMS_PER_TRANSACTION)]);
    if (!isHeld(outcome)) throw new LeaseLost(lease.name);
  }
}

/**
 * Tells whether the lease was still held. Contention for items does not tell, so it is thrown as an outage that passes.
 */
function isHeld(outcome: Outcome): boolean {
  if (!outcome.ok && outcome.failed.length === 0) throw outage('contended', 'TransactionConflict');
  return outcome.ok;
}

/**
 * Stores leases, whose fencing epoch grows with every holder and is kept when a lease is released. The clock is the
 * caller's: a lease is safe because of its epoch, and its expiry only tells when another holder may try. A lease that
 * is still running is refused to its own holder as well.
 */
export function leaseStore(table: Table): Leases {
  return {
    acquire: async (name, holder, ttlMs, nowMs) => {
      const found = await table.get(leaseKey(name));
      const last = found && attributesOf(found, leaseRecord);
      if (last?.holder !== undefined && last.expiresAt > nowMs) return undefined;
      const lease = { name, holder, epoch: (last?.epoch ?? 0) + 1, expiresAtMs: nowMs + ttlMs };
      const item = { ...leaseKey(name), holder, epoch: lease.epoch, expiresAt: lease.expiresAtMs };
      // The expiry too must be as it was read, because the holder may have renewed the lease meanwhile.
      const claim: ItemWrite = last
        ? put(item, '#epoch = :epoch AND #expiresAt = :expiresAt', { epoch: last.epoch, expiresAt: last.expiresAt })
        : put(item, ABSENT);
      return (await table.transact([claim])).ok ? lease : undefined;
    },
    renew: async (lease, ttlMs, nowMs) => {
      const expiresAtMs = nowMs + ttlMs;
      const { epoch, holder } = lease;
      const outcome = await table.transact([
        update(leaseKey(lease.name), 'SET #expiresAt = :expiresAt', HELD, {
          epoch,
          holder,
          expiresAt: expiresAtMs,
        }),
      ]);
      return isHeld(outcome) ? { ...lease, expiresAtMs } : undefined;
    },
    release: async ({ name, epoch, holder }) => {
      const freed = 'SET #expiresAt = :zero REMOVE #holder';
      // A failed condition does not matter: another holder has the lease already.
      isHeld(await table.transact([update(leaseKey(name), freed, HELD, { epoch, holder, zero: 0 })]));
    },
  };
}
