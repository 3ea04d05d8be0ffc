import { digest } from '../digest.ts';
import type { Placement } from '../failover/situation.ts';
import type { Pool } from '../ir.ts';
import { compareText } from '../precedence.ts';

/** Names of services that are kept of a placement. */
const SERVICES = 5;

/** Pools with equal keys have the same members, weights and tiers: what happens to one of them happens to all. */
export function placementKey({ members, pinned }: Pick<Placement, 'members' | 'pinned'>): string {
  return digest({ members: members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier })), pinned });
}

/** What decisions need to know of the pools of all gateways of a fleet; by key. */
export function placementsOf(pools: readonly Pool[]): Placement[] {
  const placements = Map.groupBy(pools, placementKey);
  return [...placements]
    .map(([key, alike]) => placementOf(key, alike))
    .filter((placement) => placement !== undefined)
    .sort((a, b) => compareText(a.key, b.key));
}

function placementOf(key: string, alike: readonly Pool[]): Placement | undefined {
  const [first] = alike;
  if (first === undefined) return undefined;
  return {
    key,
    members: first.members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier })),
    pinned: first.pinned,
    load: alike.reduce((sum, { load }) => sum + (load ?? 0), 0),
    services: [...new Set(alike.map(({ service }) => service))].sort().slice(0, SERVICES),
    pools: [...new Set(alike.map(({ service, port }) => `${service}/${port}`))].sort(),
  };
}
