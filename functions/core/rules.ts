import type { FailoverPolicy } from '../../schemas/failover.ts';
import { fill } from './allocate.ts';
import { governing } from './claims.ts';
import { placementShares } from './distribution.ts';
import { holdMs, nextRampPercent, nextShiftPercent } from './failback.ts';
import { capacityLeftPercent, isPanic } from './panic.ts';
import { SAFETY_CHECKS } from './safety.ts';
import type { ClusterFacts } from './situation.ts';
import type { Episode, LiveShift } from './traffic.ts';
import { type Tally, tally, VOTE_RULES } from './votes.ts';
import { isFrozen } from './windows.ts';

/** Every rule that a decision follows, one function each. The simulator breaks them one by one, to show that it would notice. */
export const RULES = {
  votes: VOTE_RULES,
  safety: SAFETY_CHECKS,
  /** R3: what the voters agree upon, if they do. */
  verdictOf: tally,
  /** R9, R10. */
  sharesOf: placementShares,
  /** R20. */
  governing,
  /** R13. */
  isPanic,
  capacityLeftPercent,
  /** R14. */
  fill,
  isDead,
  /** R15. */
  nextShiftPercent,
  /** R16. */
  holdMs,
  isHeld,
  /** R17. */
  nextRampPercent,
  hasDwelt,
  mayReturn,
  isSlotFree,
  isFrozen,
  /** R18. */
  isCorrelated,
  /** R7. */
  isNewcomer,
  /** R19. */
  isDrained,
  /** R20: a failure ends a drill. */
  interruptsDrill,
  /** R21. */
  isExpired,
  /** R24. */
  isVerified,
};

export type Rules = typeof RULES;

/** R14: nobody can reach it any more; a cluster that some voter still sees answer is degraded. */
function isDead({ up }: Tally): boolean {
  return up === 0;
}

/** R16. */
function isHeld(heldUntilMs: number, nowMs: number): boolean {
  return nowMs < heldUntilMs;
}

/** R17: healthy for long enough to return. */
function hasDwelt(healthySinceMs: number, dwellSeconds: number, nowMs: number): boolean {
  return nowMs - healthySinceMs >= dwellSeconds * 1000;
}

/** R17: whether a cluster returns by itself. */
function mayReturn(mode: FailoverPolicy['failback']['mode'], isApproved: boolean): boolean {
  return mode !== 'manual' || isApproved;
}

/** R17: one cluster of a fleet returns at a time; of those that have begun, the first goes on. */
function isSlotFree(returning: readonly string[], cluster: string): boolean {
  const [first] = returning;
  return first === undefined || first === cluster;
}

/** R18: whether a cluster of another fault domain failed within the window. */
function isCorrelated(
  { name, faultDomain }: ClusterFacts,
  failedAtMs: number,
  episodes: readonly Episode[],
  domainOf: ReadonlyMap<string, string>,
  { action, windowSeconds }: FailoverPolicy['correlation'],
): boolean {
  if (action === 'ignore') return false;
  return episodes.some(({ cluster, atMs }) => {
    const domain = domainOf.get(cluster);
    const isNear = Math.abs(failedAtMs - atMs) <= windowSeconds * 1000;
    return cluster !== name && domain !== undefined && domain !== faultDomain && isNear;
  });
}

/** R7: whether a cluster that was never healthy was added to a fleet that served already. */
function isNewcomer(
  { joins, createdAtMs }: ClusterFacts,
  firstHealthyAtMs: number | undefined,
  fleetHealthyAtMs: number | undefined,
): boolean {
  if (joins === 'at-once' || firstHealthyAtMs !== undefined || fleetHealthyAtMs === undefined) return false;
  return createdAtMs > fleetHealthyAtMs;
}

/** R19: requests in flight have had their time since the gateways send no more. */
function isDrained({ phaseSinceMs }: LiveShift, verifiedAtMs: number, drainSeconds: number, nowMs: number): boolean {
  return nowMs - Math.max(phaseSinceMs, verifiedAtMs) >= drainSeconds * 1000;
}

/** R20. */
function interruptsDrill(failing: readonly string[]): boolean {
  return failing.length > 0;
}

/** R21. */
function isExpired(expiresAtMs: number, nowMs: number): boolean {
  return nowMs >= expiresAtMs;
}

/** R24: no further step before the gateways follow the last one. */
function isVerified(verifiedAtMs: number | undefined): verifiedAtMs is number {
  return verifiedAtMs !== undefined;
}
