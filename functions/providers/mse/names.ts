import { digest } from '../../core/digest.ts';

/**
 * Names carry everything that MSE lets us say of an object: it has no tags on services and routes. A name is the mark of its owner, a
 * part for people, and a digest that makes it unique. Longest name of a route: 63 characters (seen in the field, not documented).
 */
const MAX_READABLE_LENGTH = 33;
const MARK_DIGITS = 10;
const IDENTITY_DIGITS = 12;

/** What the names of all objects of an owner begin with. */
export function markOf(owner: string): string {
  return `fl-${digest(owner).slice(0, MARK_DIGITS)}-`;
}

/** The same for the same mark and identity: an object is found again by it. At most 60 characters. */
export function nameOf(mark: string, readable: string, identity: unknown): string {
  const plain = readable.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const short = plain.slice(0, MAX_READABLE_LENGTH).replace(/^-+|-+$/g, '');
  return `${mark}${[short, digest(identity).slice(0, IDENTITY_DIGITS)].filter(Boolean).join('-')}`;
}
