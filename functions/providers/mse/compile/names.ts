import { digest } from '../../../core/model/digest.ts';
import type { Pool } from '../../../core/model/ir.ts';
import type { RouteOf } from './predicates.ts';

/**
 * Names carry everything that MSE lets us say of an object: it has no tags on services and routes. A name is the mark of its owner, a
 * part for people, and a digest that makes it unique. Longest name of a route: 63 characters (seen in the field, not documented).
 */
const MAX_READABLE_LENGTH = 33;
const MARK_DIGITS = 10;
const IDENTITY_DIGITS = 12;
const IDENTITY = new RegExp(`-?[0-9a-f]{${IDENTITY_DIGITS}}$`);
/** Digits of the digest that stands for the end of a readable part that is too long. */
const END_DIGITS = 8;

const PATH_SUFFIXES: Record<string, string> = { EQUAL: 'e', PRE: 'p', ERGULAR: 'r' };

/** What the names of all objects of an owner begin with. */
export function markOf(owner: string): string {
  return `fl-${digest(owner).slice(0, MARK_DIGITS)}-`;
}

/** A name of at most 60 characters. The same mark and identity give the same name, so that an object is found again by it. */
export function nameOf(mark: string, readable: string, identity: unknown): string {
  const short = plain(readable)
    .slice(0, MAX_READABLE_LENGTH)
    .replace(/^-+|-+$/g, '');
  return `${mark}${[short, digest(identity).slice(0, IDENTITY_DIGITS)].filter(Boolean).join('-')}`;
}

/** What a route matches is its identity: one that matches something else is another, and created before the old one goes. */
export function routeName(mark: string, { domain, predicates }: Omit<RouteOf, 'rule'>): string {
  const { Path, Type } = predicates.PathPredicates;
  return `${nameOf(mark, `${domain}${Path}`, { domain, predicates })}-${PATH_SUFFIXES[Type]}`;
}

/** The name of a new service for a part of a pool, such as a cluster; a number above 1 gives another one for the same. */
export function serviceName(mark: string, { key, service, port }: Pool, part: string, number: number): string {
  const identity = { pool: key, slot: part, ...(number > 1 && { number }) };
  return nameOf(mark, fitting(`${service}-${port}-${part}`), identity);
}

/** The service, port and cluster that the name of a service tells, which stay the same while weights, tiers and members change. */
export function servesOf(mark: string, name: string): string {
  return name.slice(mark.length).replace(IDENTITY, '');
}

/** A text that is no longer than a readable part may be. Long texts that differ only at the end stay different. */
function fitting(text: string): string {
  if (plain(text).length <= MAX_READABLE_LENGTH) return text;
  const start = plain(text).slice(0, MAX_READABLE_LENGTH - END_DIGITS - 1);
  return `${start}-${digest(text).slice(0, END_DIGITS)}`;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
