import type { ForeignObject } from '../../schemas/plan.ts';
import { compareText } from '../core/model/text.ts';
import { CloudError } from '../deps.ts';

/** What providers have in common. */

/** Waits for all, then throws the first failure: when it throws, nothing that it began is still under way. */
export async function settle<T extends readonly unknown[]>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(tasks);
  return await Promise.all(tasks);
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += size) result.push(items.slice(start, start + size));
  return result;
}

const MAX_FOREIGN = 100;

/** So many objects as can be shown, and the same ones each time. */
export function shownForeign(objects: readonly ForeignObject[]): ForeignObject[] {
  return [...objects]
    .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name) || compareText(a.remoteId, b.remoteId))
    .slice(0, MAX_FOREIGN);
}

/** An answer that cannot be read is no answer: it may be another time. */
export function invalidAnswer(action: string, what: string): CloudError {
  return new CloudError({
    code: 'InvalidResponse',
    errorClass: 'unavailable',
    action,
    message: `${action}: the answer has not the documented form: ${what}`,
  });
}
