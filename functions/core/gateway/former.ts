/** Who had a pool before: a gateway that has yet to follow sends requests to clusters that are no members any more. */

import type { Address, Member, Pool, Share } from '../model/ir.ts';

/**
 * The matched pool, with the members that the pools before it had that were served by the same objects, and with all others that export its
 * service, as far as they have other addresses.
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

/** The pool with everybody who may have requests of it as a member, so that each address belongs to somebody. */
export function withEverybody({ former = [], ...pool }: Pool): Pool {
  return { ...pool, members: byCluster([...pool.members, ...former]) };
}

/** The pool without the former members that have been read to have nothing any more. `points`: undefined while that cannot be told. */
export function withoutGone(pool: Pool, points: readonly Share[] | undefined): Pool {
  if (pool.former === undefined || points === undefined) return pool;
  const serving = new Set(points.filter(({ percent }) => percent > 0).map(({ cluster }) => cluster));
  const former = pool.former.filter(({ cluster }) => serving.has(cluster));
  return former.length === 0 ? withoutFormer(pool) : { ...pool, former };
}

/** What is told of a pool: its members, and of the others who have something. */
export function shownPoints({ members }: Pool, points: readonly Share[]): Share[] {
  const isMember = new Set(members.map(({ cluster }) => cluster));
  return points.filter(({ cluster, percent }) => isMember.has(cluster) || percent > 0);
}

function withoutFormer({ former: _, ...pool }: Pool): Pool {
  return pool;
}

/** One member for each cluster, with all of its addresses. */
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
