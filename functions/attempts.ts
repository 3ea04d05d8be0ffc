/** The one loop of this program that does work again, and what its users share: the caller says when and how long. */

/**
 * Does the work, and does it again for as long as `isAsked` asks for it. `isAsked` gets the last outcome and the number
 * of attempts so far, and waits before it answers where a pause is due. Returns the last outcome.
 */
export async function repeatWhile<T>(
  work: () => Promise<T>,
  isAsked: (outcome: T, count: number) => boolean | Promise<boolean>,
): Promise<T> {
  for (let count = 1; ; count++) {
    const outcome = await work();
    if (!(await isAsked(outcome, count))) return outcome;
  }
}

/**
 * Does the work until it resolves with a value. Undefined means that another writer came first, so that the work has to
 * read again and write again, without a pause. Resolves with undefined when that was so `most` times.
 */
export async function contend<T>(most: number, work: () => Promise<T | undefined>): Promise<T | undefined> {
  return await repeatWhile(work, (done, count) => done === undefined && count < most);
}

/**
 * Returns the pause in milliseconds after an attempt, with full jitter: uniform between 0 and a bound that doubles with
 * each attempt, so that many callers spread out. `random` is uniform in [0, 1).
 */
export function jitterMs(random: number, count: number, firstMs: number, mostMs = Number.POSITIVE_INFINITY): number {
  return random * Math.min(mostMs, firstMs * 2 ** (count - 1));
}
