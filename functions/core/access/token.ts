import type { Grant, Subject } from '../../../schemas/access.ts';
import { isTokenOf, tokenDigest } from '../model/token.ts';

/** One secret of a stored token, of which only the digest is kept. */
export interface StoredSecret {
  hash: string;
  /** The beginning of the token, by which people recognize it. */
  prefix: string;
  createdAt: string;
  expiresAt?: string | undefined;
}

/** A token as it is stored. It has at most two secrets, so that it can be rotated while both are accepted. */
export interface StoredToken {
  name: string;
  uid: string;
  description?: string | undefined;
  createdAt: string;
  expiresAt?: string | undefined;
  lastUsedAt?: string | undefined;
  revokedAt?: string | undefined;
  /** The newest one first. */
  secrets: StoredSecret[];
}

/** Matches a token: its name, which leads to the record, and 32 random bytes in Base64url. */
const TOKEN = /^fl_([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)_[A-Za-z0-9_-]{43}$/;

/** Returns the name of a stored token; undefined when the text is none. */
export function nameInToken(text: string): string | undefined {
  return TOKEN.exec(text)?.[1];
}

export function tokenText(name: string, secret: string): string {
  return `fl_${name}_${secret}`;
}

export function secretOf(text: string, createdAt: string): StoredSecret {
  const shown = 'fl__'.length + (nameInToken(text) ?? '').length + 4;
  return { hash: tokenDigest(text), prefix: text.slice(0, shown), createdAt };
}

/** Tells whether the text is a token that is accepted at this time (RFC 3339, in UTC). */
export function accepts(token: StoredToken, text: string, now: string): boolean {
  return isUsable(token, now) && liveSecrets(token, now).some(({ hash }) => isTokenOf(text, hash));
}

/** Tells whether anybody can use the token at this time, given one of its secrets. */
export function isUsable({ revokedAt, expiresAt }: StoredToken, now: string): boolean {
  return revokedAt === undefined && !isOver(expiresAt, now);
}

export function liveSecrets({ secrets }: StoredToken, now: string): StoredSecret[] {
  return secrets.filter(({ expiresAt }) => !isOver(expiresAt, now));
}

/** Returns the token with a new secret. The newest one before it is accepted until `until`, and older ones are dropped. */
export function rotated(token: StoredToken, secret: StoredSecret, until: string): StoredToken {
  const [last] = liveSecrets(token, secret.createdAt);
  const isKept = last !== undefined && !isOver(until, secret.createdAt);
  return { ...token, secrets: isKept ? [secret, { ...last, expiresAt: until }] : [secret] };
}

/** Tells whether a time has come. Times in UTC with milliseconds sort as text. */
export function isOver(time: string | undefined, now: string): boolean {
  return time !== undefined && time <= now;
}

/**
 * Tells whether somebody would be left who can change grants. `canComeIn` tells whether anybody is accepted as the subject of
 * a grant.
 */
export function hasAdministrator(grants: readonly Grant[], canComeIn: (subject: Subject) => boolean): boolean {
  return grants.some(({ role, subject }) => role === 'admin' && canComeIn(subject));
}
