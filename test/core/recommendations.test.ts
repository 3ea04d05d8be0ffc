import { describe, expect, it } from 'vitest';
import { isoOf } from '../../functions/core/model/time.ts';
import {
  conclusionOf,
  type ScoredDecision,
  scoreOf,
  withheldOf,
} from '../../functions/core/simulation/recommendation-score.ts';
import { T0 } from './fixtures.ts';
import { facts, HOUR, placement, policy, Story } from './story.ts';

const SCOPE = { sinceMs: T0, untilMs: T0 + HOUR, flapMs: 42_000 };

/** A decision so many seconds after the beginning, and the percent that each cluster that is down keeps. */
function at(seconds: number, kept: Record<string, number>, options: Partial<ScoredDecision> = {}): ScoredDecision {
  const withheld = Object.entries(kept).map(([cluster, percent]) => ({ cluster, percent }));
  return { id: `dec_${seconds}`, decidedAt: isoOf(T0 + seconds * 1000), outcome: 'withheld', withheld, ...options };
}

describe('what is withheld', () => {
  const own = policy({ automation: 'recommend' });

  it('is what the cluster has and would not be given, by the loads of backends', () => {
    const placements = [
      placement({ a: 50, b: 50 }, { key: 'p', load: 300 }),
      placement({ a: 100, b: 0, c: 100 }, { key: 'q', load: 100 }),
    ];
    const story = new Story({ policy: own, placements });
    story.after(5, ['a']);
    expect(withheldOf(story.now, story.traffic)).toEqual([{ cluster: 'a', percent: 50, requestsPerSecond: 200 }]);
  });

  it('counts backends alike where no load is declared, pool by pool', () => {
    const placements = [
      placement({ a: 100, b: 100 }, { key: 'p', pools: ['x/80', 'y/80', 'z/80'] }),
      placement({ b: 100, c: 100 }, { key: 'q' }),
    ];
    const story = new Story({ policy: own, placements });
    story.after(5, ['a']);
    expect(withheldOf(story.now, story.traffic)).toEqual([{ cluster: 'a', percent: 37.5 }]);
  });

  it('is nothing of a cluster that is down and that nobody else can serve for, or that people have taken out', () => {
    const alone = new Story({ policy: own, clusters: [facts('a')], placements: [placement({ a: 1 })] });
    alone.after(5, ['a']);
    expect(withheldOf(alone.now, alone.traffic)).toEqual([{ cluster: 'a', percent: 0 }]);
    const story = new Story({ policy: own });
    story.after(5, ['a']);
    story.ask({ type: 'apply' });
    expect(withheldOf(story.now, story.traffic)).toEqual([{ cluster: 'a', percent: 0 }]);
  });

  it('is not told of a fleet that is automatic', () => {
    const story = new Story();
    story.after(5, ['a']);
    expect(withheldOf(story.now, story.traffic)).toBeUndefined();
  });
});

describe('a failure', () => {
  it('is confirmed when the cluster stays down for longer than voters may take, and costs what it keeps until then', () => {
    const score = scoreOf([at(10, { a: 50 }), at(110, {})], SCOPE);
    expect(score).toMatchObject({ failovers: 1, confirmed: 1, regretted: 0, open: 0, percentSeconds: 5000 });
    expect(score.failures).toMatchObject([
      { cluster: 'a', decision: 'dec_10', since: isoOf(T0 + 10_000), until: isoOf(T0 + 110_000) },
    ]);
  });

  it('is regretted when the cluster is found healthy again as soon as voters can say so, and then costs nothing', () => {
    const score = scoreOf([at(10, { a: 50 }), at(52, {})], SCOPE);
    expect(score).toMatchObject({ failovers: 1, confirmed: 0, regretted: 1, percentSeconds: 0 });
  });

  it('is confirmed by people who put the recommendation in force, however soon, and costs nothing from then on', () => {
    const score = scoreOf([at(10, { a: 50 }), at(20, { a: 0 }, { outcome: 'applied' }), at(30, {})], SCOPE);
    expect(score).toMatchObject({ confirmed: 1, percentSeconds: 500 });
    expect(score.failures).toMatchObject([{ until: isoOf(T0 + 20_000) }]);
  });

  it('is not confirmed by the failure of the one that would have served instead', () => {
    const score = scoreOf([at(10, { a: 50 }), at(20, { a: 0, b: 0 }), at(30, { b: 0 })], SCOPE);
    expect(score).toMatchObject({ failovers: 1, confirmed: 0, regretted: 1 });
  });

  it('is open while it is younger than voters may take, and confirmed later', () => {
    const decisions = [at(10, { a: 50 })];
    expect(scoreOf(decisions, { ...SCOPE, untilMs: T0 + 52_000 })).toMatchObject({ open: 1, percentSeconds: 2100 });
    expect(scoreOf(decisions, { ...SCOPE, untilMs: T0 + 53_000 })).toMatchObject({ confirmed: 1, open: 0 });
  });

  it('counts when it began before the scope, and costs what was kept within it', () => {
    const score = scoreOf([at(-100, { a: 50 }), at(10, {})], SCOPE);
    expect(score).toMatchObject({ failovers: 1, confirmed: 1, percentSeconds: 500 });
  });

  it('is not counted when automation would have taken nothing away', () => {
    expect(scoreOf([at(10, { a: 0 }), at(110, {})], SCOPE)).toMatchObject({ failovers: 0, failures: [] });
  });

  it('costs at each time what was kept then, in requests too where loads are declared', () => {
    const kept = (percent: number, requestsPerSecond: number) => ({
      withheld: [{ cluster: 'a', percent, requestsPerSecond }],
    });
    const score = scoreOf([at(0, {}, kept(50, 100)), at(60, {}, kept(10, 20)), at(160, {})], SCOPE);
    expect(score).toMatchObject({ failovers: 1, percentSeconds: 50 * 60 + 10 * 100, requests: 6000 + 2000 });
  });

  it('costs the same when the clock of a decider runs behind', () => {
    const score = scoreOf([at(10, { a: 50 }), at(5, { a: 50, b: 10 }), at(110, { b: 10 }), at(110, {})], SCOPE);
    expect(score.percentSeconds).toBe(50 * 100 + 10 * 100);
  });
});

describe('the conclusion', () => {
  const told = { fleet: 'prod', automation: 'recommend' as const, isWholeWeek: true };

  it('says all of it in one sentence', () => {
    const score = scoreOf([at(10, { a: 50 }), at(110, {}), at(200, { b: 20 }), at(210, {})], SCOPE);
    expect(conclusionOf({ ...told, ...score })).toBe(
      'In the last 7 days automation would have taken traffic away from failing clusters 2 times: 1 confirmed, 1 regretted, 0 open; ' +
        'without it, clusters that were down kept as much as all traffic of the fleet in 50 s.',
    );
  });

  it('owns up to a week that is not over, and to a fleet in which nothing is withheld', () => {
    const score = scoreOf([], SCOPE);
    expect(conclusionOf({ ...told, isWholeWeek: false, ...score })).toMatch(/^Since 20.*, which is less than a week, /);
    expect(conclusionOf({ ...told, automation: 'automatic', ...score })).toContain('nothing is withheld');
  });
});
