import { describe, expect, it } from 'vitest';
import { lintPolicy, lintNotifications } from '../../functions/core/lint/fleet.ts';
import type { ClusterFacts, Placement } from '../../functions/core/model/fleet-facts.ts';
import { facts, placement, policy, standby } from './story.ts';

interface Fleet {
  input?: Record<string, unknown>;
  clusters?: ClusterFacts[];
  placements?: Placement[];
}

const KEY = `${'A'.repeat(43)}=`;

/** Nothing is to be said of how clusters are watched. */
const VOTERS = [
  { name: 'edge', type: 'edge' },
  { name: 'east', type: 'agent', site: 'east', publicKey: KEY },
  { name: 'west', type: 'agent', site: 'west', publicKey: `B${KEY.slice(1)}` },
];
const CLUSTERS = ['a', 'b', 'c'].map((name) => facts(name, { voters: VOTERS.map((voter) => voter.name) }));

function lint({ input = {}, clusters = CLUSTERS, placements = [placement({ a: 50, b: 30, c: 20 })] }: Fleet) {
  const { refusals, warnings } = lintPolicy(policy({ voters: VOTERS, ...input }), clusters, placements);
  const pointers = (issues: typeof refusals) => issues.map(({ pointer }) => pointer);
  return { refusals: pointers(refusals), warnings: pointers(warnings) };
}

const capacities = (...values: number[]) => CLUSTERS.map((item, index) => ({ ...item, capacity: values[index] }));
const loaded = [placement({ a: 1, b: 1, c: 1 }, { load: 900 })];

describe('a policy', () => {
  it('without contradictions has nothing to be said of it', () => {
    expect(lint({})).toEqual({ refusals: [], warnings: [] });
  });

  it.each<[string, Fleet, string]>([
    [
      'wants more clusters to serve than there are',
      { input: { safety: { minServingClusters: 4 } } },
      '#/safety/minServingClusters',
    ],
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
    [
      'lacks the capacity for a failure',
      { clusters: capacities(440, 440, 440), placements: loaded },
      '#/failover/headroomPercent',
    ],
    [
      'names unknown clusters in a gate',
      { input: { safety: { gates: [{ name: 'g', clusters: ['z'] }] } } },
      '#/safety/gates/0/clusters/0',
    ],
    [
      'names unknown clusters in a voter',
      { input: { voters: [...VOTERS, { name: 'more', type: 'edge', clusters: ['a', 'z'] }] } },
      '#/voters/3/clusters/1',
    ],
    ['drills a cluster that is not there', { input: { drills: [{ name: 'd', cluster: 'z' }] } }, '#/drills/0/cluster'],
    [
      'has a panic, which has no effect any more',
      { input: { failover: { panic: { thresholdPercent: 70 } } } },
      '#/failover/panic',
    ],
    [
      'halts, which is now called ask',
      { input: { failover: { correlation: { action: 'halt' } } } },
      '#/failover/correlation/action',
    ],
    [
      'ignores, which is now called proceed',
      { input: { failover: { correlation: { action: 'ignore' } } } },
      '#/failover/correlation/action',
    ],
    [
      'caps removals by percent, which is now a number of clusters',
      { input: { safety: { maxRemoved: { percent: 50 } } } },
      '#/safety/maxRemoved/percent',
    ],
  ])('that %s is warned of', (_, fleet, pointer) => {
    expect(lint(fleet)).toEqual({ refusals: [], warnings: [pointer] });
  });

  it('may cap removals, and may want clusters to serve: neither keeps traffic on the dead', () => {
    const safety = { maxRemoved: { clusters: 1 }, minServingClusters: 3, minBasePercent: 100 };
    expect(lint({ input: { safety } })).toEqual({ refusals: [], warnings: [] });
  });

  it('is held against what health moves: pinned backends, single clusters and clusters that stand by may be as they are', () => {
    const alone = placement({ a: 100 });
    const pinned = placement({ a: 1, b: 1 }, { pinned: true, load: 900 });
    expect(lint({ input: { safety: { minServingClusters: 1 } }, placements: [standby('a', 'b'), alone] })).toEqual({
      refusals: [],
      warnings: [],
    });
    expect(lint({ input: { safety: { minServingClusters: 2 } }, placements: [pinned] }).refusals).toEqual([]);
    expect(lint({ input: { safety: { minServingClusters: 2 } }, placements: [pinned, alone] }).refusals).toEqual([
      '#/safety/minServingClusters',
    ]);
    expect(lint({ clusters: capacities(460, 460, 460), placements: loaded })).toEqual({ refusals: [], warnings: [] });
  });
});

describe('who is told of a fleet', () => {
  const codes = (input: Record<string, unknown>) =>
    lintNotifications(policy(input)).map(({ code, pointer }) => `${code} ${pointer}`);
  const to = (...events: string[]) => ({ notifications: [{ target: 'pager', events }] });

  it('must be somebody when it moves traffic by itself', () => {
    expect(codes({})).toEqual(['nobody-told #/notifications']);
    expect(codes({ automation: 'recommend' })).toEqual([]);
    expect(codes(to())).toEqual([]);
    expect(codes(to('voter.lost'))).toEqual([]);
    expect(codes(to('drill.ended', 'decision.applied'))).toEqual(['nobody-told #/notifications']);
  });

  it('waits in vain for what an earlier release has sent', () => {
    expect(codes(to('voter.lost', 'gateway.recovered'))).toEqual(['retired #/notifications/0/events/1']);
  });
});
