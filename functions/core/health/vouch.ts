import { equal } from '../model/digest.ts';
import type { HealthRecord, VoterRecord } from './record.ts';

/**
 * A voter that sees of most clusters what it saw before says so once for all of them, so that their records need not be written. What it says
 * counts for those of its votes that are not excepted, as if each had been cast anew.
 */
export interface Vouch {
  /** No later than the first of the observations that it stands for. */
  atMs: number;
  /** Names of the clusters of which it says nothing: it saw something else, or nothing. */
  except: string[];
}

/** A vote is written at least as often, whatever is seen. */
export const REWRITE_MS = 60_000;

/** A vote that was written longer ago is that of a voter that has stopped to watch the cluster, and may have begun again. */
const BELIEVED_MS = 2 * REWRITE_MS;

/** When the voter last said what its vote says. */
export function saidAtMs({ observedAtMs, vouchedAtMs = 0 }: VoterRecord): number {
  return Math.max(observedAtMs, vouchedAtMs);
}

/** The records with what their voters vouch for; `vouches` by name of the voter. */
export function withVouches(records: readonly HealthRecord[], vouches: ReadonlyMap<string, Vouch>): HealthRecord[] {
  return records.map((record) => ({
    ...record,
    votes: record.votes.map((vote) => {
      const vouch = vouches.get(vote.voter);
      if (vouch === undefined || vouch.except.includes(record.cluster)) return vote;
      return vouch.atMs - vote.observedAtMs > BELIEVED_MS ? vote : vouchedAt(vote, vouch.atMs);
    }),
  }));
}

/** The record as it is when the voter has seen at that time what it saw before; undefined when that is not what it has seen. */
export function unchanged(
  before: HealthRecord,
  after: HealthRecord,
  voter: string,
  atMs: number,
): HealthRecord | undefined {
  const vote = before.votes.find((item) => item.voter === voter);
  if (vote === undefined || atMs - vote.observedAtMs >= REWRITE_MS) return undefined;
  if (!equal(essenceOf(before), essenceOf(after))) return undefined;
  return { ...before, votes: before.votes.map((item) => (item === vote ? vouchedAt(item, atMs) : item)) };
}

function vouchedAt(vote: VoterRecord, atMs: number): VoterRecord {
  return atMs > saidAtMs(vote) ? { ...vote, vouchedAtMs: atMs } : vote;
}

/** All that is known but for when it was seen. */
function essenceOf({ version: _, recent: __, votes, ...rest }: HealthRecord) {
  return { ...rest, votes: votes.map(({ observedAtMs: ___, vouchedAtMs: ____, ...vote }) => vote) };
}
