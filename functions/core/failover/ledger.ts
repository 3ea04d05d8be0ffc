import type { Decision } from '../../../schemas/decision.ts';
import type { BrokenLink } from '../../../schemas/replay.ts';
import { flawOf, linked } from '../model/chain.ts';

/** Seals a decision. The decisions of a fleet form a chain, in the order of their versions. */
export function sealed(decision: Omit<Decision, 'hash' | 'previousHash'>, previousHash: string): Decision {
  return linked(decision, previousHash);
}

/**
 * Returns the first broken link in the decisions, which are sorted oldest first and follow `previous`. `previous` is
 * undefined when they are the first of the fleet.
 */
export function brokenLink(decisions: readonly Decision[], previous: Decision | undefined): BrokenLink | undefined {
  let before = previous;
  for (const decision of decisions) {
    // The oldest decisions may predate the chain. A decision without a seal that follows a sealed one has lost its seal.
    const isOlder = decision.hash === '' && (before?.hash ?? '') === '';
    const reason = isOlder ? undefined : flawOf(decision, before);
    if (reason !== undefined) return { decision: decision.id, reason };
    before = decision;
  }
  return undefined;
}
