import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** What is kept of a token: nobody can choose the digest of what they send. */
export function tokenDigest(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

/** Whether it is the token of the digest; looks at all of it, however early it differs, so that the time it takes tells nothing. */
export function isTokenOf(token: string, digest: string): boolean {
  const given = tokenDigest(token);
  let difference = given.length ^ digest.length;
  for (let index = 0; index < given.length; index++) difference |= given.charCodeAt(index) ^ digest.charCodeAt(index);
  return difference === 0;
}
