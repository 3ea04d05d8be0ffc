import type { Impairment, Vote } from '../../../schemas/cluster.ts';
import type { Voter } from '../../../schemas/failover.ts';
import type { HealthPolicy } from '../../../schemas/fleet.ts';
import { isoOf } from '../model/time.ts';
import type { HealthRecord } from './types.ts';
import { tally } from './votes.ts';

/**
 * Returns what each voter that watches a cluster says about it, in the form of the API. `watching` holds the names of
 * those voters.
 */
export function shownVotes(
  record: HealthRecord | undefined,
  watching: readonly string[],
  { voters, health }: { voters: readonly Voter[]; health: HealthPolicy },
  nowMs: number,
): Vote[] {
  const own = voters.filter(({ name }) => watching.includes(name));
  return tally(record, own, health, nowMs).votes.map(({ sinceMs, observedAtMs, slowSinceMs, cause, ...vote }) => ({
    ...vote,
    ...(sinceMs > 0 && { since: isoOf(sinceMs) }),
    ...(observedAtMs !== undefined && { observedAt: isoOf(observedAtMs) }),
    ...(slowSinceMs !== undefined && { slowSince: isoOf(slowSinceMs) }),
    ...(cause && { cause }),
  }));
}

/** Returns what speaks against a cluster although it answers, in the form of the API. */
export function shownImpairment(
  record: HealthRecord | undefined,
  watching: readonly string[],
  { voters, health }: { voters: readonly Voter[]; health: HealthPolicy },
  nowMs: number,
): Impairment | undefined {
  const own = voters.filter(({ name }) => watching.includes(name));
  const { impaired } = tally(record, own, health, nowMs);
  return impaired && { by: impaired.by, since: isoOf(impaired.sinceMs), detail: impaired.detail };
}
