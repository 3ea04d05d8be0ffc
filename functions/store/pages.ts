import * as z from 'zod';
import type { Json } from '../core/gateway/provider-object.ts';
import { digest } from '../core/model/digest.ts';
import { InvalidPageToken, type Page, type PageRequest } from '../deps.ts';
import type { Item } from './items.ts';
import type { Range } from './keys.ts';
import type { Table } from './table.ts';

export type Order = 'ascending' | 'descending';

const Token = z.tuple([z.literal(1), z.string(), z.string()]);

/**
 * Reads one page of a range by sort key. The token contains the end of the page and a digest of the list, and stays
 * valid when items are added or deleted. Throws `InvalidPageToken`.
 */
export async function readPage<T>(
  table: Table,
  range: Range,
  order: Order,
  request: PageRequest,
  parse: (item: Item) => T,
): Promise<Page<T>> {
  const after = request.token === undefined ? undefined : positionIn(request.token, range);
  // One item more than requested shows whether there is another page.
  const items = await table.query(range, {
    limit: request.limit + 1,
    descending: order === 'descending',
    ...(after !== undefined && { after }),
  });
  const shown = items.slice(0, request.limit);
  const last = shown.at(-1);
  const more = last !== undefined && items.length > shown.length;
  return { items: shown.map(parse), ...(more && { nextToken: tokenFor(range, last.sk) }) };
}

export interface Filter<T> {
  /** Identifies the filtered list: a token of one filter is not valid for another. */
  key: Json;
  matches(item: T): boolean;
}

/** The most items that one page of a filtered list looks at; `BATCH` is the number of items per read. */
const MAX_LOOKED_AT = 500;
const BATCH = 100;

/**
 * Reads one page of the items that match. It looks at a bounded number of items, so a page may be short, or empty, and
 * still have a token. Throws `InvalidPageToken`.
 */
export async function readMatching<T>(
  table: Table,
  range: Range,
  order: Order,
  request: PageRequest,
  parse: (item: Item) => T,
  filter: Filter<T>,
): Promise<Page<T>> {
  const items: T[] = [];
  let lookedAt = 0;
  let last: Item | undefined;
  const after = request.token === undefined ? undefined : positionIn(request.token, range, filter.key);
  for await (const item of walk(table, range, order, { batch: BATCH, after })) {
    if (last && (items.length === request.limit || lookedAt === MAX_LOOKED_AT)) {
      return { items, nextToken: tokenFor(range, last.sk, filter.key) };
    }
    const value = parse(item);
    if (filter.matches(value)) items.push(value);
    lookedAt += 1;
    last = item;
  }
  return { items };
}

/** Yields the items of a range, reading `batch` of them at a time, for as long as the caller continues. */
export async function* walk(
  table: Table,
  range: Range,
  order: Order,
  { batch, after }: { batch: number; after?: string | undefined },
): AsyncGenerator<Item> {
  let position = after;
  let items: Item[];
  do {
    items = await table.query(range, {
      limit: batch,
      descending: order === 'descending',
      ...(position !== undefined && { after: position }),
    });
    yield* items;
    position = items.at(-1)?.sk;
  } while (items.length === batch);
}

/** Returns a page token: base64url of a version, a digest of the list and a sort key, all of which are ASCII. */
function tokenFor(range: Range, position: string, filter?: Json): string {
  const text = JSON.stringify([1, listDigest(range, filter), position]);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function positionIn(token: string, range: Range, filter?: Json): string {
  const [, list, position] = Token.safeParse(decoded(token)).data ?? [];
  if (position === undefined || list !== listDigest(range, filter) || position < range.from || position > range.to) {
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

const listDigest = ({ pk, from, to }: Range, filter: Json = null): string =>
  digest([pk, from, to, filter]).slice(0, 16);
