import type { LimitFunction } from 'p-limit';
import type { Deps, Evidence } from '../deps.ts';
import type { HeldLease } from './lease.ts';

/** Far below what one transaction takes; whoever writes in between makes all of a batch be written one by one. */
const BATCH = 25;

interface Waiting {
  evidence: Evidence;
  done: (isKept: boolean) => void;
  failed: (error: unknown) => void;
}

/**
 * Keeps evidence as it comes: at once while there is a connection, together with what else has come up meanwhile when there is none. Resolves
 * with whether it was kept.
 */
export function createWriter(
  { store }: Pick<Deps, 'store'>,
  limit: LimitFunction,
  lease?: HeldLease,
): (evidence: Evidence) => Promise<boolean> {
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
        // That one of them cannot be written is no trouble of the others.
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
