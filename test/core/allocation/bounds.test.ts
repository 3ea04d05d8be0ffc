import { describe, expect, it } from 'vitest';
import { boundsOf, declaredPoints, entitlementsOf, fill } from '../../../functions/core/allocation/bounds.ts';
import type { BackendMember, Limit } from '../../../functions/core/allocation/types.ts';
import { heldBack, LIMITS, member, pointsOf, REASONS } from './fleets.ts';

const UNBOUNDED = Number.POSITIVE_INFINITY;

/** The bound of the first of two members of equal weight, which had 20 points. */
function boundBy(...limits: Limit[]): number {
  const members = [member('a', { had: 20, limits }), member('b')];
  return boundsOf(members, entitlementsOf({ members }))[0] ?? 0;
}

describe('what each reason leaves to a member', () => {
  it.each([
    ...(['down', 'isolated', 'joining', 'impaired'] as const).map((reason) => ({ limit: LIMITS[reason], bound: 0 })),
    ...(['turn', 'dwell', 'consent', 'mode', 'grace', 'gate'] as const).map((reason) => ({
      limit: LIMITS[reason],
      bound: 20,
    })),
    ...(['drained', 'drill'] as const).map((reason) => ({ limit: { reason, percent: 30 }, bound: 15 })),
    { limit: { reason: 'ramp', percent: 90 } as const, bound: 45 },
    { limit: { reason: 'ramp', percent: 10 } as const, bound: 20 },
    { limit: { reason: 'drained', percent: 33 } as const, bound: 16 },
  ])('$limit.reason leaves $bound of 50 to one that had 20', ({ limit, bound }) => {
    expect(boundBy(limit)).toBe(bound);
  });

  it('covers every reason', () => {
    for (const reason of REASONS) expect(boundBy(LIMITS[reason])).toBeLessThan(UNBOUNDED);
    expect(boundBy()).toBe(UNBOUNDED);
  });

  it('the lowest of several limits counts, also where one of them is below what a held member had', () => {
    expect(boundBy({ reason: 'turn' }, { reason: 'drained', percent: 10 })).toBe(5);
    expect(boundBy({ reason: 'impaired' }, { reason: 'ramp', percent: 100 })).toBe(0);
  });

  it('a member without a weight has nothing, whatever limits it', () => {
    const members = [member('a', { weight: 0 }), member('b')];
    expect(boundsOf(members, [])).toEqual([0, UNBOUNDED]);
  });
});

describe('what a member is entitled to', () => {
  const cases: { says: string; members: BackendMember[]; entitled: number[] }[] = [
    {
      says: 'its weight, where nobody is held back',
      members: [member('a', { weight: 3 }), member('b')],
      entitled: [75, 25],
    },
    {
      says: 'all, where the others are down',
      members: [heldBack('a', 'ramp'), heldBack('b', 'down')],
      entitled: [100, 100],
    },
    {
      says: 'what a member that waits for its turn leaves',
      members: [heldBack('a', 'ramp'), heldBack('b', 'turn', { had: 10 })],
      entitled: [90, 100],
    },
    {
      says: 'nothing in a tier below one that serves all',
      members: [member('a'), heldBack('b', 'drained', { tier: 1 })],
      entitled: [100, 0],
    },
    {
      says: 'what a drained member leaves, in the tier below it',
      members: [heldBack('a', 'drained'), heldBack('b', 'ramp', { tier: 1 })],
      entitled: [100, 100],
    },
    {
      says: 'nothing, when it is isolated',
      members: [heldBack('a', 'isolated'), heldBack('b', 'ramp')],
      entitled: [0, 100],
    },
  ];
  it.each(cases)('$says', ({ members, entitled }) => {
    expect(entitlementsOf({ members })).toEqual(entitled);
  });

  it('counts a part of the others as a part of what they would have if no parts were taken', () => {
    const part = (percent: number) => ({ limits: [{ reason: 'drained' as const, percent }] });
    const members = [member('a', part(50)), member('b', part(50))];
    expect(entitlementsOf({ members })).toEqual([75, 75]);
    expect(boundsOf(members, entitlementsOf({ members }))).toEqual([37, 37]);
  });
});

describe('points within bounds', () => {
  it('a tier gets what the tiers above it cannot take, and no more', () => {
    const members = [
      member('a'),
      member('b', { tier: 1 }),
      member('c', { tier: 1, weight: 3 }),
      member('d', { tier: 2 }),
    ];
    expect(fill(members, [20, 5, 30, UNBOUNDED])).toEqual({ points: [20, 5, 30, 45], left: 0 });
    expect(fill(members, [20, UNBOUNDED, UNBOUNDED, UNBOUNDED])).toEqual({ points: [20, 20, 60, 0], left: 0 });
    expect(fill(members, [20, 5, 30, 10])).toEqual({ points: [20, 5, 30, 10], left: 35 });
  });

  it('declared points are those of the first tier that has a weight', () => {
    expect(declaredPoints([member('a', { weight: 0 }), member('b', { tier: 1 }), member('c', { tier: 2 })])).toEqual([
      0, 100, 0,
    ]);
  });

  it('a standby takes over what a ramp leaves, and gives it back as the ramp goes on', () => {
    const shares = [0, 25, 100].map((percent) =>
      pointsOf([member('a', { limits: [{ reason: 'ramp', percent }] }), member('b', { tier: 1 })]),
    );
    expect(shares).toEqual([
      [0, 100],
      [25, 75],
      [100, 0],
    ]);
  });
});
