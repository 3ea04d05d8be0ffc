import { describe, expect, it } from 'vitest';
import { decide } from '../../functions/core/failover/decide.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import { health, T0, vote } from './fixtures.ts';
import { incidentsIn } from './incident-facts.ts';
import { facts, failing, HOUR, holding, out, percentsIn, placement, policy, Story, input } from './story.ts';

describe('a failure', () => {
  it('moves all points away from the cluster, with the reason, and numbers the decision', () => {
    const result = decide(input({ health: failing({ a: T0 }), traffic: { ...NO_TRAFFIC, version: 7 } }));
    expect(result).toMatchObject({ outcome: 'applied', traffic: { version: 8 } });
    expect(result?.changes).toMatchObject([
      { cluster: 'a', action: 'withdraw', fromPercent: 100, toPercent: 0, health: { state: 'unhealthy', sinceMs: T0 } },
    ]);
    expect(result?.changes[0]?.reason).toBe('3 of its last probes failed, the newest one: http: 503');
    expect(result?.rules).toEqual([expect.objectContaining({ rule: 'quorum', cluster: 'a', passed: true })]);
    expect(result && percentsIn(result.traffic)).toEqual([[0, 50, 50]]);
  });

  it('leads to one decision, and to none while all stays as it is', () => {
    const story = new Story();
    expect(story.after(5)).toBeUndefined();
    expect(story.after(5, ['a'])?.outcome).toBe('applied');
    expect(story.after(5, ['a'])).toBeUndefined();
  });

  it('counts against all configured voters, not against those that have answered', () => {
    const voters = ['edge', 'one', 'two'];
    const three = policy({ voters: voters.map((name) => ({ name, type: 'edge' })) });
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { voters }));
    const only = (...names: string[]) => input({ policy: three, clusters, health: failing({ a: T0 }, names) });
    expect(decide(only('edge'))).toBeUndefined();
    expect(decide(only('edge', 'one'))?.changes).toMatchObject([{ cluster: 'a', action: 'withdraw' }]);
  });

  it('does not count when it is stale, in neither direction', () => {
    const old = { sinceMs: T0 - HOUR, observedAtMs: T0 - 60_000 };
    const rest = ['b', 'c'].map((name) => health(name, 'healthy'));
    expect(decide(input({ health: [health('a', 'unhealthy', old), ...rest] }))).toBeUndefined();
    const traffic = holding([out('a')]);
    expect(decide(input({ health: [health('a', 'healthy', old), ...rest], traffic }))).toBeUndefined();
  });

  it('does not count when the voter doubts itself', () => {
    const [, ...rest] = failing({ a: T0 });
    const votes = [{ ...vote('edge', 'unhealthy'), suspectUntilMs: T0 + 1 }];
    expect(decide(input({ health: [{ ...health('a', 'unhealthy'), votes }, ...rest] }))).toBeUndefined();
  });

  it('of cluster and ingress together advises to evacuate; of the ingress alone it does not', () => {
    const seen = (cause: 'Ingress' | 'Cluster') => {
      const [, ...rest] = failing({});
      const votes = [{ ...vote('edge', 'unhealthy'), last: { outcome: 'fail' as const, cause, detail: 'http: 503' } }];
      return decide(input({ health: [{ ...health('a', 'unhealthy'), votes }, ...rest] }));
    };
    expect(seen('Ingress')).toMatchObject({ flags: [], changes: [{ cause: 'Ingress' }] });
    expect(seen('Cluster')).toMatchObject({ flags: ['evacuate'], changes: [{ cause: 'Cluster' }] });
  });

  it('of a cluster that nobody watches is none, and ends what was held against it', () => {
    const clusters = [facts('a', { voters: [] }), facts('b'), facts('c')];
    expect(decide(input({ clusters, health: failing({ a: T0 }) }))).toBeUndefined();
    const result = decide(input({ clusters, traffic: holding([out('a')]) }));
    expect(result?.changes).toMatchObject([{ cluster: 'a', action: 'restore', toPercent: 100 }]);
  });

  it('of all clusters, one after the other or at once, leaves no backend without anybody: they share as declared', () => {
    const story = new Story();
    for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      story.after(5, names);
      expect(story.percents[0]?.reduce((sum, value) => sum + value, 0)).toBe(100);
      const stranded = names.length === 3 ? names : [];
      expect(incidentsIn(story).map(({ key }) => key)).toEqual(stranded.map((name) => `prod/cluster/${name}/stranded`));
    }
    expect(story.percents).toEqual([[50, 25, 25]]);
  });

  it('of all clusters, but one long after the others, leaves all points with that one', () => {
    const story = new Story();
    story.after(5, ['a', 'b']);
    story.after(61, ['a', 'b', 'c']);
    expect(story.percents).toEqual([[0, 0, 100]]);
  });

  it('moves no pinned backend', () => {
    const placements = [placement({ a: 1, b: 1 }, { pinned: true }), placement({ a: 1, b: 1 }, { key: 'q' })];
    const story = new Story({ placements });
    story.after(5, ['a']);
    expect(story.percents).toEqual([
      [50, 50],
      [0, 100],
    ]);
  });
});

describe('a cluster that is too slow', () => {
  const slow = (...names: string[]) => ({
    health: failing({}).map((record) =>
      names.includes(record.cluster)
        ? { ...record, votes: record.votes.map((one) => ({ ...one, slowSinceMs: T0 })) }
        : record,
    ),
  });

  it('is impaired, not down: it gets nothing while others can serve', () => {
    const story = new Story();
    const result = story.after(1, [], slow('a'));
    expect([story.standing('a'), story.percents]).toEqual(['up', [[0, 50, 50]]]);
    expect(result?.outcome).toBe('applied');
  });

  it('serves when nobody else can', () => {
    const story = new Story();
    story.after(1, [], slow('a', 'b', 'c'));
    expect(story.percents).toEqual([[50, 25, 25]]);
    const alone = new Story();
    alone.after(1, [], slow('a'));
    alone.after(1, ['b', 'c'], {
      health: [...slow('a').health.slice(0, 1), health('b', 'unhealthy'), health('c', 'unhealthy')],
    });
    expect(alone.percents).toEqual([[100, 0, 0]]);
  });

  it('is overloaded, not impaired, while it has to serve more than its capacity', () => {
    const clusters = ['a', 'b', 'c'].map((name) => facts(name, { capacity: 100 }));
    const story = new Story({ clusters, placements: [placement({ a: 50, b: 25, c: 25 }, { load: 900 })] });
    story.after(1);
    expect(story.traffic.allocation.overloads.map(({ cluster }) => cluster)).toEqual(['a', 'b', 'c']);
    const before = story.percents;
    story.after(1, [], slow('a'));
    expect([story.state('a').impairedSinceMs, story.percents]).toEqual([undefined, before]);
  });
});

describe('a new cluster', () => {
  const clusters = [facts('a'), facts('b'), facts('c', { createdAtMs: T0 - 1000 })];
  const never = health('c', 'unknown');
  delete never.firstHealthyAtMs;
  const before = [health('a', 'healthy'), health('b', 'healthy')];

  it('gets nothing before it has been found healthy, and then its share', () => {
    const first = decide(input({ clusters, health: [...before, never] }));
    expect(first && percentsIn(first.traffic)).toEqual([[67, 33, 0]]);
    expect(first?.traffic.clusters).toMatchObject([{ cluster: 'c', standing: 'joining' }]);
    const health_ = [...before, health('c', 'healthy')];
    const then = decide(input({ clusters, health: health_, traffic: first?.traffic ?? NO_TRAFFIC }));
    expect(then && percentsIn(then.traffic)).toEqual([[50, 25, 25]]);
    expect(then?.traffic.clusters).toEqual([]);
  });

  it('serves at once where that is declared, and in a fleet that never served', () => {
    const atOnce = [facts('a'), facts('b'), facts('c', { createdAtMs: T0 - 1000, joins: 'at-once' })];
    expect(decide(input({ clusters: atOnce, health: [...before, never] }))).toBeUndefined();
    expect(decide(input({ clusters, health: [never] }))).toBeUndefined();
  });

  it('serves before it was found healthy when all others are gone, and before the dead', () => {
    const story = new Story({ clusters, health: [...before, never] });
    story.after(1, { c: 'unknown' }, { health: [...before, never] });
    const dead = ['a', 'b'].map((name) => health(name, 'unhealthy', { sinceMs: T0 + 2000, observedAtMs: T0 + 2000 }));
    story.after(1, {}, { health: [...dead, never] });
    expect(story.percents).toEqual([[0, 0, 100]]);
  });
});
