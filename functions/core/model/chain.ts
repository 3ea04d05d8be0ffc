import { digest } from './digest.ts';

/**
 * A record of a chain. Each carries the hash of the one before it, and its own hash over everything else, so that
 * altering, removing or inserting one breaks a link.
 */
export interface Link {
  /** The number of the record in its chain, which grows from link to link. */
  version: number;
  /** The hash of the record before it; empty for the first one. */
  previousHash: string;
  hash: string;
}

/** The faults of a link. */
export type Flaw = 'altered' | 'unlinked' | 'misnumbered';

/** Returns the record as the next link after the one with `previousHash`. */
export function linked<T extends object>(record: T, previousHash: string): T & Pick<Link, 'previousHash' | 'hash'> {
  const next = { ...record, previousHash };
  return { ...next, hash: hashOf(next) };
}

/** Returns the SHA-256, in hex, of the canonical JSON of a record without its own hash. */
export function hashOf<T extends object>(record: T): string {
  const { hash: _, ...rest }: { hash?: unknown } = record;
  return digest(rest);
}

/** Returns what is wrong with a link that follows `before`; `before` is undefined for the first one. */
export function flawOf(link: Link, before: Link | undefined): Flaw | undefined {
  if (hashOf(link) !== link.hash) return 'altered';
  if (link.previousHash !== (before?.hash ?? '')) return 'unlinked';
  if (link.version <= (before?.version ?? 0)) return 'misnumbered';
  return undefined;
}
