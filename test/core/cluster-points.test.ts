import { describe, expect, it } from 'vitest';
import { clusterPoints, rangeText } from '../../functions/core/allocation/points.ts';
import { NO_TRAFFIC } from '../../functions/core/failover/traffic.ts';
import { down, limited } from './fixtures.ts';
import { placement } from './situations.ts';

describe('points that clusters shall have', () => {
  const placements = [placement({ a: 60, b: 40 }, { key: 'p' }), placement({ a: 10, c: 90 }, { key: 'q' })];

  it('are told as the least and the most of any placement', () => {
    const found = clusterPoints(placements, NO_TRAFFIC);
    expect(found.get('a')).toEqual({ minPercent: 10, maxPercent: 60 });
    expect(found.get('c')).toEqual({ minPercent: 90, maxPercent: 90 });
    expect([rangeText({ minPercent: 10, maxPercent: 60 }), rangeText({ minPercent: 0, maxPercent: 0 })]).toEqual([
      '10 to 60 %',
      '0 %',
    ]);
  });

  it('are those of the clusters that nothing holds back', () => {
    const found = clusterPoints(placements, limited({ a: [down()] }));
    expect(found.get('a')).toEqual({ minPercent: 0, maxPercent: 0 });
    expect(found.get('b')).toEqual({ minPercent: 100, maxPercent: 100 });
  });
});
