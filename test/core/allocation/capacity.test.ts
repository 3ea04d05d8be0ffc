import { describe, expect, it } from 'vitest';
import { allocate } from '../../../functions/core/allocation/allocate.ts';
import { backend, capacity, heldBack, inputOf, member, pointsIn, pointsOf } from './fleets.ts';

describe('what a cluster above its capacity gives up', () => {
  it('comes from all backends in proportion, whatever their loads', () => {
    const members = [member('a'), member('b', { tier: 1 })];
    const backends = [backend(members, { id: 'large', load: 300 }), backend(members, { id: 'small', load: 100 })];
    expect(pointsIn(allocate(inputOf(backends, { capacities: [capacity('a', 300)] })))).toEqual([
      [75, 25],
      [75, 25],
    ]);
  });

  it('is no more than it takes: the odd points go by the largest remainder', () => {
    const members = [member('a'), member('b', { tier: 1 })];
    const backends = [backend(members, { id: 'p' }), backend(members, { id: 'q' }), backend(members, { id: 'r' })];
    const points = pointsIn(allocate(inputOf(backends, { capacities: [capacity('a', 290)] })));
    expect(points.map(([first]) => first)).toEqual([96, 97, 97]);
  });

  it('comes from no pinned backend, although its load counts', () => {
    const members = [member('a'), member('b', { tier: 1 })];
    const backends = [backend(members, { id: 'pinned', isPinned: true }), backend(members, { id: 'shop' })];
    expect(pointsIn(allocate(inputOf(backends, { capacities: [capacity('a', 150)] })))).toEqual([
      [100, 0],
      [50, 50],
    ]);
  });

  it('comes from no backend of which nobody has declared a load', () => {
    const members = [member('a'), member('b', { tier: 1 })];
    const backends = [backend(members, { id: 'silent', load: 0 }), backend(members, { id: 'shop' })];
    expect(pointsIn(allocate(inputOf(backends, { capacities: [capacity('a', 40)] })))).toEqual([
      [100, 0],
      [40, 60],
    ]);
  });

  it('is nothing for a part of a point', () => {
    const backends = [backend([member('a'), member('b')], { load: 3 })];
    expect(pointsIn(allocate(inputOf(backends, { capacities: [capacity('a', 1.5)] })))).toEqual([[50, 50]]);
  });
});

describe('where it goes', () => {
  it('to the same tier first, and to the others by order after that', () => {
    const tiers = [
      member('a', { weight: 8 }),
      member('b', { weight: 2 }),
      member('c', { tier: 1 }),
      member('d', { tier: 2 }),
    ];
    const capacities = [capacity('a', 40), capacity('b', 30), capacity('c', 20)];
    expect(pointsOf(tiers, { capacities })).toEqual([40, 30, 20, 10]);
  });

  it('to a higher tier that has room before a lower one, when a lower one gives it up', () => {
    const members = [
      member('a', { limits: [{ reason: 'drained', percent: 40 }] }),
      member('b', { tier: 1 }),
      member('c', { tier: 2 }),
    ];
    expect(pointsOf(members, { capacities: [capacity('b', 50)] })).toEqual([40, 50, 10]);
  });

  it('to nobody beyond its limits while somebody else has room', () => {
    const members = [member('a'), heldBack('b', 'dwell', { had: 5 }), member('c', { tier: 1 })];
    expect(pointsOf(members, { capacities: [capacity('a', 60)] })).toEqual([60, 5, 35]);
  });

  it('up to the headroom alone while somebody else has room', () => {
    const members = [member('a'), member('b', { tier: 1 }), member('c', { tier: 2 })];
    const capacities = [capacity('a', 60), capacity('b', 30)];
    expect(pointsOf(members, { capacities, headroomPercent: 10 })).toEqual([60, 27, 13]);
  });

  it('a declared split above the headroom stands', () => {
    const members = [member('a', { weight: 95 }), member('b', { weight: 5 })];
    expect(pointsOf(members, { capacities: [capacity('a', 100)], headroomPercent: 50 })).toEqual([95, 5]);
  });

  it('what was given to one backend is no room for the next one', () => {
    const backends = ['p', 'q'].map((id) =>
      backend([member('a'), member('b', { tier: 1 }), member('c', { tier: 2 })], { id }),
    );
    const capacities = [capacity('a', 100), capacity('b', 60)];
    expect(pointsIn(allocate(inputOf(backends, { capacities })))).toEqual([
      [50, 50, 0],
      [50, 10, 40],
    ]);
  });

  it('a point is given as a whole or not at all', () => {
    const backends = [backend([member('a'), member('b', { tier: 1 }), member('c', { tier: 2 })], { load: 1000 })];
    const capacities = [capacity('a', 900), capacity('b', 39)];
    expect(pointsIn(allocate(inputOf(backends, { capacities })))).toEqual([[90, 3, 7]]);
  });
});
