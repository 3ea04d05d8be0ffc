import { expect, test } from 'vitest';
import { runFuzz } from './fuzz.ts';

test('the Worker in workerd fails never, answers what is documented, and tells nobody what they may not know', async () => {
  const { requests, found } = await runFuzz({ requests: 1000, seed: 1, target: 'workerd' });
  expect(
    found.map(({ kind, told, episode, number }) => `${kind}, episode ${episode}, request ${number}: ${told}`),
  ).toEqual([]);
  expect(requests).toBe(1000);
}, 1_200_000);
