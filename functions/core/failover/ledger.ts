import type { Decision } from '../../../schemas/decision.ts';
import type { BrokenLink } from '../../../schemas/replay.ts';
import { digest } from '../model/digest.ts';

/**
 * The decisions of a fleet form a chain: each carries the hash of the one before it, and its own over everything else. Whoever alters,
 * removes or adds a decision breaks a link.
 */
export function sealed(decision: Omit<Decision, 'hash' | 'previousHash'>, previousHash: string): Decision {
  const linked = { ...decision, previousHash };
  return { ...linked, hash: hashOf(linked) };
}

/** SHA-256, in hex, of the canonical JSON of a decision without its own hash. */
export function hashOf(decision: Omit<Decision, 'hash'> & { hash?: string }): string {
  const { hash: _, ...rest } = decision;
  return digest(rest);
}

/**
 * The first link that does not hold of decisions in their order, oldest first, after `previous` (undefined: they are the first of the
 * fleet).
 */
export function brokenLink(decisions: readonly Decision[], previous: Decision | undefined): BrokenLink | undefined {
  let before = previous;
  for (const decision of decisions) {
    const reason = flawOf(decision, before);
    if (reason !== undefined) return { decision: decision.id, reason };
    before = decision;
  }
  return undefined;
}

function flawOf(decision: Decision, before: Decision | undefined): BrokenLink['reason'] | undefined {
  // The oldest decisions may be from before there was a chain. One without a seal behind one that has a seal has lost it.
  if (decision.hash === '' && (before?.hash ?? '') === '') return undefined;
  if (hashOf(decision) !== decision.hash) return 'altered';
  if (decision.previousHash !== (before?.hash ?? '')) return 'unlinked';
  if (decision.version <= (before?.version ?? 0)) return 'misnumbered';
  return undefined;
}
