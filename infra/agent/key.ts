/** Ed25519 keys of agents (RFC 8032). A private key is given as its seed or as PKCS #8, both in base64. */

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** The bytes that precede the seed in the PKCS #8 encoding of an Ed25519 key (RFC 8410). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const SEED_BYTES = 32;

/** Signs the bytes and returns the signature in base64. */
export type Signer = (bytes: Uint8Array) => string;

/** Generates a pair of keys, both in base64: the private key is for the agent, the public key for its voter. */
export function createAgentKey(): { privateKey: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-SEED_BYTES);
  return { privateKey: seed.toString('base64'), publicKey: publicPart(privateKey) };
}

/**
 * Returns a function that signs with the key. Throws when the text is not an Ed25519 key; the message does not reveal
 * the text.
 */
export function signerOf(privateKey: string): Signer {
  const key = keyOf(privateKey);
  return (bytes) => sign(null, bytes, key).toString('base64');
}

/** Returns the public part of a private key, in base64. Throws as `signerOf` does. */
export function publicKeyOf(privateKey: string): string {
  return publicPart(keyOf(privateKey));
}

function keyOf(text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64');
  const der = bytes.length === SEED_BYTES ? Buffer.concat([PKCS8_PREFIX, bytes]) : bytes;
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // The error below replaces this one, which could reveal the key.
  }
  throw new Error('The key of the agent is no Ed25519 key: base64 of its seed or of its PKCS #8.');
}

function publicPart(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-SEED_BYTES).toString('base64');
}
