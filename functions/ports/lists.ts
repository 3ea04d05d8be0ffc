/** Which items of a list are shown, in which order, and the tokens with which somebody goes on behind a page. */

import type { Json } from '../core/gateway/provider-object.ts';
import { digest } from '../core/model/digest.ts';
import { compareText } from '../core/model/text.ts';
import { InvalidPageToken, type Page, type PageRequest } from './pages.ts';

/** A span of time in epoch milliseconds, both ends included. */
export interface Span {
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** A part of a list in an order, as somebody asks for it; without anything, the whole list in its own order. */
export interface Selection<T> {
  /** Everything that was asked for. A token of one selection is not valid for another. */
  key: Json;
  /** Returns those of the items that are shown, the very same objects; all of them when absent. */
  matching?: ((items: readonly T[]) => readonly T[] | Promise<readonly T[]>) | undefined;
  /** The direction; that of the list itself when absent. */
  isDescending?: boolean | undefined;
  /** Returns the ASCII text by which items are ordered; the list is ordered by its keys when absent. */
  orderOf?: ((item: T) => string) | undefined;
  /** The times outside of which nothing is shown, for lists that are stored by time. */
  span?: Span | undefined;
}

/** An item with its position, which no other item of the list has. */
export interface Placed<T> {
  position: string;
  item: T;
}

/** Orders items, and tells which of them come behind a position. */
export interface Direction {
  isDescending: boolean;
  /** The position of the last item of the page before. */
  after?: string | undefined;
}

/** Returns the items behind the position, in order: at most `limit`. */
export function firstBehind<T>(
  placed: readonly Placed<T>[],
  { isDescending, after }: Direction,
  limit: number,
): Placed<T>[] {
  const compare = (a: string, b: string) => (isDescending ? compareText(b, a) : compareText(a, b));
  return placed
    .filter(({ position }) => after === undefined || compare(after, position) < 0)
    .sort((a, b) => compare(a.position, b.position))
    .slice(0, limit);
}

/** Returns the page that begins with the placed items, of which one more than its limit tells that there is another page. */
export function pageFrom<T>(list: Json, placed: readonly Placed<T>[], limit: number): Page<T> {
  const shown = placed.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = last !== undefined && placed.length > shown.length;
  return { items: shown.map(({ item }) => item), ...(hasMore && { nextToken: tokenOf(list, last.position) }) };
}

/** Returns one page of things that are all in memory already, by name unless they are ordered otherwise. Throws `InvalidPageToken`. */
export async function pageOfAll<T extends { name: string }>(
  name: string,
  all: readonly T[],
  { limit, token }: PageRequest,
  { key, matching, isDescending = false, orderOf = () => '' }: Selection<T>,
): Promise<Page<T>> {
  const list = [name, key];
  const after = token === undefined ? undefined : positionIn(list, token);
  const items = matching === undefined ? all : await matching(all);
  const placed = items.map((item) => ({ item, position: `${orderOf(item)} ${item.name}` }));
  return pageFrom(list, firstBehind(placed, { isDescending, after }, limit + 1), limit);
}

/**
 * Returns a page token: base64url of a digest and of the position, all of which are ASCII. The digest is that of the list and the
 * position together, so that a token which is altered, or taken from another list, is told from one that was given out. It
 * protects nothing: whoever makes a token only begins elsewhere in a list that they may read.
 */
export function tokenOf(list: Json, position: string): string {
  const text = JSON.stringify([sealOf(list, position), position]);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Returns the position in a token. Throws `InvalidPageToken` when the token was not made for the list. */
export function positionIn(list: Json, token: string): string {
  const parts = decoded(token);
  const [seal, position] = Array.isArray(parts) && parts.length === 2 ? parts : [];
  if (typeof position !== 'string' || seal !== sealOf(list, position) || token !== tokenOf(list, position)) {
    throw new InvalidPageToken();
  }
  return position;
}

function decoded(token: string): unknown {
  try {
    return JSON.parse(atob(token.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    return undefined;
  }
}

function sealOf(list: Json, position: string): string {
  return digest([list, position]).slice(0, 16);
}
