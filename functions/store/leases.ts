import { type Lease, LeaseLost, type Store } from '../deps.ts';
import { ABSENT, check, type Operation, put, update } from './items.ts';
import { leaseKey } from './keys.ts';
import { outage } from './outage.ts';
import { attributesOf } from './record-type.ts';
import { leaseRecord } from './records/coordination.ts';
import type { Outcome, Table } from './table.ts';

type Leases = Pick<Store, 'acquire' | 'renew' | 'release'>;

const HELD = '#epoch = :epoch AND #holder = :holder';

/** Holds while the lease has not gone to another; a part of everything that its holder writes. */
export function fence({ name, epoch, holder }: Lease): Operation {
  return check(leaseKey(name), HELD, { epoch, holder });
}

/** With items of the largest size still below the 4 MB of a transaction. */
const ITEMS_PER_TRANSACTION = 10;

/** In several transactions, none of which is done by a writer whose lease has gone. Throws LeaseLost. */
export async function writeFenced(table: Table, operations: Operation[], lease: Lease): Promise<void> {
  for (let start = 0; start < operations.length; start += ITEMS_PER_TRANSACTION) {
    const outcome = await table.transact([fence(lease), ...operations.slice(start, start + ITEMS_PER_TRANSACTION)]);
    if (!isHeld(outcome)) throw new LeaseLost(lease.name);
  }
}

/** Whether the lease was still held. Contention for items says nothing of that, so it is an outage that passes. */
function isHeld(outcome: Outcome): boolean {
  if (!outcome.ok && outcome.failed.length === 0) throw outage('contended', 'TransactionConflict');
  return outcome.ok;
}

/**
 * Leases with a fencing epoch that grows with every holder and is kept when a lease is released. The clock is the
 * caller's: a lease is safe because of its epoch, expiry only says when another may try. A lease that is still running
 * is refused to its own holder as well.
 */
export function leaseStore(table: Table): Leases {
  return {
    acquire: async (name, holder, ttlMs, nowMs) => {
      const found = await table.get(leaseKey(name));
      const last = found && attributesOf(found, leaseRecord);
      if (last?.holder !== undefined && last.expiresAt > nowMs) return undefined;
      const lease = { name, holder, epoch: (last?.epoch ?? 0) + 1, expiresAtMs: nowMs + ttlMs };
      const item = { ...leaseKey(name), holder, epoch: lease.epoch, expiresAt: lease.expiresAtMs };
      // The expiry too must be as it was read: the holder may have renewed meanwhile.
      const claim: Operation = last
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
      // That another holder has it already is fine.
      isHeld(await table.transact([update(leaseKey(name), freed, HELD, { epoch, holder, zero: 0 })]));
    },
  };
}
