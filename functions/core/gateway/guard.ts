import { say } from '../../../schemas/messages/index.ts';
import type { Change, Refusal } from './provider-object.ts';

/**
 * Refuses changes that must never be made, whoever asks: one that leaves a serving pool without any cluster to serve
 * it, and one of an object that is not known to be ours. `rejected` holds the keys of pools whose requests are to be
 * rejected. Returns undefined when nothing speaks against the change.
 */
export function guard(change: Change, rejected: ReadonlySet<string>): Refusal | undefined {
  return emptiesPool(change, rejected) ?? touchesForeign(change);
}

function emptiesPool({ verb, kind, key, after }: Change, rejected: ReadonlySet<string>): Refusal | undefined {
  const { shares, pool } = after ?? {};
  if (shares === undefined || shares.some((share) => share.percent > 0)) return undefined;
  if (pool !== undefined && rejected.has(pool)) return undefined;
  return { kind, key, code: 'empties-pool', detail: say('WouldEmptyPool', { verb, kind, key }).text };
}

function touchesForeign({ verb, kind, key, before }: Change): Refusal | undefined {
  if (verb === 'create' || before?.remoteId !== undefined) return undefined;
  return { kind, key, code: 'foreign-object', detail: say('WouldTouchForeign', { verb, kind, key }).text };
}
