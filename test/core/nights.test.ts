import { expect, test } from 'vitest';
import { facts, percentsIn, placement, policy, Story } from './situations.ts';

/**
 * Nights on which several clusters fail, under the policy that a new fleet gets, with three voters. Percentages are what gateways are told,
 * in the order in which the clusters are declared.
 */

const VOTERS = ['edge', 'agent-1', 'agent-2'];

interface Member {
  weight: number;
  tier?: number;
  capacity?: number;
  site?: string;
}

/** A fleet with one backend whose members are as given; all of them are healthy. */
function fleet(members: Record<string, Member>, load = 0) {
  const entries = Object.entries(members);
  const placements = [
    placement({}, { load, members: entries.map(([cluster, { weight, tier = 0 }]) => ({ cluster, weight, tier })) }),
  ];
  const story = new Story({
    policy: policy({ voters: VOTERS.map((name) => ({ name, type: 'edge' })) }),
    clusters: entries.map(([name, { capacity, site }]) =>
      facts(name, { voters: VOTERS, capacity, faultDomain: site ?? name }),
    ),
    placements,
    health: [],
  });
  story.after(0);
  return { story, percents: () => percentsIn(story.traffic, placements)[0] };
}

test('N1: both clusters fail within the window and the larger recovers: it serves all', () => {
  const { story, percents } = fleet({ a: { weight: 60 }, b: { weight: 40 } });
  story.after(5, ['a']);
  story.after(5, ['a', 'b']);
  story.after(60, ['b']);
  expect(percents()).toEqual([100, 0]);
});

test('N2: both data centres of the first city die: the third serves all', () => {
  const { story, percents } = fleet({ a: { weight: 60 }, b: { weight: 40 }, third: { weight: 100, tier: 1 } });
  story.after(5, ['a', 'b']);
  expect(percents()).toEqual([0, 0, 100]);
});

test('N3: a site with three of five clusters is lost: the two others share', () => {
  const lost = { weight: 20, site: 'one' };
  const { story, percents } = fleet({ a: lost, b: lost, c: lost, d: { weight: 20 }, e: { weight: 20 } });
  story.after(5, ['a', 'b', 'c']);
  expect(percents()).toEqual([0, 0, 0, 50, 50]);
});

test('N4: the larger of two clusters with capacities dies alone: the other serves all', () => {
  const { story, percents } = fleet({ a: { weight: 60, capacity: 600 }, b: { weight: 40, capacity: 400 } }, 300);
  story.after(5, ['a']);
  expect(percents()).toEqual([0, 100]);
});
