import { Limits } from '../functions/api/http/limits.ts';

const PLENTY = { perMinute: 1_000_000_000, atOnce: 1_000_000 };

/** Limits that nothing reaches, for tests of everything else. */
export const NO_LIMITS = Limits.parse({
  ...{ evidence: PLENTY, traffic: PLENTY, plan: PLENTY, read: PLENTY, write: PLENTY },
  wrongTokens: { perNetwork: 1_000_000_000, inAll: 1_000_000_000 },
});
