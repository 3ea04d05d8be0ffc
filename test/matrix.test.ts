import { expect, inject, it } from 'vitest';
import { matrix, spread } from './matrix.ts';

const cases = Array.from({ length: 20 }, (_, index) => index);

it.each([1, 2, 3, 7, 19, 20, 30])('a sample of %i cases has the first and the last, and none twice', (size) => {
  const sample = spread(cases, size);
  expect(sample).toHaveLength(Math.min(size, cases.length));
  expect(new Set(sample).size).toBe(sample.length);
  expect(sample[0]).toBe(0);
  if (size > 1) expect(sample.at(-1)).toBe(19);
  expect(sample).toEqual(sample.toSorted((one, other) => one - other));
});

it('a full run takes every case, and any other run the same sample each time', () => {
  expect(matrix(cases, 3)).toEqual(inject('scope') === 'full' ? cases : [0, 10, 19]);
});
