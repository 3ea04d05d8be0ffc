import { describe, expect, it } from 'vitest';
import { clusterPoints, pointsDiffer, rangeText } from '../../functions/core/cluster-points.ts';
import type { Placement } from '../../functions/core/situation.ts';
import { NO_TRAFFIC, type Traffic } from '../../functions/core/traffic.ts';

const placement = (key: string, weights: Record<string, number>): Placement => ({
  key,
  members: Object.entries(weights).map(([cluster, weight]) => ({ cluster, weight, tier: 0 })),
  pinned: false,
  load: 0,
  services: ['shop'],
});

const withdrawn = (...times: [string, number][]): Traffic => ({
  ...NO_TRAFFIC,
  withdrawals: times.map(([cluster, sinceMs]) => ({
    cluster,
    percent: 0,
    cause: 'failure',
    sinceMs,
    reason: 'unhealthy',
    decision: 'd',
  })),
});

describe('points that clusters shall have', () => {
  const placements = [placement('p', { a: 60, b: 40 }), placement('q', { a: 10, c: 90 })];

  it('are told as the least and the most of any placement', () => {
    const found = clusterPoints(placements, NO_TRAFFIC);
    expect(found.get('a')).toEqual({ minPercent: 10, maxPercent: 60 });
    expect(found.get('c')).toEqual({ minPercent: 90, maxPercent: 90 });
    expect([rangeText({ minPercent: 10, maxPercent: 60 }), rangeText({ minPercent: 0, maxPercent: 0 })]).toEqual([
      '10 to 60 %',
      '0 %',
    ]);
  });

  it('differ when the order of withdrawals does, since those that were withdrawn last keep serving', () => {
    const [before, after] = [withdrawn(['a', 1], ['b', 2]), withdrawn(['a', 3], ['b', 2])];
    expect(pointsDiffer(placements, before, after)).toBe(true);
    expect(pointsDiffer(placements, before, withdrawn(['a', 1], ['b', 5]))).toBe(false);
  });
});
