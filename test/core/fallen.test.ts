import { describe, expect, it } from 'vitest';
import { hasFallen } from '../../functions/core/failover/pace.ts';
import { T0 } from './fixtures.ts';
import { fleet, HOUR, type Story } from './story.ts';

/** A cluster that went down while it carried more than its capacity is not given more than that again, for a time: it would fall again. */

/** Each of the two has room for two thirds of the load. */
function pair(load = 150): Story {
  return fleet({ a: { weight: 60, capacity: 100 }, b: { weight: 40, capacity: 100 } }, load);
}

/** a fails, b goes down under the load of both, and both come back. */
function fall(story: Story): void {
  story.after(5, ['a']);
  expect(story.percents).toEqual([[0, 100]]);
  story.after(120, ['a', 'b']);
  story.during(600, 30);
  expect([story.standing('a'), story.standing('b'), story.percents]).toEqual(['up', 'up', [[60, 40]]]);
}

describe('a cluster that has fallen', () => {
  it('is not given more than its capacity while anybody else is left, be it a dead one', () => {
    const story = pair();
    fall(story);
    story.after(5, ['a']);
    expect(story.percents).toEqual([[34, 66]]);
  });

  it('is trusted again after an hour', () => {
    const story = pair();
    fall(story);
    const { fallsMs } = story.state('b');
    expect(fallsMs).toHaveLength(1);
    story.during((T0 + HOUR - story.now.nowMs) / 1000 + 300, 30);
    story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 100]]);
  });

  it('is trusted while it serves what fits', () => {
    const story = pair();
    fall(story);
    story.after(5);
    expect(story.percents).toEqual([[60, 40]]);
    expect(story.traffic.allocation.overloads).toEqual([]);
  });

  it('carries everything in the end, where there is no other member at all', () => {
    const alone = fleet({ a: { weight: 1, capacity: 100 } }, 150);
    alone.after(5, ['a']);
    expect(alone.state('a').fallsMs).toHaveLength(1);
    expect(alone.percents).toEqual([[100]]);
    alone.after(60);
    expect(alone.percents).toEqual([[100]]);
  });

  it('is not one that went down within its capacity', () => {
    const story = pair(90);
    story.after(5, ['a']);
    story.after(120, ['a', 'b']);
    expect(story.state('b').fallsMs).toEqual([]);
    story.during(600, 30);
    story.after(5, ['a']);
    expect(story.percents).toEqual([[0, 100]]);
  });
});

it('a fall is remembered for an hour, twice as long with each further one, and for a day at most', () => {
  const hoursAfter = (falls: number) => {
    const times = Array.from({ length: falls }, (_, index) => T0 + index);
    const last = times.at(-1) ?? T0;
    return (
      Array.from({ length: 49 }, (_, half) => half / 2).filter((hours) => hasFallen(times, last + hours * HOUR))
        .length / 2
    );
  };
  expect([0, 1, 2, 3, 4, 5, 6, 9].map(hoursAfter)).toEqual([0, 1, 2, 4, 8, 16, 24, 24]);
});
