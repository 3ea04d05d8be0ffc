/**
 * Enrolment of agents. An agent makes its keys and its credentials itself: what is kept of them is a public key and digests. One
 * record holds all that is known of a voter's agent, so that a token is used and what it gives is written in one write.
 */

import type { EnrolmentInput } from '../../../schemas/enrolment.ts';
import { isoOf, msOf } from '../model/time.ts';
import { isTokenOf, tokenDigest } from '../model/token.ts';
import { isOver } from './token.ts';

/** The digest of a secret that is accepted for a time. */
interface Lasting {
  hash: string;
  createdAt: string;
  expiresAt: string;
}

export interface StoredEnrolment {
  voter: string;
  /** The newest enrolment token. */
  invitation?: (Lasting & { usedAt?: string | undefined }) | undefined;
  publicKey?: string | undefined;
  enrolledAt?: string | undefined;
  /** The newest one first. There are two at most, from a renewal until the new one is used. */
  credentials: Lasting[];
}

const INVITED_MS = 15 * 60_000;
const CREDENTIAL_MS = 30 * 24 * 3600_000;

/** The beginnings of what an agent presents. */
const PREFIXES = { invitation: 'fle', credential: 'fla' } as const;
export type Presentable = keyof typeof PREFIXES;

/** A voter of a fleet, by names. */
export interface VoterPlace {
  fleet: string;
  voter: string;
}

const NAME = '[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?';
/** Matches what an agent presents: what it is, the fleet, the voter, and 32 random bytes in Base64url. */
const PRESENTED = new RegExp(`^(fl[ea])_(${NAME})_(${NAME})_[A-Za-z0-9_-]{43}$`);

export function presentedText(what: Presentable, { fleet, voter }: VoterPlace, secret: string): string {
  return `${PREFIXES[what]}_${fleet}_${voter}_${secret}`;
}

/** Returns the voter that an enrolment token or a credential names; undefined when the text is neither. */
export function placeIn(text: string): (VoterPlace & { what: Presentable }) | undefined {
  const [, prefix, fleet, voter] = PRESENTED.exec(text) ?? [];
  if (fleet === undefined || voter === undefined) return undefined;
  return { what: prefix === PREFIXES.invitation ? 'invitation' : 'credential', fleet, voter };
}

/** Returns the enrolment with another enrolment token, which replaces the one before. An agent that has enrolled stays so. */
export function invited(enrolment: StoredEnrolment, token: string, now: string): StoredEnrolment {
  return { ...enrolment, invitation: lasting(tokenDigest(token), now, INVITED_MS) };
}

/** used: the token was used by another agent. other-key: the credential is that of another key. unknown: the token is not accepted. */
export type Refusal = 'used' | 'other-key' | 'unknown';

/**
 * The enrolment as it is to be after a token was presented. Without a verb it stays as it is, because the same was presented before.
 */
export type Exchange = { next: StoredEnrolment; verb?: 'enrol' | 'renew' } | { refusal: Refusal };

/** Decides what becomes of an enrolment when a token is presented, by whoever has the private part of the public key. */
export function exchange(enrolment: StoredEnrolment, given: EnrolmentInput, now: string): Exchange {
  const { invitation } = enrolment;
  if (invitation && isTokenOf(given.token, invitation.hash)) return enrol(enrolment, invitation, given, now);
  const used = credentialIn(enrolment, given.token, now);
  if (used === undefined) return { refusal: 'unknown' };
  if (given.publicKey !== enrolment.publicKey) return { refusal: 'other-key' };
  if (isKnown(enrolment, given)) return { next: enrolment };
  const credentials = [lasting(given.credentialHash, now, CREDENTIAL_MS), used];
  return { verb: 'renew', next: { ...enrolment, credentials } };
}

function enrol(
  enrolment: StoredEnrolment,
  invitation: NonNullable<StoredEnrolment['invitation']>,
  given: EnrolmentInput,
  now: string,
): Exchange {
  const { publicKey, credentialHash } = given;
  if (invitation.usedAt !== undefined) {
    const isSame = enrolment.publicKey === publicKey && isKnown(enrolment, given);
    return isSame ? { next: enrolment } : { refusal: 'used' };
  }
  if (isOver(invitation.expiresAt, now)) return { refusal: 'unknown' };
  const credentials = [lasting(credentialHash, now, CREDENTIAL_MS)];
  const enrolled = { publicKey, enrolledAt: now, credentials };
  return { verb: 'enrol', next: { ...enrolment, ...enrolled, invitation: { ...invitation, usedAt: now } } };
}

function isKnown({ credentials }: StoredEnrolment, { credentialHash }: EnrolmentInput): boolean {
  return credentials.some(({ hash }) => hash === credentialHash);
}

/** Returns the credential of this text if it is accepted at this time. */
export function credentialIn({ credentials }: StoredEnrolment, text: string, now: string): Lasting | undefined {
  return credentials.find(({ hash, expiresAt }) => !isOver(expiresAt, now) && isTokenOf(text, hash));
}

/** Returns the enrolment without the credentials before the one that was used; undefined when there are none. */
export function withoutOlder(enrolment: StoredEnrolment, used: Lasting): StoredEnrolment | undefined {
  const credentials = enrolment.credentials.slice(0, enrolment.credentials.indexOf(used) + 1);
  return credentials.length === enrolment.credentials.length ? undefined : { ...enrolment, credentials };
}

/** Returns the enrolment of a voter without an agent: what it has taken back is not accepted any more. */
export function emptyEnrolment(voter: string): StoredEnrolment {
  return { voter, credentials: [] };
}

function lasting(hash: string, now: string, ms: number): Lasting {
  return { hash, createdAt: now, expiresAt: isoOf(msOf(now) + ms) };
}
