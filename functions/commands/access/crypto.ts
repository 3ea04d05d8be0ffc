/** The secrets of tokens, and the signatures of agents. */

/** Returns 32 random bytes in Base64url, for a token. */
export function newSecret(): string {
  const base64 = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** A body as it was received, and its signature. */
export interface Signed {
  bytes: ArrayBuffer;
  /** The Base64 form of an Ed25519 signature. */
  signature: string | undefined;
}

/** Matches the Base64 form of the 64 bytes of an Ed25519 signature (RFC 8032, section 5.1.6). */
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;

/**
 * Verifies the signature. The form is checked first, because some platforms throw for a signature of another length
 * instead of rejecting it.
 */
export async function isSignedBy(publicKey: string, { bytes, signature = '' }: Signed): Promise<boolean> {
  if (!SIGNATURE.test(signature)) return false;
  const algorithm = { name: 'Ed25519' };
  const key = await crypto.subtle.importKey('raw', fromBase64(publicKey), algorithm, false, ['verify']);
  return await crypto.subtle.verify(algorithm, key, fromBase64(signature), bytes);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
