import { expect, test } from 'vitest';
import { incidentsIn } from './incident-facts.ts';
import { fleet } from './story.ts';

/**
 * Nights on which several clusters fail, under the policy that a new fleet gets. Percentages are what gateways are told, in the order in which
 * the clusters are declared.
 */

const RAMP = { failover: { failback: { mode: 'ramp' } } };

test('N1: both clusters fail within the window and the larger recovers: it serves all', () => {
  const story = fleet({ a: { weight: 60 }, b: { weight: 40 } });
  story.after(5, ['a']);
  story.after(5, ['a', 'b']);
  story.after(60, ['b']);
  story.after(5, ['b']);
  expect(story.percents).toEqual([[100, 0]]);
});

test('N2: both data centres of the first city die: the third serves all', () => {
  const story = fleet({ a: { weight: 60 }, b: { weight: 40 }, third: { weight: 100, tier: 1 } });
  story.after(5, ['a', 'b']);
  expect(story.percents).toEqual([[0, 0, 100]]);
});

test('N3: a site with three of five clusters is lost: the two others share', () => {
  const lost = { weight: 20, site: 'one' };
  const story = fleet({ a: lost, b: lost, c: lost, d: { weight: 20 }, e: { weight: 20 } });
  story.after(5, ['a', 'b', 'c']);
  expect(story.percents).toEqual([[0, 0, 0, 50, 50]]);
});

test('N4: the larger of two clusters with capacities dies alone: the other serves all', () => {
  const story = fleet({ a: { weight: 60, capacity: 600 }, b: { weight: 40, capacity: 400 } }, 300);
  story.after(5, ['a']);
  expect(story.percents).toEqual([[0, 100]]);
});

test('N5: the active cluster dies while its standby, too small for the load, has just recovered: the standby serves all, and that is said', () => {
  const story = fleet({ a: { weight: 1 }, standby: { weight: 1, tier: 1, capacity: 100 } }, 150);
  story.after(60, ['standby']);
  story.after(600);
  story.after(5, ['standby']);
  story.after(60);
  const result = story.after(5, ['a']);
  expect(story.percents).toEqual([[0, 100]]);
  expect(result?.flags).toContain('overload');
  expect(incidentsIn(story)).toMatchObject([{ key: 'prod/cluster/standby/overload', type: 'overload' }]);
});

test('N6: all clusters fail for two minutes, as their observer does, and one is found healthy first: nobody is given more than its share', () => {
  const story = fleet({ a: { weight: 2 }, b: { weight: 49 }, c: { weight: 49 } }, 0, RAMP);
  const seen = [
    ...story.during(120, 5, ['a', 'b', 'c']),
    ...story.during(2, 2, ['b', 'c']),
    ...story.during(4, 2),
    ...story.during(900, 10),
  ];
  expect(seen).toEqual(seen.map(() => [2, 49, 49]));
  expect(story.traffic.allocation.limits).toEqual([]);
});

test('N7: two clusters that need each other fail together and come back: they share as declared, and the next failure is answered', () => {
  const story = fleet({ a: { weight: 60, capacity: 100 }, b: { weight: 40, capacity: 100 } }, 150, RAMP);
  story.after(5, ['a', 'b']);
  story.after(30, ['b']);
  story.after(2);
  story.during(900, 10);
  expect(story.percents).toEqual([[60, 40]]);
  story.after(5, ['a']);
  expect(story.percents).toEqual([[0, 100]]);
});

test('N8: while a cluster is dead for an hour, the other blips and is well again: it serves all throughout', () => {
  const story = fleet({ a: { weight: 60 }, b: { weight: 40 } });
  story.during(3600, 60, ['a']);
  const seen = [...story.during(20, 10, ['a', 'b']), ...story.during(30, 10, ['a'])];
  expect(seen).toEqual(seen.map(() => [0, 100]));
});
