import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';

/** Returns the SHA-256, in hex, of the canonical JSON (RFC 8785) of a value: equal values have equal digests. */
export function digest(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}

/**
 * Returns the SHA-256, in hex, of a list. It hashes value by value, so that the JSON text of a long list is never in
 * memory as a whole.
 */
export function digestAll(values: Iterable<unknown>): string {
  const hash = sha256.create();
  for (const value of values) hash.update(utf8ToBytes(`${canonicalJson(value)}\n`));
  return bytesToHex(hash.digest());
}

/** Returns the canonical JSON (RFC 8785) of a value: keys are sorted, and undefined members are left out. */
export function canonicalJson(value: unknown): string {
  return canonicalize(value) ?? 'null';
}

/** Tells whether two JSON values have the same canonical JSON, without serialising them. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [members(a), members(b)];
  return left.length === right.length && left.every((key) => b[key] !== undefined && equal(a[key], b[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Returns the names of the members that are not undefined. */
function members(object: Record<string, unknown>): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}
