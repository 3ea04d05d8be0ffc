/** Keys of agents: Ed25519 (RFC 8032), the private one as its seed or as PKCS #8, both in base64. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** What PKCS #8 of an Ed25519 key is before its seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const SEED_BYTES = 32;

/** Base64 of the signature of the bytes. */
export type Signer = (bytes: Uint8Array) => string;

/** A new pair: the private key for the agent, the public one for its voter. */
export function createAgentKey(): { privateKey: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-SEED_BYTES);
  return { privateKey: seed.toString('base64'), publicKey: publicKeyOf(privateKey) };
}

/** Throws one sentence that does not tell the key when it is none. */
export function signerOf(privateKey: string): Signer {
  const key = keyOf(privateKey);
  return (bytes) => sign(null, bytes, key).toString('base64');
}

function keyOf(text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  const der = bytes.length === SEED_BYTES ? Buffer.concat([PKCS8_PREFIX, bytes]) : bytes;
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Told below, without what was given.
  }
  throw new Error('The key of the agent is no Ed25519 key: base64 of its seed or of its PKCS #8.');
}

function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES).toString('base64');
}
