import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * Returns the digest that is stored in place of a token. Comparing digests is safe: senders cannot choose the digest of
 * the token that they send.
 */
export function tokenDigest(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/**
 * Tells whether a token has the given digest. The comparison always covers the whole digest, so that its duration
 * reveals nothing.
 */
export function isTokenOf(token: string, digest: string): boolean {
  const given = tokenDigest(token);
  let difference = given.length ^ digest.length;
  for (let index = 0; index < given.length; index++) difference |= given.charCodeAt(index) ^ digest.charCodeAt(index);
  return difference === 0;
}
