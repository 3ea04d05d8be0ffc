import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assignPriorities, moveOrder } from '../../../functions/providers/alb/compile/priorities.ts';

const assign = (order: string, current: Record<string, number> = {}, foreign: number[] = []) =>
  Object.fromEntries(assignPriorities([...order], new Map(Object.entries(current)), foreign));

describe('assignPriorities', () => {
  test('a fresh listener gets steps of ten', () => {
    expect(assign('abc')).toEqual({ a: 10, b: 20, c: 30 });
  });

  test('foreign values are stepped over', () => {
    expect(assign('abc', {}, [20, 30])).toEqual({ a: 10, b: 40, c: 50 });
  });

  test('what is in order stays; a newcomer goes between', () => {
    expect(assign('abxc', { a: 10, b: 20, c: 30 })).toEqual({ a: 10, b: 20, x: 25, c: 30 });
    expect(assign('xabc', { a: 10, b: 20, c: 30 })).toEqual({ x: 5, a: 10, b: 20, c: 30 });
    expect(assign('abcx', { a: 10, b: 20, c: 30 })).toEqual({ a: 10, b: 20, c: 30, x: 40 });
  });

  test('of rules out of order as few as possible move', () => {
    expect(assign('bcda', { a: 10, b: 20, c: 30, d: 40 })).toEqual({ b: 20, c: 30, d: 40, a: 50 });
  });

  test('of rules in any order as many as possible stay', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 40 }), (numbers) => {
        // The gaps are large enough for all rules that move.
        const current = new Map(numbers.map((number) => [`r${number}`, number * 100]));
        const after = assignPriorities([...current.keys()], current, []);
        const staying = [...current].filter(([key, priority]) => after.get(key) === priority);
        expect(staying).toHaveLength(longestIncreasingLength(numbers));
      }),
    );
  });

  test('a full gap moves the neighbour below, and no more', () => {
    expect(assign('axbc', { a: 10, b: 11, c: 30 })).toEqual({ a: 10, x: 16, b: 25, c: 30 });
  });

  test('at the lower end there is room above only', () => {
    expect(assign('abx', { a: 9998, b: 10000 })).toEqual({ a: 10, b: 20, x: 30 });
  });
});

function longestIncreasingLength(numbers: readonly number[]): number {
  const lengths: number[] = [];
  numbers.forEach((number, index) => {
    const before = lengths.filter((_, earlier) => earlier < index && (numbers[earlier] ?? 0) < number);
    lengths.push(1 + Math.max(0, ...before));
  });
  return Math.max(...lengths);
}

/** Rules on a listener: the present ones, those to be deleted, those to be created, and the foreign ones. */
const listeners = fc
  .record({
    current: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 25 }),
    foreign: fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 10 }),
    created: fc.nat({ max: 8 }),
    seed: fc.infiniteStream(fc.nat()),
    reorder: fc.boolean(),
  })
  .map(({ current, foreign, created, seed, reorder }) => {
    const next = () => seed.next().value;
    const sorted = [...current].sort((a, b) => a - b);
    const now = new Map(sorted.map((priority, index) => [`old-${String(index).padStart(2, '0')}`, priority]));
    const staying = [...now.keys()].filter(() => next() % 5 !== 0);
    if (reorder && staying.length > 1) staying.push(...staying.splice(next() % staying.length, 1 + (next() % 3)));
    const order = [...staying];
    for (let index = 0; index < created; index++) order.splice(next() % (order.length + 1), 0, `new-${index}`);
    return { now, order, foreign: foreign.filter((value) => !current.includes(value)) };
  });

/** Returns the states of the listener while the result is written: moves one by one, then creates. */
function historyOf(
  now: ReadonlyMap<string, number>,
  target: ReadonlyMap<string, number>,
  order: readonly string[],
): Map<string, number>[] {
  const moves = order
    .filter((key) => now.has(key) && now.get(key) !== target.get(key))
    .map((key) => ({ key, from: now.get(key) ?? 0, to: target.get(key) ?? 0 }))
    .sort(moveOrder);
  const creates = order.filter((key) => !now.has(key)).map((key) => ({ key, to: target.get(key) ?? 0 }));
  const history = [new Map(now)];
  for (const { key, to } of [...moves, ...creates]) history.push(new Map(history.at(-1)).set(key, to));
  return history;
}

/** Returns pairs whose order is the same before and after; a new rule has no order before. */
function lastingPairs(order: readonly string[], now: ReadonlyMap<string, number>): [string, string][] {
  return order.flatMap((above, index) =>
    order
      .slice(index + 1)
      .filter((below) => (now.get(above) ?? 0) < (now.get(below) ?? Number.POSITIVE_INFINITY))
      .map((below): [string, string] => [above, below]),
  );
}

describe('properties of assignPriorities', () => {
  test('priorities ascend, are free, in range, and stable', () => {
    fc.assert(
      fc.property(listeners, ({ now, order, foreign }) => {
        const priorities = assignPriorities(order, now, foreign);
        const values = order.map((key) => priorities.get(key) ?? Number.NaN);
        expect(values).toEqual([...values].sort((a, b) => a - b));
        expect(new Set(values).size).toBe(values.length);
        const taken = new Set([...now.values(), ...foreign]);
        for (const key of order) {
          const value = priorities.get(key) ?? 0;
          expect(value).toSatisfy((one: number) => one >= 1 && one <= 10_000);
          if (value !== now.get(key)) expect(taken.has(value)).toBe(false);
        }
        expect(assignPriorities(order, priorities, foreign)).toEqual(priorities);
      }),
      { numRuns: 300 },
    );
  });

  test('written one by one, rules that keep their relative order are never inverted, nor do values collide', () => {
    fc.assert(
      fc.property(listeners, ({ now, order, foreign }) => {
        const target = assignPriorities(order, now, foreign);
        for (const state of historyOf(now, target, order)) {
          const values = [...state.values(), ...foreign];
          expect(new Set(values).size).toBe(values.length);
          for (const [above, below] of lastingPairs(order, now)) {
            if (state.has(above) && state.has(below)) {
              expect(state.get(above), `${above} before ${below}`).toBeLessThan(state.get(below) ?? 0);
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test('nobody passes a rule that is about to go, where there is room on its side', () => {
    const crowd = fc.record({
      values: fc.uniqueArray(fc.integer({ min: 1001, max: 1012 }), { minLength: 2 }),
      leaving: fc.nat(),
      created: fc.array(fc.nat(), { maxLength: 8 }),
    });
    fc.assert(
      fc.property(crowd, ({ values, leaving, created }) => {
        const sorted = [...values].sort((a, b) => a - b);
        const now = new Map(sorted.map((priority) => [`old-${priority}`, priority]));
        const gone = sorted[leaving % sorted.length] ?? 0;
        const order = [...now.keys()].filter((key) => now.get(key) !== gone);
        for (const [index, place] of created.entries()) order.splice(place % (order.length + 1), 0, `new-${index}`);
        const target = assignPriorities(order, now, []);
        for (const key of order.filter((one) => now.has(one))) {
          expect((target.get(key) ?? 0) > gone, `${key} and ${gone}`).toBe((now.get(key) ?? 0) > gone);
        }
      }),
      { numRuns: 300 },
    );
  });
});
