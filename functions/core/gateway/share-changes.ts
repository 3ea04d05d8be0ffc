import type { ShareChange } from '../../../schemas/plan.ts';
import type { Pool, Share } from '../model/ir.ts';

/** A pool, and the shares that clusters get of it at the gateway. */
export interface ServedPool {
  pool: Pool;
  shares: readonly Share[];
}

/**
 * Returns the changes of the shares that clusters get of pools. A pool that takes over the objects of another pool is
 * compared with that pool: its weights, tiers or members have changed.
 */
export function shareChanges(before: readonly ServedPool[], after: readonly ServedPool[]): ShareChange[] {
  const byKey = new Map(before.map((served) => [served.pool.key, served]));
  const byObject = new Map(before.flatMap((served) => objectsOf(served).map((key) => [key, served] as const)));
  const replaced = new Set<ServedPool>();
  const changes = after.flatMap((served) => {
    const [object] = objectsOf(served).flatMap((key) => byObject.get(key) ?? []);
    const last = object ?? byKey.get(served.pool.key);
    if (last) replaced.add(last);
    return differences(served.pool, last?.shares ?? [], served.shares);
  });
  const gone = before.filter((served) => !replaced.has(served));
  return [...changes, ...gone.flatMap(({ pool, shares }) => differences(pool, shares, []))];
}

function objectsOf({ pool: { objects = [] } }: ServedPool): string[] {
  return objects.map(({ key }) => key);
}

function differences({ key, service, port }: Pool, then: readonly Share[], now: readonly Share[]): ShareChange[] {
  const percentOf = (shares: readonly Share[], cluster: string) =>
    shares.find((share) => share.cluster === cluster)?.percent ?? 0;
  return [...new Set([...then, ...now].map(({ cluster }) => cluster))].sort().flatMap((cluster) => {
    const beforePercent = percentOf(then, cluster);
    const afterPercent = percentOf(now, cluster);
    if (beforePercent === afterPercent) return [];
    return [{ pool: key, service, port, cluster, beforePercent, afterPercent }];
  });
}
