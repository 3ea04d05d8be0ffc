import type { ShareChange } from '../../schemas/plan.ts';
import type { Pool } from './ir.ts';
import type { ProviderObject } from './provider-object.ts';

/** Pools, and the objects that make a gateway serve them; these tell what clusters really get. */
export interface Served {
  pools: readonly Pool[];
  objects: readonly ProviderObject[];
}

/**
 * How much of each pool its clusters get, where that differs. A pool that takes the place of another — the only one of its service port
 * that goes, as when the distribution of a route changes — is compared with that one.
 */
export function shareChanges(before: Served, after: Served): ShareChange[] {
  const [then, now] = [sharesByPool(before), sharesByPool(after)];
  const staying = new Set(after.pools.map(({ key }) => key));
  const known = new Set(before.pools.map(({ key }) => key));
  const going = Map.groupBy(
    before.pools.filter(({ key }) => !staying.has(key)),
    placeOf,
  );
  const coming = Map.groupBy(
    after.pools.filter(({ key }) => !known.has(key)),
    placeOf,
  );
  const successors = new Map<string, string>();
  for (const [place, [pool, ...others]] of going) {
    const [next, ...rest] = coming.get(place) ?? [];
    if (pool && next && others.length + rest.length === 0) successors.set(next.key, pool.key);
  }
  const replaced = new Set(successors.values());
  const gone = [...going.values()].flat().filter(({ key }) => !replaced.has(key));
  return [...after.pools, ...gone].flatMap((pool) =>
    differences(pool, then.get(successors.get(pool.key) ?? pool.key), now.get(pool.key)),
  );
}

type Percents = ReadonlyMap<string, number>;

function differences(
  { key, service, port }: Pool,
  then: Percents = new Map(),
  now: Percents = new Map(),
): ShareChange[] {
  return [...new Set([...then.keys(), ...now.keys()])].sort().flatMap((cluster) => {
    const beforePercent = then.get(cluster) ?? 0;
    const afterPercent = now.get(cluster) ?? 0;
    if (beforePercent === afterPercent) return [];
    return [{ pool: key, service, port, cluster, beforePercent, afterPercent }];
  });
}

function sharesByPool({ objects }: Served): Map<string, Percents> {
  const pools = new Map<string, Percents>();
  for (const { pool, shares } of objects) {
    if (pool !== undefined && shares) pools.set(pool, new Map(shares.map((share) => [share.cluster, share.percent])));
  }
  return pools;
}

function placeOf({ service, port }: Pool): string {
  return `${service}:${port}`;
}
