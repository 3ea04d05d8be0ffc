import * as z from 'zod';
import { digest } from '../core/digest.ts';
import { InvalidPageToken, type Page, type PageRequest } from '../deps.ts';
import type { Item } from './items.ts';
import type { Range } from './keys.ts';
import type { Table } from './table.ts';

export type Order = 'ascending' | 'descending';

const Token = z.tuple([z.literal(1), z.string(), z.string()]);

/**
 * One page of a range by sort key. The token holds where the page ended and which list it belongs to; it stays good
 * when items come and go. Throws InvalidPageToken.
 */
export async function readPage<T>(
  table: Table,
  range: Range,
  order: Order,
  request: PageRequest,
  parse: (item: Item) => T,
): Promise<Page<T>> {
  const after = request.token === undefined ? undefined : positionIn(request.token, range);
  // One more than asked for tells whether there is another page.
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

/** Base64url of a version, a digest of the list and a sort key; all of it ASCII. */
function tokenFor(range: Range, position: string): string {
  const text = JSON.stringify([1, listDigest(range), position]);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function positionIn(token: string, range: Range): string {
  const [, list, position] = Token.safeParse(decoded(token)).data ?? [];
  if (position === undefined || list !== listDigest(range) || position < range.from || position > range.to) {
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

const listDigest = (range: Range): string => digest([range.pk, range.from, range.to]).slice(0, 16);
