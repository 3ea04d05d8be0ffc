import type { Deps, HealthUpdate } from '../deps.ts';
import type { Limit } from '../limit.ts';
import type { HeldLease } from './lease.ts';

/**
 * The most pieces of evidence written in one transaction. It is far below what a transaction can hold, because a single
 * conflicting write makes the whole batch be written one by one.
 */
const BATCH = 25;

interface Waiting {
  evidence: HealthUpdate;
  done: (isKept: boolean) => void;
  failed: (error: unknown) => void;
}

/**
 * Returns a function that stores evidence: at once while `limit` has a free slot, otherwise in a batch with the
 * evidence that arrives meanwhile. It resolves with true when the evidence was stored.
 */
export function createWriter(
  { store }: Pick<Deps, 'store'>,
  limit: Limit,
  lease?: HeldLease,
): (evidence: HealthUpdate) => Promise<boolean> {
  const waiting: Waiting[] = [];
  const put = (some: readonly Waiting[]) =>
    store.putHealth(
      some.map(({ evidence }) => evidence),
      lease?.current(),
    );
  const flush = async () => {
    const some = waiting.splice(0, BATCH);
    if (some.length === 0) return;
    try {
      const isKept = await put(some);
      for (const one of some) {
        if (isKept || some.length === 1) one.done(isKept);
        // An item that cannot be written must not keep the others from being written.
        else await put([one]).then(one.done, one.failed);
      }
    } catch (error) {
      for (const one of some) one.failed(error);
    }
  };
  return (evidence) =>
    new Promise((done, failed) => {
      waiting.push({ evidence, done, failed });
      limit(flush).catch(failed);
    });
}
