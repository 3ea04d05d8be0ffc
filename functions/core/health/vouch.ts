import { equal } from '../model/digest.ts';
import type { HealthRecord, VoterRecord } from './types.ts';

/**
 * A voter's statement that it sees of most clusters what it saw before. The voter says so once for all of them, so that
 * their records need not be written. The statement counts for its votes on all clusters except those in `except`, as if
 * each vote had been cast anew.
 */
export interface Vouch {
  /** The time of the statement: no later than the first of the observations that it stands for. */
  atMs: number;
  /** The names of the clusters about which it says nothing, because the voter saw something else there, or nothing. */
  except: string[];
}

/** The longest time between two writes of a vote, whatever the voter sees. */
export const REWRITE_MS = 60_000;

/**
 * A vote that was written longer ago than this cannot be vouched for: its voter has stopped watching the cluster, and
 * may have begun again.
 */
const BELIEVED_MS = 2 * REWRITE_MS;

/** Returns the time at which the voter last said what its vote says. */
export function saidAtMs({ observedAtMs, vouchedAtMs = 0 }: VoterRecord): number {
  return Math.max(observedAtMs, vouchedAtMs);
}

/** Returns the records with the votes that their voters vouch for; `vouches` is by the voter's name. */
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

/**
 * Returns the previous record with the voter's vote vouched for at `atMs`; undefined when the voter saw something new,
 * or when its vote has to be written again.
 */
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

/** Returns the content of a record without the times at which it was seen. */
function essenceOf({ version: _, recent: __, votes, ...rest }: HealthRecord) {
  return { ...rest, votes: votes.map(({ observedAtMs: ___, vouchedAtMs: ____, ...vote }) => vote) };
}

/** The most by which clocks that are set correctly differ. */
const CLOCK_SKEW_MS = 5_000;

/** Tells whether a time lies in the future, so that the clock that gave it, or this one, is not set correctly. */
export function isAhead(atMs: number, nowMs: number): boolean {
  return atMs > nowMs + CLOCK_SKEW_MS;
}
