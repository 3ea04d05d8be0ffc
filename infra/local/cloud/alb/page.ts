import { illegal } from '../errors.ts';
import type { Tag } from './model.ts';

export interface PageInput {
  MaxResults?: number;
  NextToken?: string;
}

export interface TagFilter {
  Tag?: { Key?: string; Value?: string }[];
}

/** Returns a page of the items, 20 when MaxResults is absent. NextToken is only given when more items follow. */
export function page<T>(
  items: readonly T[],
  { MaxResults = 20, NextToken }: PageInput,
): { items: T[]; MaxResults: number; TotalCount: number; NextToken?: string } {
  const from = NextToken === undefined ? 0 : offsetOf(NextToken);
  const until = from + MaxResults;
  return {
    items: items.slice(from, until),
    MaxResults,
    TotalCount: items.length,
    ...(until < items.length ? { NextToken: Buffer.from(`offset:${until}`).toString('base64url') } : {}),
  };
}

function offsetOf(token: string): number {
  const [, offset] = /^offset:(\d{1,9})$/.exec(Buffer.from(token, 'base64url').toString('utf8')) ?? [];
  if (offset === undefined) throw illegal('NextToken', 'it is none of the tokens that were given');
  return Number(offset);
}

/** Tells whether all tags of the filter are there; a filter without a value asks for the key only. */
export function hasTags(tags: readonly Tag[], { Tag: wanted = [] }: TagFilter): boolean {
  return wanted.every(({ Key, Value }) =>
    tags.some((tag) => tag.Key === Key && (Value === undefined || tag.Value === Value)),
  );
}

/** Tells whether the value is in the list; true when no list is given. */
export function among<T>(value: T, list: readonly T[] | undefined): boolean {
  return list === undefined || list.includes(value);
}

/** Tells whether the value is the wanted one; true when none is wanted. */
export function equals<T>(value: T, wanted: T | undefined): boolean {
  return wanted === undefined || value === wanted;
}
