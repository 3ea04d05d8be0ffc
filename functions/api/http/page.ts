import type * as z from 'zod';
import type { PageQuery } from '../../../schemas/common.ts';
import type { Page, PageRequest } from '../../deps.ts';
import type { Reply } from './endpoint.ts';

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 200;

export function pageRequest({ pageSize, pageToken }: z.output<typeof PageQuery>): PageRequest {
  const limit = pageSize === undefined ? DEFAULT_PAGE_SIZE : Math.min(Number(pageSize), MAX_PAGE_SIZE);
  return { limit, token: pageToken };
}

export function pageReply<T>({ items, nextToken }: Page<T>): Reply {
  return { status: 200, body: { items, ...(nextToken !== undefined && { nextPageToken: nextToken }) } };
}
