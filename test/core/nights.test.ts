import { expect, test } from 'vitest';
import { facts, percentsIn, placement, policy, Story } from './situations.ts';

/**
 * Nights on which several clusters fail, under the policy that a new fleet gets, with three voters. Percentages are what gateways are told,
 * in the order in which the clusters are declared.
 */

const RAMP = { failback: { mode: 'ramp' } };

const VOTERS = ['edge', 'agent-1', 'agent-2'];

interface Member {
  weight: number;
  tier?: number;
  capacity?: number;
  site?: string;
}

/** A fleet with one backend whose members are as given; all of them are healthy. */
function fleet(members: Record<string, Member>, load = 0, failover: Record<string, unknown> = {}) {
  const entries = Object.entries(members);
  const placements = [
    placement({}, { load, members: entries.map(([cluster, { weight, tier = 0 }]) => ({ cluster, weight, tier })) }),
  ];
  const story = new Story({
    policy: policy({ failover, voters: VOTERS.map((name) => ({ name, type: 'edge' })) }),
    clusters: entries.map(([name, { capacity, site }]) =>
      facts(name, { voters: VOTERS, capacity, site: site ?? name }),
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
  story.after(5, ['b']);
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

test('N5: the active cluster dies while its standby, too small for the load, has just recovered: the standby serves all, and that is said', () => {
  const { story, percents } = fleet({ a: { weight: 1 }, standby: { weight: 1, tier: 1, capacity: 100 } }, 150);
  story.after(60, ['standby']);
  story.after(600);
  story.after(5, ['standby']);
  story.after(60);
  const verdict = story.after(5, ['a']);
  expect(percents()).toEqual([0, 100]);
  expect(verdict?.flags).toContain('overload');
  expect(verdict?.events).toContainEqual(expect.objectContaining({ type: 'overload', clusters: ['standby'] }));
});

test('N6: all clusters fail for two minutes, as their observer does, and one is found healthy first: nobody is given more than its share', () => {
  const { story, percents } = fleet({ a: { weight: 2 }, b: { weight: 49 }, c: { weight: 49 } }, 0, RAMP);
  const seen = [percents()];
  function after(seconds: number, failing: string[]) {
    story.after(seconds, failing);
    return percents();
  }
  for (let second = 0; second < 120; second += 5) seen.push(after(5, ['a', 'b', 'c']));
  for (const failing of [['b', 'c'], [], []]) seen.push(after(2, failing));
  for (let second = 0; second < 900; second += 10) seen.push(after(10, []));
  expect(seen.at(-1)).toEqual([2, 49, 49]);
  expect(seen).toEqual(seen.map(() => [2, 49, 49]));
});

test('N7: two clusters that need each other fail together and come back: they share as declared, and the next failure is answered', () => {
  const { story, percents } = fleet({ a: { weight: 60, capacity: 100 }, b: { weight: 40, capacity: 100 } }, 150, RAMP);
  story.after(5, ['a', 'b']);
  story.after(30, ['b']);
  story.after(2);
  for (let second = 0; second < 900; second += 10) story.after(10);
  expect(percents()).toEqual([60, 40]);
  story.after(5, ['a']);
  expect(percents()).toEqual([0, 100]);
});

test('N8: while a cluster is dead for an hour, the other blips and is well again: it serves all throughout', () => {
  const { story, percents } = fleet({ a: { weight: 60 }, b: { weight: 40 } });
  const seen: (number[] | undefined)[] = [];
  story.after(5, ['a']);
  for (let minute = 0; minute < 60; minute++) story.after(60, ['a']);
  for (const failing of [['a', 'b'], ['a', 'b'], ['a'], ['a'], ['a']]) {
    story.after(10, failing);
    seen.push(percents());
  }
  expect(seen).toEqual(seen.map(() => [0, 100]));
});
