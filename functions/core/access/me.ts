import type { Me, Permission } from '../../../schemas/access.ts';
import { compareText } from '../model/text.ts';
import type { Principal } from './principal.ts';
import { ROLES } from './roles.ts';

/** Returns what the API tells somebody about themselves. The permissions of `*` hold in every fleet, and are not repeated. */
export function describe({ actor, kind, grants, expiresAt }: Principal): Me {
  const byFleet = new Map<string, Set<Permission>>();
  for (const { role, fleets } of grants) {
    for (const fleet of fleets) byFleet.set(fleet, new Set([...(byFleet.get(fleet) ?? []), ...ROLES[role]]));
  }
  const permissions = [...byFleet]
    .map(([fleet, held]) => ({ fleet, permissions: [...held].sort() }))
    .sort((a, b) => compareText(a.fleet, b.fleet));
  return {
    ...{ actor, kind, permissions, ...(expiresAt !== undefined && { expiresAt }) },
    grants: [...grants],
  };
}
