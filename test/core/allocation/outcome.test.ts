import { describe, expect, it } from 'vitest';
import { allocate } from '../../../functions/core/allocation/allocate.ts';
import { sortLimits } from '../../../functions/core/allocation/stages.ts';
import type { AllocationInput, BackendMember } from '../../../functions/core/allocation/types.ts';
import { backend, capacity, heldBack, inputOf, LIMITS, member, REASONS } from './fleets.ts';

function reasonsOf(members: readonly BackendMember[], fields: Partial<AllocationInput> = {}, isPinned = false) {
  return allocate(inputOf([backend(members, { isPinned })], fields)).backends[0]?.reasons;
}

describe('why a member has less than is declared', () => {
  it.each(REASONS)('%s, where that alone holds it back', (reason) => {
    expect(reasonsOf([member('a'), heldBack('b', reason)])).toEqual([undefined, reason]);
  });

  it('the first of its limits in the order in which they give way, an isolation last', () => {
    const limits = [...REASONS].sort().map((reason) => LIMITS[reason]);
    const sorted = sortLimits(limits).map(({ reason }) => reason);
    const stages = [['turn', 'ramp', 'drill'], ['impaired'], ['dwell'], ['drained'], ['consent', 'mode'], ['joining']];
    const order = [...stages, ['down', 'grace', 'gate'], ['isolated']];
    for (const alike of order) expect(new Set(sorted.splice(0, alike.length))).toEqual(new Set(alike));
    expect(sorted).toEqual([]);
    expect(reasonsOf([member('a'), member('b', { limits: [LIMITS.down, LIMITS.dwell] })])).toEqual([
      undefined,
      'dwell',
    ]);
  });

  it('a limit that its backend has not come to before one that has given way', () => {
    const members = [heldBack('a', 'turn'), member('b', { limits: [LIMITS.ramp, LIMITS.drained] })];
    expect(reasonsOf(members)).toEqual([undefined, 'drained']);
  });

  it('its capacity, where no limit is left', () => {
    expect(reasonsOf([member('a'), member('b')], { capacities: [capacity('a', 20)] })).toEqual(['capacity', undefined]);
  });

  it('a limit that held until others had its points', () => {
    const members = [heldBack('a', 'turn', { had: 30 }), heldBack('b', 'turn', { had: 0 })];
    expect(reasonsOf(members)).toEqual([undefined, 'turn']);
  });

  it('nothing, where it has what is declared or more', () => {
    expect(reasonsOf([member('a', { weight: 0 }), member('b')])).toEqual([undefined, undefined]);
    expect(reasonsOf([heldBack('a', 'down')])).toEqual([undefined]);
  });

  it('in a pinned backend an isolation alone', () => {
    expect(reasonsOf([heldBack('a', 'isolated'), heldBack('b', 'down')], {}, true)).toEqual(['isolated', undefined]);
  });
});

describe('who is told to be overloaded', () => {
  const overloadsOf = (members: BackendMember[], capacities: AllocationInput['capacities'], load = 100) =>
    allocate(inputOf([backend(members, { load })], { capacities })).overloads;

  it('each cluster above its capacity by a whole point, by name, with its load', () => {
    expect(overloadsOf([member('b'), member('a', { tier: 1 })], [capacity('b', 10), capacity('a', 30)])).toEqual([
      { cluster: 'a', load: 75, requestsPerSecond: 30 },
      { cluster: 'b', load: 25, requestsPerSecond: 10 },
    ]);
  });

  it('nobody for a part of a point', () => {
    expect(overloadsOf([member('a')], [capacity('a', 99.5)])).toEqual([]);
    expect(overloadsOf([member('a')], [capacity('a', 99)])).toHaveLength(1);
  });

  it('nobody whose capacity is met exactly, however loads are rounded', () => {
    expect(overloadsOf([member('a')], [capacity('a', 0.3)], 0.1 + 0.2)).toEqual([]);
  });
});
