import type { Json } from '../core/gateway/provider-object.ts';
import {
  type Direction,
  firstBehind,
  InvalidPageToken,
  type Page,
  type PageRequest,
  type Placed,
  pageFrom,
  positionIn,
  type Selection,
  tokenOf,
} from '../deps.ts';
import type { Item } from './items.ts';
import type { Range } from './keys.ts';
import type { Table } from './table.ts';

export type Order = 'ascending' | 'descending';

/** A list as it is stored. */
export interface StoredList<T> {
  range: Range;
  /** The order of the list when none is asked for. */
  order: Order;
  parse(item: Item): T;
}

/** One page of a list that somebody asks for. `name` tells the list and its selection from all others. */
interface Asked<T> extends StoredList<T>, Selection<T> {
  name: Json;
  limit: number;
  direction: Direction;
}

/**
 * Reads one page of a list. The token contains the end of the page, and stays valid when items are added or deleted. Throws
 * `InvalidPageToken`.
 */
export async function readPage<T>(
  table: Table,
  list: StoredList<T>,
  { limit, token }: PageRequest,
  selection: Selection<T> = { key: null },
): Promise<Page<T>> {
  const { pk, from, to } = list.range;
  const name = [pk, from, to, selection.key];
  const after = token === undefined ? undefined : positionIn(name, token);
  const isKey = after !== undefined && selection.orderOf === undefined;
  if (isKey && (after < from || after > to)) throw new InvalidPageToken();
  const direction = { isDescending: selection.isDescending ?? list.order === 'descending', after };
  const asked = { ...list, ...selection, name, limit, direction };
  return selection.orderOf === undefined ? await readByKey(table, asked) : await readOrdered(table, asked);
}

/** The most items that one page of a filtered list looks at; `BATCH` is the number of items per read. */
const MAX_LOOKED_AT = 500;
const BATCH = 100;

/**
 * Reads one page in the order of keys. Of a filtered list it looks at a bounded number of items, so that the page may be short,
 * or empty, and still have a token.
 */
async function readByKey<T>(table: Table, asked: Asked<T>): Promise<Page<T>> {
  const { range, parse, matching, name, limit, direction } = asked;
  const batch = matching === undefined ? limit : BATCH;
  const items: T[] = [];
  let { after } = direction;
  let hasMore = true;
  for (let lookedAt = 0; hasMore && items.length < limit && lookedAt < MAX_LOOKED_AT; lookedAt += batch) {
    // One item more than are looked at shows whether there is another one.
    const read = await query(table, range, { ...direction, after }, batch + 1);
    const seen = read.slice(0, batch).map((item) => ({ item: parse(item), position: item.sk }));
    const kept = await keptOf(seen, matching);
    for (const { item, position } of seen) {
      if (items.length === limit) return { items, nextToken: tokenOf(name, after ?? '') };
      if (kept.has(item)) items.push(item);
      after = position;
    }
    hasMore = read.length > batch;
  }
  return { items, ...(hasMore && { nextToken: tokenOf(name, after ?? '') }) };
}

/** Reads one page in another order than that of keys. It reads the whole list, and keeps no more than the page in memory. */
async function readOrdered<T>(table: Table, asked: Asked<T>): Promise<Page<T>> {
  const { range, parse, matching, orderOf = () => '', name, limit, direction } = asked;
  let first: Placed<T>[] = [];
  let after: string | undefined;
  do {
    const read = await query(table, range, { isDescending: false, after }, BATCH);
    const placed = read.map((stored) => {
      const item = parse(stored);
      return { item, position: `${orderOf(item)} ${stored.sk}` };
    });
    const kept = await keptOf(placed, matching);
    const shown = placed.filter(({ item }) => kept.has(item));
    first = firstBehind([...first, ...shown], direction, limit + 1);
    after = read.length < BATCH ? undefined : read.at(-1)?.sk;
  } while (after !== undefined);
  return pageFrom(name, first, limit);
}

async function keptOf<T>(placed: readonly Placed<T>[], matching: Selection<T>['matching']): Promise<ReadonlySet<T>> {
  const items = placed.map(({ item }) => item);
  return new Set(matching === undefined ? items : await matching(items));
}

async function query(table: Table, range: Range, { isDescending, after }: Direction, limit: number): Promise<Item[]> {
  return await table.query(range, { limit, descending: isDescending, ...(after !== undefined && { after }) });
}

/** Yields the items of a range from the last one, reading `batch` of them at a time, for as long as the caller continues. */
export async function* walkBack(table: Table, range: Range, batch: number): AsyncGenerator<Item> {
  let after: string | undefined;
  let items: Item[];
  do {
    items = await query(table, range, { isDescending: true, after }, batch);
    yield* items;
    after = items.at(-1)?.sk;
  } while (items.length === batch);
}
