/**
 * Tracks the former members of a pool: a gateway that does not follow yet still sends requests to clusters that are no
 * longer members.
 */

import type { Address, Member, Pool, Share } from '../model/ir.ts';

/**
 * Returns the matched pool with its former members: members of earlier pools that were served by the same objects, and
 * all other exporters of its service, each with the addresses that no present member has.
 */
export function withFormer(pool: Pool, before: readonly Pool[], exporters: readonly Member[] = []): Pool {
  const keys = new Set((pool.objects ?? []).map(({ key }) => key));
  const served = before.filter(({ key, objects = [] }) => key === pool.key || objects.some((one) => keys.has(one.key)));
  const known = new Set(pool.members.flatMap(({ endpoints }) => endpoints.map(nameOf)));
  const former = [...served.flatMap(({ members, former: earlier = [] }) => [...members, ...earlier]), ...exporters]
    .map((member) => ({ ...member, endpoints: member.endpoints.filter((address) => !known.has(nameOf(address))) }))
    .filter(({ endpoints }) => endpoints.length > 0);
  return former.length === 0 ? withoutFormer(pool) : { ...pool, former: byCluster(former) };
}

/**
 * Returns the pool with every cluster that may still get requests of it as a member, so that each address belongs to a
 * cluster.
 */
export function withEverybody({ former = [], ...pool }: Pool): Pool {
  return { ...pool, members: byCluster([...pool.members, ...former]) };
}

/**
 * Returns the pool without the former members that have been read to get nothing any more. `points` is undefined while
 * the shares are unknown.
 */
export function withoutGone(pool: Pool, points: readonly Share[] | undefined): Pool {
  if (pool.former === undefined || points === undefined) return pool;
  const serving = new Set(points.filter(({ percent }) => percent > 0).map(({ cluster }) => cluster));
  const former = pool.former.filter(({ cluster }) => serving.has(cluster));
  return former.length === 0 ? withoutFormer(pool) : { ...pool, former };
}

/**
 * Returns the shares of a pool to report: those of its members, and those of other clusters that still get something.
 */
export function shownPoints({ members }: Pool, points: readonly Share[]): Share[] {
  const isMember = new Set(members.map(({ cluster }) => cluster));
  return points.filter(({ cluster, percent }) => isMember.has(cluster) || percent > 0);
}

function withoutFormer({ former: _, ...pool }: Pool): Pool {
  return pool;
}

/** Merges members so that each cluster appears once, with all of its addresses. */
function byCluster(members: readonly Member[]): Member[] {
  const found = new Map<string, Member>();
  for (const member of members) {
    const known = found.get(member.cluster);
    const endpoints = known ? distinct([...known.endpoints, ...member.endpoints]) : member.endpoints;
    found.set(member.cluster, { ...(known ?? member), endpoints });
  }
  return [...found.values()];
}

function distinct(addresses: readonly Address[]): Address[] {
  return [...new Map(addresses.map((address) => [nameOf(address), address])).values()];
}

function nameOf({ address, port }: Address): string {
  return `${address}:${port}`;
}
