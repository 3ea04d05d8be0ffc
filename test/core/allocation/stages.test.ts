import { describe, expect, it } from 'vitest';
import { allocate } from '../../../functions/core/allocation/allocate.ts';
import { STAGES } from '../../../functions/core/allocation/stages.ts';
import type { AllocationInput, BackendMember, LimitReason } from '../../../functions/core/allocation/types.ts';
import {
  backend,
  capacity,
  heldBack,
  inputOf,
  member,
  NOW_MS,
  pointsIn,
  pointsOf,
  REASONS,
  WINDOW_MS,
} from './fleets.ts';

interface Case {
  /** The first of two stages that follow one another. */
  stage: string;
  says: string;
  members: BackendMember[];
  fields?: Partial<AllocationInput>;
  points: number[];
}

const LONG_AGO = { reason: 'down', sinceMs: NOW_MS - WINDOW_MS - 1 } as const;
const TOO_SMALL = { capacities: [capacity('a', 50)] };
const SLIGHTLY_TOO_SMALL = { capacities: [capacity('a', 95)] };

/** Fleets that would get other points if the stage came after the next one. */
const CASES: Case[] = [
  {
    stage: 'headroom',
    says: 'what is kept free is used before anybody is brought back without its turn',
    members: [member('a'), heldBack('b', 'turn'), member('c')],
    fields: { capacities: [capacity('a', 40), capacity('c', 60)], headroomPercent: 10 },
    points: [40, 0, 60],
  },
  {
    stage: 'caution',
    says: 'a cluster that only waits for its turn comes before one that is impaired',
    members: [heldBack('a', 'turn'), heldBack('b', 'impaired')],
    points: [100, 0],
  },
  {
    stage: 'impaired',
    says: 'an impaired cluster comes before any load above a capacity',
    members: [member('a'), heldBack('b', 'impaired')],
    fields: SLIGHTLY_TOO_SMALL,
    points: [95, 5],
  },
  {
    stage: 'warm',
    says: 'a little heat brings back nobody that dwells',
    members: [member('a'), heldBack('b', 'dwell')],
    fields: SLIGHTLY_TOO_SMALL,
    points: [100, 0],
  },
  {
    stage: 'dwell',
    says: 'much heat does',
    members: [member('a'), heldBack('b', 'dwell')],
    fields: TOO_SMALL,
    points: [50, 50],
  },
  {
    stage: 'hot',
    says: 'a drained cluster stays drained whatever heat that means to others',
    members: [member('a'), heldBack('b', 'drained')],
    fields: TOO_SMALL,
    points: [100, 0],
  },
  {
    stage: 'drained',
    says: 'a drained cluster comes before one that nobody has consented to',
    members: [heldBack('a', 'drained'), heldBack('b', 'consent')],
    points: [100, 0],
  },
  {
    stage: 'consent',
    says: 'a cluster that is known to be well comes before a new one',
    members: [heldBack('a', 'consent'), heldBack('b', 'joining')],
    points: [100, 0],
  },
  {
    stage: 'joining',
    says: 'a new cluster comes before one that is down',
    members: [heldBack('a', 'joining'), heldBack('b', 'down')],
    points: [100, 0],
  },
  {
    stage: 'down together',
    says: 'clusters that went down together lately come before one that went down before them',
    members: [heldBack('a', 'down', { weight: 3 }), heldBack('b', 'down'), member('c', { limits: [LONG_AGO] })],
    points: [75, 25, 0],
  },
  {
    stage: 'down',
    says: 'a cluster that fell above its capacity is not given more than that while any other one is left',
    members: [heldBack('a', 'down'), member('b', { limits: [LONG_AGO] })],
    fields: { capacities: [capacity('a', 10, true)] },
    points: [10, 90],
  },
];

describe('what gives way to traffic that has nowhere to go', () => {
  it('each stage but the last has a case', () => {
    expect(CASES.map(({ stage }) => stage)).toEqual(STAGES.slice(0, -1).map(({ name }) => name));
  });

  it.each(CASES)('$stage: $says', ({ members, fields, points }) => {
    expect(pointsOf(members, fields)).toEqual(points);
  });

  it('fallen: in the end a cluster that fell takes what nobody else can', () => {
    expect(pointsOf([member('a')], { capacities: [capacity('a', 10, true)] })).toEqual([100]);
  });

  it.each(REASONS.filter((reason) => reason !== 'isolated'))('%s gives way when nobody else is left', (reason) => {
    expect(pointsOf([heldBack('a', reason), heldBack('b', 'isolated')])).toEqual([100, 0]);
  });

  it('an isolation never gives way', () => {
    expect(pointsOf([heldBack('a', 'isolated'), heldBack('b', 'isolated')])).toEqual([0, 0]);
  });

  it.each(['turn', 'ramp', 'drill'] satisfies LimitReason[])('%s is caution: it comes before impaired', (reason) => {
    expect(pointsOf([heldBack('a', reason), heldBack('b', 'impaired')])).toEqual([100, 0]);
  });
});

describe('what a stage leaves as it is', () => {
  it('points that are placed stay: what is left over alone is shared out by weight', () => {
    expect(pointsOf([heldBack('a', 'turn', { had: 30 }), heldBack('b', 'turn')])).toEqual([65, 35]);
  });

  it('a backend whose traffic has a place keeps its limits while another one loses its own', () => {
    const served = backend([member('a'), heldBack('b', 'drained')], { id: 'served' });
    const short = backend([heldBack('b', 'drained'), heldBack('c', 'down')], { id: 'short' });
    expect(pointsIn(allocate(inputOf([served, short])))).toEqual([
      [100, 0],
      [100, 0],
    ]);
  });

  it('what comes in beyond all capacity goes in proportion to it, so that all are equally hot', () => {
    const members = [member('a', { weight: 1 }), member('b', { weight: 99, tier: 1 })];
    expect(pointsOf(members, { capacities: [capacity('a', 30), capacity('b', 10)] })).toEqual([75, 25]);
  });

  it('a member whose capacity nobody has declared takes what is too much for the others', () => {
    const members = [member('a'), member('b')];
    expect(pointsOf(members, TOO_SMALL)).toEqual([50, 50]);
    expect(pointsOf([member('a', { weight: 4 }), member('b')], TOO_SMALL)).toEqual([50, 50]);
  });

  it('a cluster that fell above its capacity gets no more than that while others are merely hot', () => {
    const members = [member('a'), member('b')];
    expect(pointsOf(members, { capacities: [capacity('a', 20, true), capacity('b', 20)] })).toEqual([20, 80]);
  });
});
