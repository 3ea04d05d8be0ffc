import { digest } from '../model/digest.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Pool } from '../model/ir.ts';
import { compareText } from '../model/text.ts';

/** Names of services that are kept of a placement. */
const SERVICES = 5;

/**
 * Pools with equal keys have the same members, weights and tiers: what happens to one of them happens to all. The pools of a service that stands
 * apart have keys of their own.
 */
export function placementKey({ members, pinned }: Pick<Placement, 'members' | 'pinned'>, apart?: string): string {
  const key = digest({ members: members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier })), pinned });
  return apart === undefined ? key : `${key}/${apart}`;
}

/** The key that the pools of a placement have where their service does not stand apart. */
export function sharedKey({ key, service }: Pick<Placement, 'key' | 'service'>): string {
  return service === undefined ? key : key.slice(0, -service.length - 1);
}

const NONE: ReadonlySet<string> = new Set();

/** What decisions need to know of the pools of all gateways of a fleet; by key. Services that stand apart share no placement with others. */
export function placementsOf(pools: readonly Pool[], apart = NONE): Placement[] {
  const placements = Map.groupBy(pools, (pool) =>
    placementKey(pool, apart.has(pool.service) ? pool.service : undefined),
  );
  return [...placements]
    .map(([key, alike]) => placementOf(key, alike, apart))
    .filter((placement) => placement !== undefined)
    .sort((a, b) => compareText(a.key, b.key));
}

function placementOf(key: string, alike: readonly Pool[], apart: ReadonlySet<string>): Placement | undefined {
  const [first] = alike;
  if (first === undefined) return undefined;
  return {
    key,
    ...(apart.has(first.service) && { service: first.service }),
    members: first.members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier })),
    pinned: first.pinned,
    load: alike.reduce((sum, { load }) => sum + (load ?? 0), 0),
    services: [...new Set(alike.map(({ service }) => service))].sort().slice(0, SERVICES),
    pools: [...new Set(alike.map(({ service, port }) => `${service}/${port}`))].sort(),
  };
}
