import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

/** Returns the HMAC-SHA256 of the text, in base64. A key that is a string stands for its UTF-8 bytes. */
export function signatureOf(key: Uint8Array | string, text: string): string {
  const bytes = typeof key === 'string' ? utf8ToBytes(key) : key;
  return btoa(String.fromCharCode(...hmac(sha256, bytes, utf8ToBytes(text))));
}

export function secondsOf(ms: number): string {
  return String(Math.floor(ms / 1000));
}
