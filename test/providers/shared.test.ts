import { expect, test } from 'vitest';
import { shownForeign } from '../../functions/providers/shared.ts';

test('of very many foreign objects the same hundred are shown each time', () => {
  const many = Array.from({ length: 150 }, (_, index) => ({
    kind: index % 2 ? 'Rule' : 'Route',
    name: `n${index % 10}`,
    remoteId: String(1_000 + index),
  }));
  const shown = shownForeign(many);
  expect(shown).toHaveLength(100);
  expect(shownForeign([...many].reverse())).toEqual(shown);
  expect(shown.slice(0, 2)).toEqual([
    { kind: 'Route', name: 'n0', remoteId: '1000' },
    { kind: 'Route', name: 'n0', remoteId: '1010' },
  ]);
});
