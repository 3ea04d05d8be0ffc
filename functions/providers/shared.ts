import { say } from '../../schemas/messages/index.ts';
import type { ForeignObject } from '../../schemas/plan.ts';
import { compareText } from '../core/model/text.ts';
import { CloudError } from '../deps.ts';

/** Functions that all providers share. */

/** Waits for all tasks, then throws the first failure. When it throws, nothing that was begun is still under way. */
export async function awaitAll<T extends readonly unknown[]>(
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

/** Returns the objects that can be shown, at most `MAX_FOREIGN`. The choice is the same each time. */
export function shownForeign(objects: readonly ForeignObject[]): ForeignObject[] {
  return [...objects]
    .sort((a, b) => compareText(a.kind, b.kind) || compareText(a.name, b.name) || compareText(a.remoteId, b.remoteId))
    .slice(0, MAX_FOREIGN);
}

/**
 * Returns the error for an answer that cannot be read. It counts as unavailable, because another attempt may succeed.
 */
export function invalidAnswer(action: string, what: string): CloudError {
  return new CloudError({
    code: 'InvalidResponse',
    errorClass: 'unavailable',
    action,
    message: say('AnswerUndocumented', { action, fault: what }).text,
  });
}
