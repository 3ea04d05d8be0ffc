import { describe, expect, it } from 'vitest';
import type { ClusterFacts, Placement } from '../../functions/core/failover/situation.ts';
import { lintPolicy } from '../../functions/core/lint.ts';
import { facts, placement, policy } from './situations.ts';

interface Fleet {
  input?: Record<string, unknown>;
  clusters?: ClusterFacts[];
  placements?: Placement[];
}

const CLUSTERS = ['a', 'b', 'c'].map((name) => facts(name));
const KEY = `${'A'.repeat(43)}=`;

function lint({ input = {}, clusters = CLUSTERS, placements = [placement({ a: 50, b: 30, c: 20 })] }: Fleet) {
  const { refusals, warnings } = lintPolicy(policy(input), clusters, placements);
  const pointers = (issues: typeof refusals) => issues.map(({ pointer }) => pointer);
  return { refusals: pointers(refusals), warnings: pointers(warnings) };
}

const SERVING = '#/safety/minServingClusters';
const capacities = (...values: number[]) => CLUSTERS.map((item, index) => ({ ...item, capacity: values[index] }));
const loaded = [placement({ a: 1, b: 1, c: 1 }, { load: 900 })];

describe('a policy', () => {
  it('without contradictions has nothing to be said of it', () => {
    expect(lint({})).toEqual({ refusals: [], warnings: [] });
  });

  it.each<[string, Fleet, string]>([
    ['wants more clusters to serve than there are', { input: { safety: { minServingClusters: 4 } } }, SERVING],
    [
      'names unknown clusters in an exclusive set',
      { input: { safety: { exclusive: [['a', 'z']] } } },
      '#/safety/exclusive/0/1',
    ],
    [
      'cools down for less than a step of its ramp',
      { input: { failover: { cooldownSeconds: 29, failback: { mode: 'ramp' } } } },
      '#/failover/cooldownSeconds',
    ],
    [
      'has two agents with one key',
      {
        input: {
          voters: [
            { name: 'x', type: 'agent', publicKey: KEY },
            { name: 'y', type: 'agent', publicKey: KEY },
          ],
        },
      },
      '#/voters/1/publicKey',
    ],
  ])('that %s is refused', (_, fleet, pointer) => {
    expect(lint(fleet).refusals).toEqual([pointer]);
  });

  it.each<[string, Fleet, string]>([
    ['sets a panic threshold', { input: { failover: { panic: { thresholdPercent: 70 } } } }, '#/failover/panic'],
    [
      'halts on correlated failures',
      { input: { failover: { correlation: { action: 'halt' } } } },
      '#/failover/correlation/action',
    ],
    ['caps removals by percent', { input: { safety: { maxRemoved: { percent: 50 } } } }, '#/safety/maxRemoved/percent'],
    [
      'lacks the capacity for a failure',
      { clusters: capacities(490, 490, 490), placements: loaded },
      '#/failover/headroomPercent',
    ],
    [
      'names unknown clusters in a gate',
      { input: { safety: { gates: [{ name: 'g', clusters: ['z'] }] } } },
      '#/safety/gates/0/clusters/0',
    ],
    ['drills a cluster that is not there', { input: { drills: [{ name: 'd', cluster: 'z' }] } }, '#/drills/0/cluster'],
  ])('that %s is warned of', (_, fleet, pointer) => {
    expect(lint(fleet)).toEqual({ refusals: [], warnings: [pointer] });
  });

  it('is held against what health moves: pinned backends, single clusters and standby tiers may be as they are', () => {
    const standby = placement(
      {},
      {
        members: [
          { cluster: 'a', weight: 100, tier: 0 },
          { cluster: 'b', weight: 100, tier: 1 },
        ],
      },
    );
    const alone = placement({ a: 100 });
    expect(lint({ input: { safety: { minBasePercent: 60 } }, placements: [standby, alone] })).toEqual({
      refusals: [],
      warnings: [],
    });
    expect(lint({ clusters: capacities(600, 600, 600), placements: loaded })).toEqual({ refusals: [], warnings: [] });
  });
});
