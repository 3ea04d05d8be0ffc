import { digest } from '../model/digest.ts';
import type { Placement } from '../model/fleet-facts.ts';
import type { Pool } from '../model/ir.ts';
import { compareText } from '../model/text.ts';

/** The most service names that a placement keeps. */
const SERVICES = 5;

/**
 * Returns the key of the placement to which a pool belongs. Pools with equal keys have the same members, weights and
 * tiers, and always get the same shares. `apart` is the pool's service when that service has limits of its own; its
 * pools then have keys of their own.
 */
export function placementKey({ members, pinned }: Pick<Placement, 'members' | 'pinned'>, apart?: string): string {
  const key = digest({ members: members.map(({ cluster, weight, tier }) => ({ cluster, weight, tier })), pinned });
  return apart === undefined ? key : `${key}/${apart}`;
}

/** Returns the key that the placement would have if its service had no limits of its own. */
export function sharedKey({ key, service }: Pick<Placement, 'key' | 'service'>): string {
  return service === undefined ? key : key.slice(0, -service.length - 1);
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Groups the pools of all gateways of a fleet into placements, sorted by key. A service in `apart` shares no placement
 * with other services.
 */
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
