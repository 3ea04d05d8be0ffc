import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';

/** SHA-256, in hex, of the canonical JSON (RFC 8785) of a value: equal values have equal digests. */
export function digest(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}

/** The same of a list, value by value: the text of a long list never stands in memory as a whole. */
export function digestAll(values: Iterable<unknown>): string {
  const hash = sha256.create();
  for (const value of values) hash.update(utf8ToBytes(`${canonicalJson(value)}\n`));
  return bytesToHex(hash.digest());
}

/** Canonical JSON (RFC 8785): keys sorted, absent members left out. */
export function canonicalJson(value: unknown): string {
  return canonicalize(value) ?? 'null';
}

/** Whether two JSON values have the same canonical JSON, without writing it. */
export function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isObject(a) || !isObject(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [members(a), members(b)];
  return left.length === right.length && left.every((key) => b[key] !== undefined && equal(a[key], b[key]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The names of those that are not absent. */
function members(object: Record<string, unknown>): string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}
