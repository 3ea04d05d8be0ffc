import { digest } from '../../../core/model/digest.ts';
import type { Pool } from '../../../core/model/ir.ts';
import type { RouteOf } from './predicates.ts';

/**
 * Names of objects at MSE, which carry everything that we can record there: services and routes have no tags. A name
 * consists of the mark of the owner, a part for people, and a digest that makes it unique. The name of a route has at
 * most 63 characters (observed, not documented).
 */
const MAX_READABLE_LENGTH = 33;
const MARK_DIGITS = 10;
const IDENTITY_DIGITS = 12;
const IDENTITY = new RegExp(`-?[0-9a-f]{${IDENTITY_DIGITS}}$`);
/** The number of digits of the digest that replaces the end of a readable part that is too long. */
const END_DIGITS = 8;

const PATH_SUFFIXES: Record<string, string> = { EQUAL: 'e', PRE: 'p', ERGULAR: 'r' };

/** Returns the mark of an owner, with which the names of all its objects begin. */
export function markOf(owner: string): string {
  return `fl-${digest(owner).slice(0, MARK_DIGITS)}-`;
}

/**
 * Returns a name of at most 60 characters. Equal marks and identities give equal names, so that an object is found
 * again by its name.
 */
export function nameOf(mark: string, readable: string, identity: unknown): string {
  const short = plain(readable)
    .slice(0, MAX_READABLE_LENGTH)
    .replace(/^-+|-+$/g, '');
  return `${mark}${[short, digest(identity).slice(0, IDENTITY_DIGITS)].filter(Boolean).join('-')}`;
}

/**
 * Returns the name of a route. A route is identified by what it matches: one that matches something else is a new one,
 * created before the old one is deleted.
 */
export function routeName(mark: string, { domain, predicates }: Omit<RouteOf, 'rule'>): string {
  const { Path, Type } = predicates.PathPredicates;
  return `${nameOf(mark, `${domain}${Path}`, { domain, predicates })}-${PATH_SUFFIXES[Type]}`;
}

/**
 * Returns the name of a new service for a part of a pool, such as a cluster. A `number` above 1 gives another name for
 * the same part.
 */
export function serviceName(mark: string, { key, service, port }: Pool, part: string, number: number): string {
  const identity = { pool: key, slot: part, ...(number > 1 && { number }) };
  return nameOf(mark, fitting(`${service}-${port}-${part}`), identity);
}

/**
 * Returns the service, port and cluster from the name of a service. They stay the same while weights, tiers and members
 * change.
 */
export function servesOf(mark: string, name: string): string {
  return name.slice(mark.length).replace(IDENTITY, '');
}

/** Returns a text that fits into the readable part of a name. Long texts that differ only at the end stay different. */
function fitting(text: string): string {
  if (plain(text).length <= MAX_READABLE_LENGTH) return text;
  const start = plain(text).slice(0, MAX_READABLE_LENGTH - END_DIGITS - 1);
  return `${start}-${digest(text).slice(0, END_DIGITS)}`;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
