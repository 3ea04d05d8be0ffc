import { InvalidPageToken, type Page, type PageRequest } from '../../deps.ts';

/** Matches a page token. It holds the last name of the page before, so that it tells nothing that was not shown. */
const TOKEN = /^after\.([a-z0-9-]{1,63})$/;

/** Returns one page of things that are all in memory already, in the order of their names. */
export function pageOfAll<T extends { name: string }>(all: readonly T[], { limit, token }: PageRequest): Page<T> {
  const after = token === undefined ? '' : TOKEN.exec(token)?.[1];
  if (after === undefined) throw new InvalidPageToken();
  const left = all.filter(({ name }) => name > after);
  const items = left.slice(0, limit);
  const last = items.at(-1);
  return { items, nextToken: last && left.length > limit ? `after.${last.name}` : undefined };
}
