import type { Decision } from '../../../schemas/decision.ts';
import type { BrokenLink } from '../../../schemas/replay.ts';
import { digest } from '../model/digest.ts';

/**
 * Seals a decision. The decisions of a fleet form a chain: each carries the hash of the one before it, and its own hash
 * over everything else. Altering, removing or inserting a decision breaks a link.
 */
export function sealed(decision: Omit<Decision, 'hash' | 'previousHash'>, previousHash: string): Decision {
  const linked = { ...decision, previousHash };
  return { ...linked, hash: hashOf(linked) };
}

/** Returns the SHA-256, in hex, of the canonical JSON of a decision without its own hash. */
export function hashOf(decision: Omit<Decision, 'hash'> & { hash?: string }): string {
  const { hash: _, ...rest } = decision;
  return digest(rest);
}

/**
 * Returns the first broken link in the decisions, which are sorted oldest first and follow `previous`. `previous` is
 * undefined when they are the first of the fleet.
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
  // The oldest decisions may predate the chain. A decision without a seal that follows a sealed one has lost its seal.
  if (decision.hash === '' && (before?.hash ?? '') === '') return undefined;
  if (hashOf(decision) !== decision.hash) return 'altered';
  if (decision.previousHash !== (before?.hash ?? '')) return 'unlinked';
  if (decision.version <= (before?.version ?? 0)) return 'misnumbered';
  return undefined;
}
