import { describe, expect, it } from 'vitest';
import {
  clusterPoints,
  type Deviation,
  keptDeviations,
  keptPoints,
  MAX_DEVIATIONS,
} from '../../functions/core/gateway/reading.ts';
import type { Pool } from '../../functions/core/model/ir.ts';

const deviation = (key: string, more: Partial<Deviation> = {}): Deviation => ({
  kind: 'Rule',
  key,
  verb: 'create',
  detail: 'not at the gateway',
  reason: 'Pending',
  changes: [],
  isPoints: false,
  routes: [],
  since: '2026-11-28T00:00:00.000Z',
  ...more,
});

describe('deviations of a gateway', () => {
  it('are kept in order, each object once, the later of two', () => {
    const kept = keptDeviations([deviation('b'), deviation('a', { reason: 'Drifted' }), deviation('a')]);
    expect(kept.deviations.map(({ key, reason }) => [key, reason])).toEqual([
      ['a', 'Pending'],
      ['b', 'Pending'],
    ]);
    expect(kept.omitted).toBe(0);
  });

  it('that are too many are counted, and the gravest of them kept', () => {
    const many = Array.from({ length: MAX_DEVIATIONS + 5 }, (_, index) => deviation(`r${index}`));
    const kept = keptDeviations([...many, deviation('z', { reason: 'Refused' })]);
    expect(kept.deviations).toHaveLength(MAX_DEVIATIONS);
    expect(kept.deviations.at(-1)).toMatchObject({ key: 'z', reason: 'Refused' });
    expect(kept.omitted).toBe(6);
  });
});

describe('points of a gateway', () => {
  const points = {
    pools: {
      'shop-80-1': [
        { cluster: 'a', percent: 100 },
        { cluster: 'b', percent: 0 },
      ],
      'pay-80-1': [{ cluster: 'b', percent: 30 }],
    },
    routes: { shop: ['shop-80-1'] },
  };

  it('tell the least and the most that a cluster has of any pool of which it is a member', () => {
    const pools = ['shop-80-1', 'pay-80-1', 'untold-80-1'].map(
      (key): Pool => ({
        key,
        service: 'shop',
        port: 80,
        protocol: 'HTTP',
        healthCheck: { type: 'tcp', intervalSeconds: 2, timeoutSeconds: 2, healthyThreshold: 2, unhealthyThreshold: 2 },
        pinned: false,
        members: [{ cluster: 'a', weight: 1, tier: 0, endpoints: [] }],
      }),
    );
    expect(clusterPoints(points, pools)).toEqual([
      { cluster: 'a', pools: 2, unknownPools: 1, minPercent: 100, maxPercent: 100 },
      { cluster: 'b', pools: 2, unknownPools: 0, minPercent: 0, maxPercent: 30 },
    ]);
  });

  it('are kept without those who have nothing', () => {
    expect(keptPoints(points).pools['shop-80-1']).toEqual([{ cluster: 'a', percent: 100 }]);
  });
});
