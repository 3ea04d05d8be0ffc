import * as z from 'zod';
import type { EarlierRequest, KeyedRequest, RequestClaim, Store } from '../deps.ts';
import { ABSENT, type Item, put, remove, update } from './items.ts';
import { keyedRequestKey } from './keys.ts';
import { bodyOf, itemOf, parsed, recordOf } from './record-type.ts';
import { keyedRequestRecord } from './records/coordination.ts';
import type { Table } from './table.ts';

type KeyedRequests = Pick<Store, 'claimRequest' | 'keepAnswer' | 'freeRequest'>;

const Kept = z.object({ keptUntilMs: z.number() });

/** A claim succeeds when the key is free, when its time is over, and when the lease of the same request is. */
const CLAIMABLE = `${ABSENT} OR #keptUntilMs <= :now OR #fingerprint = :fingerprint AND #leasedUntilMs <= :now`;

const HELD = '#holder = :holder';

/**
 * Stores requests that have idempotency keys. The clock is the caller's. An answer is kept by making its lease as long as the
 * key is kept, so that nobody can claim the request again.
 */
export function keyedRequestStore(table: Table): KeyedRequests {
  return {
    claimRequest: async (claim, nowMs) => {
      const { fingerprint } = claim;
      const outcome = await table.transact([put(itemOfClaim(claim), CLAIMABLE, { now: nowMs, fingerprint })]);
      if (outcome.ok) return undefined;
      return earlierOf(claim, await table.get(keyedRequestKey(claim.id)), nowMs);
    },
    keepAnswer: async ({ id, fingerprint, holder, keptUntilMs }, answer) => {
      const record = bodyOf(keyedRequestRecord, { fingerprint, answer });
      const change = 'SET #body = :body, #v = :v, #leasedUntilMs = :keptUntilMs';
      await table.transact([update(keyedRequestKey(id), change, HELD, { ...record, keptUntilMs, holder })]);
    },
    freeRequest: async ({ id, holder }) => {
      await table.transact([remove(keyedRequestKey(id), HELD, { holder })]);
    },
  };
}

function itemOfClaim({ id, fingerprint, holder, leasedUntilMs, keptUntilMs }: RequestClaim): Item {
  const ttl = Math.ceil(keptUntilMs / 1000);
  const attributes = { fingerprint, holder, leasedUntilMs, keptUntilMs, ttl };
  return itemOf(keyedRequestRecord, keyedRequestKey(id), { fingerprint }, attributes);
}

/** Returns the request that was in the way of a claim. When it is gone by now, another claim of the same time was. */
function earlierOf({ fingerprint }: KeyedRequest, item: Item | undefined, nowMs: number): EarlierRequest {
  if (item === undefined || parsed(item, Kept, item).keptUntilMs <= nowMs) return { fingerprint };
  return recordOf(item, keyedRequestRecord);
}
