import { illegal } from '../errors.ts';
import type { Tag } from './model.ts';

export interface PageInput {
  MaxResults?: number;
  NextToken?: string;
}

export interface TagFilter {
  Tag?: { Key?: string; Value?: string }[];
}

/** 20 when MaxResults is absent. A NextToken is given only when more follows. */
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

/** True when all tags of the filter are there; a filter without a value asks for the key only. */
export function hasTags(tags: readonly Tag[], { Tag: wanted = [] }: TagFilter): boolean {
  return wanted.every(({ Key, Value }) =>
    tags.some((tag) => tag.Key === Key && (Value === undefined || tag.Value === Value)),
  );
}

/** True when no list is given or the value is in it. */
export function among<T>(value: T, list: readonly T[] | undefined): boolean {
  return list === undefined || list.includes(value);
}

/** True when nothing is asked for or the value is what is asked for. */
export function equals<T>(value: T, wanted: T | undefined): boolean {
  return wanted === undefined || value === wanted;
}
