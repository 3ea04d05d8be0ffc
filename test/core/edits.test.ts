import { describe, expect, it } from 'vitest';
import type { Placement } from '../../functions/core/model/fleet-facts.ts';
import { fleet, percentsIn, placement, policy, Story, input } from './story.ts';

/** What is declared may change while clusters are held back: points go on from what gateways were last given. */

const RAMP = { failover: { failback: { mode: 'ramp', minimumPercent: 10, stepPercent: 10 } } };

const TWO = { a: { weight: 60 }, b: { weight: 40 } };

function ramping(): Story {
  const story = fleet(TWO, 0, RAMP);
  story.after(5, ['a']);
  story.after(5);
  story.after(300);
  expect([story.standing('a'), story.percents]).toEqual(['ramping', [[6, 94]]]);
  return story;
}

/** The placement is another one from now on; what its pools get at once, and after the next decision. */
function edited(story: Story, placements: Placement[], failing: string[] = []): number[][][] {
  const atOnce = percentsIn(story.traffic, placements);
  story.after(1, failing, { placements });
  return [atOnce, story.percents];
}

describe('an edit of weights, tiers or members', () => {
  it('gives a returning cluster no more than it had, where its entitlement is smaller now', () => {
    const after = [[6, 94]];
    expect(edited(ramping(), [placement({ a: 30, b: 70 }, { key: 'q' })])).toEqual([after, after]);
  });

  it('gives a returning cluster its step of the new entitlement, where that is larger', () => {
    const after = [[9, 91]];
    expect(edited(ramping(), [placement({ a: 90, b: 10 }, { key: 'q' })])).toEqual([after, after]);
  });

  it('leaves a cluster that waits at what it had', () => {
    const story = fleet(TWO);
    story.after(5, ['a']);
    story.after(5);
    expect(story.standing('a')).toBe('held');
    const after = [[0, 100]];
    expect(edited(story, [placement({ a: 99, b: 1 }, { key: 'q' })])).toEqual([after, after]);
  });

  it('leaves nothing to a cluster that is down', () => {
    const story = fleet({ ...TWO, c: { weight: 1, tier: 1 } });
    story.after(5, ['a']);
    const members = [
      { cluster: 'a', weight: 1, tier: 0 },
      { cluster: 'c', weight: 1, tier: 0 },
    ];
    const after = [[0, 100]];
    expect(edited(story, [placement({}, { key: 'q', members })], ['a'])).toEqual([after, after]);
  });

  it('is in force at once between clusters that nothing holds back', () => {
    const story = fleet(TWO);
    const after = [[10, 90]];
    expect(edited(story, [placement({ a: 10, b: 90 }, { key: 'q' })])).toEqual([after, after]);
  });

  it('of one of two pools leaves each of them with what they had together', () => {
    const both = placement({ a: 60, b: 40 }, { pools: ['pay/80', 'shop/80'] });
    const story = new Story({ policy: policy(RAMP), placements: [both] });
    story.after(5, ['a']);
    story.after(5);
    story.after(300);
    const apart = [{ ...both, pools: ['shop/80'] }, placement({ a: 30, b: 70 }, { key: 'q', pools: ['pay/80'] })];
    const after = [
      [6, 94],
      [6, 94],
    ];
    expect(edited(story, apart)).toEqual([after, after]);
  });

  it('does not lose what was had by being taken back', () => {
    const story = ramping();
    const before = story.now.placements;
    edited(story, [placement({ a: 30, b: 70 }, { key: 'q' })]);
    expect(edited(story, before)[1]).toEqual([[6, 94]]);
  });
});

describe('a pool that is new', () => {
  it('gives a cluster that waits nothing, and one that ramps its step', () => {
    const one = new Story({ policy: policy(RAMP) });
    one.after(5, ['a']);
    one.after(5);
    const fresh = placement({ a: 60, b: 40 }, { key: 'new', pools: ['new/80'] });
    const placements = [...input().placements, fresh];
    expect(edited(one, placements).map((all) => all[1])).toEqual([
      [0, 100],
      [0, 100],
    ]);
    one.after(300);
    expect(one.percents[1]).toEqual([6, 94]);
  });
});
