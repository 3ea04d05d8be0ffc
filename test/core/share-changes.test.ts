import { describe, expect, it } from 'vitest';
import type { Pool } from '../../functions/core/ir.ts';
import { type Served, shareChanges } from '../../functions/core/share-changes.ts';

/** Pools by key, `service-anything`, with what each cluster gets. */
function served(shares: Record<string, Record<string, number>>): Served {
  const pools = Object.keys(shares).map(
    (key): Pool => ({
      key,
      service: key.split('-', 1)[0] ?? key,
      port: 80,
      protocol: 'HTTP',
      healthCheck: { type: 'tcp', intervalSeconds: 2, timeoutSeconds: 2, healthyThreshold: 2, unhealthyThreshold: 2 },
      pinned: false,
      members: [],
    }),
  );
  const objects = Object.entries(shares).map(([pool, percents]) => ({
    kind: 'ServerGroup',
    key: pool,
    rank: 0,
    spec: {},
    pool,
    shares: Object.entries(percents).map(([cluster, percent]) => ({ cluster, percent })),
  }));
  return { pools, objects };
}

const shown = (before: Served, after: Served) =>
  shareChanges(before, after).map(
    ({ pool, cluster, beforePercent, afterPercent }) => `${pool} ${cluster} ${beforePercent}→${afterPercent}`,
  );

describe('the shares that a plan moves', () => {
  it('are those that differ, by pool and cluster', () => {
    const changes = shown(served({ 'shop-1': { a: 60, b: 40 } }), served({ 'shop-1': { a: 60, b: 30, c: 10 } }));
    expect(changes).toEqual(['shop-1 b 40→30', 'shop-1 c 0→10']);
  });

  it('of a pool that takes the place of another are held against that one', () => {
    const changes = shown(served({ 'shop-1': { a: 60, b: 40 } }), served({ 'shop-2': { a: 10, b: 90 } }));
    expect(changes).toEqual(['shop-2 a 60→10', 'shop-2 b 40→90']);
  });

  it('of a pool that comes, and of one that goes without a successor, are held against nothing', () => {
    const changes = shown(served({ 'shop-1': { a: 100 } }), served({ 'pay-1': { b: 100 } }));
    expect(changes).toEqual(['pay-1 b 0→100', 'shop-1 a 100→0']);
  });

  it('are not guessed at when several pools of a service go and come', () => {
    const before = served({ 'shop-1': { a: 100 }, 'shop-2': { b: 100 } });
    expect(shown(before, served({ 'shop-3': { a: 100 } }))).toEqual([
      'shop-3 a 0→100',
      'shop-1 a 100→0',
      'shop-2 b 100→0',
    ]);
  });
});
