import { describe, expect, it } from 'vitest';
import { type ServedPool, shareChanges } from '../../functions/core/gateway/share-changes.ts';

type Percents = Record<string, number>;

/**
 * Pools by key (`service-anything`) with the points of each cluster. The key behind @ names the objects that serve the
 * pool; without it the pool has its own.
 */
function served(shares: Record<string, Percents>): ServedPool[] {
  return Object.entries(shares).map(([name, percents]) => {
    const [key = name, object = key] = name.split('@');
    return {
      pool: {
        key,
        service: key.split('-', 1)[0] ?? key,
        port: 80,
        protocol: 'HTTP',
        healthCheck: { type: 'tcp', intervalSeconds: 2, timeoutSeconds: 2, healthyThreshold: 2, unhealthyThreshold: 2 },
        pinned: false,
        members: [],
        objects: [{ key: object }],
      },
      shares: Object.entries(percents).map(([cluster, percent]) => ({ cluster, percent })),
    };
  });
}

const shown = (before: Record<string, Percents>, after: Record<string, Percents>) =>
  shareChanges(served(before), served(after)).map(
    ({ pool, cluster, beforePercent, afterPercent }) => `${pool} ${cluster} ${beforePercent}→${afterPercent}`,
  );

describe('the shares that a plan moves', () => {
  it('are those that differ, by pool and cluster', () => {
    const changes = shown({ 'shop-1': { a: 60, b: 40 } }, { 'shop-1': { a: 60, b: 30, c: 10 } });
    expect(changes).toEqual(['shop-1 b 40→30', 'shop-1 c 0→10']);
  });

  it('of a pool that is served by the objects of another from now on are held against that one', () => {
    const changes = shown({ 'shop-1': { a: 60, b: 40 } }, { 'shop-2@shop-1': { a: 10, b: 90 } });
    expect(changes).toEqual(['shop-2 a 60→10', 'shop-2 b 40→90']);
  });

  it('of a pool that comes, and of one that goes without a successor, are held against nothing', () => {
    const changes = shown({ 'shop-1': { a: 100 } }, { 'pay-1': { b: 100 } });
    expect(changes).toEqual(['pay-1 b 0→100', 'shop-1 a 100→0']);
  });
});
