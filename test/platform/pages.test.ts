import { expect, it } from 'vitest';
import { pagesOf } from '../../functions/deps.ts';

/** A list of five numbers, which counts the reads of its pages. */
function fiveNumbers() {
  const reads: (string | undefined)[] = [];
  const pages = pagesOf(2, async ({ limit, token }) => {
    reads.push(token);
    const from = Number(token ?? 0);
    const items = [0, 1, 2, 3, 4].slice(from, from + limit);
    return { items, nextToken: from + limit < 5 ? String(from + limit) : undefined };
  });
  return { pages, reads };
}

it('a list is read to its end, page by page', async () => {
  const { pages, reads } = fiveNumbers();
  const read: number[][] = [];
  for await (const page of pages) read.push(page);
  expect(read).toEqual([[0, 1], [2, 3], [4]]);
  expect(reads).toEqual([undefined, '2', '4']);
});

it('no page is read that nobody asks for', async () => {
  const { pages, reads } = fiveNumbers();
  for await (const page of pages) if (page.includes(2)) break;
  expect(reads).toEqual([undefined, '2']);
});
