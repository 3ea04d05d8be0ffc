import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from '../../../functions/core/allocation/allocate.ts';
import { declaredPoints } from '../../../functions/core/allocation/bounds.ts';
import type { AllocationInput, Backend, BackendMember, LimitReason } from '../../../functions/core/allocation/types.ts';
import { decideFleet, SUPPLY } from '../../bench/decide-fleet.ts';
import { scale } from '../../matrix.ts';
import { backends, inputs, member, pointsIn } from './fleets.ts';

const RUNS = { numRuns: scale(5000, 500) };

const isAble = ({ weight, limits }: BackendMember) => weight > 0 && !limits.some(({ reason }) => reason === 'isolated');
const isDown = ({ limits }: BackendMember) =>
  limits.some(({ reason }) => reason === 'down' || reason === 'grace' || reason === 'gate');

/** Each member with its points, of backends that allocation may move. */
function membersIn(input: AllocationInput): { own: BackendMember; points: number; backend: Backend }[] {
  const points = pointsIn(allocate(input));
  return input.backends.flatMap((backend, at) =>
    backend.members.map((own, index) => ({ own, points: points[at]?.[index] ?? Number.NaN, backend })),
  );
}

describe('of any fleet', () => {
  it('points are whole and total 100 wherever somebody may serve, else nobody has any', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const [index, points] of pointsIn(allocate(input)).entries()) {
          expect(points.every((one) => Number.isInteger(one) && one >= 0)).toBe(true);
          const isServed = input.backends[index]?.members.some(isAble);
          expect(points.reduce((sum, one) => sum + one, 0)).toBe(isServed ? 100 : 0);
        }
      }),
      RUNS,
    );
  });

  it('a weight of 0 has nothing, and neither has an isolated member', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        for (const { own, points } of membersIn(input)) if (!isAble(own)) expect(points).toBe(0);
      }),
      RUNS,
    );
  });

  it('where no capacity binds nobody that is down is given more while somebody else may serve', () => {
    fc.assert(
      fc.property(backends, (drawn) => {
        const input = { backends: drawn, capacities: [], headroomPercent: 0, correlationWindowMs: 60_000 };
        for (const { own, points, backend } of membersIn(input)) {
          const hasOther = backend.members.some((other) => isAble(other) && !isDown(other));
          const most = own.limits.some(({ reason }) => reason === 'grace' || reason === 'gate') ? own.had : 0;
          if (!backend.isPinned && isDown(own) && hasOther) expect(points).toBeLessThanOrEqual(most);
        }
      }),
      RUNS,
    );
  });

  it('a backend that no limit and no overload touches keeps its declared split', () => {
    fc.assert(
      fc.property(inputs, fc.integer({ min: 1, max: 9 }), (input, weight) => {
        const members = [member('x', { weight, had: 0 }), member('y'), member('z', { tier: 1 })];
        const calm = { id: 'calm', load: 100, isPinned: false, members };
        const found = allocate({ ...input, backends: [calm, ...input.backends] });
        expect(pointsIn(found)[0]).toEqual(declaredPoints(members));
        expect(pointsIn(found).slice(1)).toEqual(pointsIn(allocate(input)));
      }),
      RUNS,
    );
  });

  it('a pinned backend has its declared split, whatever is known of its members', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const points = pointsIn(allocate(input));
        for (const [index, { isPinned, members }] of input.backends.entries()) {
          const able = members.map((own) => ({ ...own, weight: isAble(own) ? own.weight : 0 }));
          if (isPinned) expect(points[index]).toEqual(declaredPoints(able));
        }
      }),
      RUNS,
    );
  });
});

describe('equal input has equal output', () => {
  it('in any order of backends, capacities and limits', () => {
    fc.assert(
      fc.property(inputs, ({ backends: list, capacities, ...rest }) => {
        const turned = list.map(({ members, ...own }) => {
          return { ...own, members: members.map((item) => ({ ...item, limits: item.limits.toReversed() })) };
        });
        const found = allocate({ backends: list, capacities, ...rest });
        const other = allocate({ backends: turned.toReversed(), capacities: capacities.toReversed(), ...rest });
        expect(other.backends.toReversed()).toEqual(found.backends);
        expect(other.overloads).toEqual(found.overloads);
      }),
      RUNS,
    );
  });

  const HELD: ReadonlySet<LimitReason> = new Set<LimitReason>([
    'turn',
    'dwell',
    'consent',
    'mode',
    'grace',
    'gate',
    'ramp',
  ]);

  it('what members had counts for those alone that are held at it or ramp: any other result stands when it is allocated again', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const isHeld = ({ limits }: BackendMember) => limits.some(({ reason }) => HELD.has(reason));
        const free = input.backends.map((own) => ({ ...own, members: own.members.filter((one) => !isHeld(one)) }));
        const first = allocate({ ...input, backends: free });
        const again = free.map((own, at) => ({
          ...own,
          members: own.members.map((one, index) => ({ ...one, had: first.backends[at]?.points[index] ?? 0 })),
        }));
        expect(allocate({ ...input, backends: again })).toEqual(first);
      }),
      RUNS,
    );
  });

  it('the input is left as it is', () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const before = structuredClone(input);
        allocate(input);
        expect(input).toEqual(before);
      }),
      { numRuns: 100 },
    );
  });
});

describe('its cost', () => {
  /** How often members are read while a fleet is allocated. */
  function readsOf(size: number): number {
    const input = decideFleet(size, SUPPLY.ample);
    let reads = 0;
    const counted = input.backends.map((own) => ({
      ...own,
      get members() {
        reads++;
        return own.members;
      },
    }));
    allocate({ ...input, backends: counted });
    return reads;
  }

  it('each backend is looked at as often in a large fleet as in a small one', () => {
    const [small, large] = [500, 4000].map((size) => readsOf(size) / size) as [number, number];
    expect(large).toBeLessThanOrEqual(small * 1.2);
  });
});
