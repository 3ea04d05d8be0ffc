import { expect, test } from 'vitest';
import { contend, jitterMs, repeatWhile } from '../../functions/attempts.ts';

/** Work with the given outcomes, one after the other; it counts how often it is done. */
function workOf<T>(outcomes: readonly T[]) {
  const done: T[] = [];
  const work = async () => {
    const outcome = outcomes[done.length] as T;
    done.push(outcome);
    return outcome;
  };
  return { work, done };
}

test('work is repeated for as long as it is asked for, and the last outcome is the result', async () => {
  const { work, done } = workOf(['a', 'b', 'c']);
  const counts: number[] = [];
  const isAsked = async (outcome: string, count: number) => {
    counts.push(count);
    return outcome !== 'b';
  };
  expect(await repeatWhile(work, isAsked)).toBe('b');
  expect([done, counts]).toEqual([
    ['a', 'b'],
    [1, 2],
  ]);
});

test('a writer that comes second tries again, ends with its first success, and gives up after the given number', async () => {
  const late = workOf([undefined, undefined, 'kept', 'never']);
  expect(await contend(5, late.work)).toBe('kept');
  expect(late.done).toHaveLength(3);
  const beaten = workOf<undefined>([]);
  expect(await contend(5, beaten.work)).toBeUndefined();
  expect(beaten.done).toHaveLength(5);
});

test('a success whose value is false or empty is a success', async () => {
  for (const value of [false, 0, '', null]) {
    const { work, done } = workOf([value, 'never']);
    expect(await contend(5, work)).toBe(value);
    expect(done).toHaveLength(1);
  }
});

test('pauses are spread over the whole span below a bound that doubles up to its most', () => {
  expect([1, 2, 3, 4].map((count) => jitterMs(1, count, 100, 300))).toEqual([100, 200, 300, 300]);
  expect(jitterMs(0, 4, 100)).toBe(0);
  expect(jitterMs(0.5, 4, 100)).toBe(400);
});
