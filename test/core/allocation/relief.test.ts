import { describe, expect, it } from 'vitest';
import { allocate } from '../../../functions/core/allocation/allocate.ts';
import type { AllocationInput } from '../../../functions/core/allocation/types.ts';
import { backend, capacity, heldBack, inputOf, member, pointsIn, pointsOf } from './fleets.ts';

/** a is overloaded and has q alone with b; b is full, and has p alone with c, which has room. */
function chainInput(load = 100): AllocationInput {
  const ab = backend([member('a'), member('b')], { id: 'ab', load: 100 });
  const bc = backend([member('b'), member('c')], { id: 'bc', load });
  return inputOf([ab, bc], { capacities: [capacity('a', 40), capacity('b', 100), capacity('c', 200)] });
}

describe('relief of a cluster above its capacity', () => {
  it('by a chain, where those that could take a point of it are full themselves', () => {
    expect(pointsIn(allocate(chainInput()))).toEqual([
      [40, 60],
      [40, 60],
    ]);
  });

  it('by a chain that gives a larger point for a smaller one', () => {
    const { backends, overloads } = allocate({
      ...chainInput(110),
      capacities: [capacity('a', 40), capacity('b', 105), capacity('c', 200)],
    });
    expect(overloads).toEqual([]);
    expect(backends.map(({ points }) => points[0])).toEqual([40, 41]);
  });

  it('by no chain that passes a large point on as several small ones', () => {
    const small = { ...chainInput(50), capacities: [capacity('a', 40), capacity('b', 75), capacity('c', 200)] };
    expect(allocate(small).overloads.map(({ cluster }) => cluster)).toEqual(['a']);
  });

  it('by a chain of several hops', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const backends = names.slice(1).map((name, index) => {
      return backend([member(names[index] ?? ''), member(name)], { id: `${names[index]}${name}` });
    });
    const capacities = [capacity('a', 30), ...['b', 'c', 'd'].map((name) => capacity(name, 100))];
    const { overloads, backends: found } = allocate(inputOf(backends, { capacities }));
    expect(overloads).toEqual([]);
    expect(pointsIn({ backends: found, overloads })).toEqual(names.slice(1).map(() => [30, 70]));
  });

  it('never by one that is down', () => {
    const members = [member('a'), heldBack('b', 'down')];
    expect(pointsOf(members, { capacities: [capacity('a', 50)] })).toEqual([100, 0]);
  });

  it('never by one that has all that its limits allow, unless a stage has lifted them', () => {
    const members = [member('a'), heldBack('b', 'drained'), heldBack('c', 'consent', { had: 7 })];
    expect(pointsOf(members, { capacities: [capacity('a', 50)] })).toEqual([93, 0, 7]);
  });

  it('never by taking points of a pinned backend', () => {
    const members = [member('a'), member('b', { tier: 1 })];
    const input = inputOf([backend(members, { isPinned: true })], { capacities: [capacity('a', 50)] });
    const { backends, overloads } = allocate(input);
    expect(pointsIn({ backends, overloads })).toEqual([[100, 0]]);
    expect(overloads).toEqual([{ cluster: 'a', load: 100, requestsPerSecond: 50 }]);
  });

  it('never by making another cluster overloaded', () => {
    const members = [member('a'), member('b')];
    expect(pointsOf(members, { capacities: [capacity('a', 10), capacity('b', 30)] })).toEqual([25, 75]);
  });

  it('does not move what is less than a point too much', () => {
    const backends = [backend([member('a'), member('b', { tier: 1, limits: [{ reason: 'turn' }] })], { load: 10_000 })];
    expect(pointsIn(allocate(inputOf(backends, { capacities: [capacity('a', 9950)] })))).toEqual([[99, 1]]);
  });
});

describe('relief of a cluster above 110 % of its capacity', () => {
  /** a serves both; only one of them is short enough for its stages to come to its dwelling member. */
  const hot = (of: number) => {
    const dwelling = backend([member('a'), heldBack('b', 'dwell')], { id: 'dwelling', load: 100 });
    const alone = backend([member('a')], { id: 'alone', load: 100 });
    return allocate(inputOf([dwelling, alone], { capacities: [capacity('a', of)] }));
  };

  it('a member that only dwells takes from it what is too much', () => {
    const { backends, overloads } = hot(150);
    expect(pointsIn({ backends, overloads })).toEqual([[50, 50], [100]]);
    expect(overloads).toEqual([]);
  });

  it('a little heat is left as it is', () => {
    expect(pointsIn(hot(190))).toEqual([[100, 0], [100]]);
  });
});

describe('relief ends', () => {
  it('where nobody has room', () => {
    const ring = ['ab', 'bc', 'ca'].map((id) => {
      const [one = '', other = ''] = id.split('').sort();
      return backend([member(one), member(other)], { id });
    });
    const capacities = ['a', 'b', 'c'].map((name) => capacity(name, 50));
    const { overloads } = allocate(inputOf(ring, { capacities }));
    expect(overloads).toHaveLength(3);
    expect(overloads.reduce((sum, { load }) => sum + load, 0)).toBe(300);
  });
});
