/** Checks of grants that are narrowed to credential sets and gateway instances. */

import type { Scope } from '../../core/access/principal.ts';
import type { Resource } from '../../core/model/resource.ts';
import { type ChangeSet, followersOf, isOf } from '../change-set.ts';
import type { Context } from '../context.ts';
import { authorize } from './authorize.ts';

/** Throws `forbidden` when the changes declare a gateway, or make one follow, that the grants of the principal leave out. */
export async function authorizeChanges(ctx: Context, set: ChangeSet): Promise<void> {
  if (!isNarrowed(ctx)) return;
  const declared = set.changes
    .filter(isOf('gateway'))
    .flatMap(({ resource, before }) => [resource, before ?? resource]);
  authorizeGateways(ctx, set.fleet, [...declared, ...(await set.then.find('gateway', followersOf(set)))]);
}

/** Throws `forbidden` when a command on the traffic of a fleet would push to a gateway that the grants leave out. */
export async function authorizeTraffic(ctx: Context, fleet: string): Promise<void> {
  if (isNarrowed(ctx)) authorizeGateways(ctx, fleet, await ctx.deps.store.all('gateway', fleet));
}

/** Throws `forbidden` when one of the gateways is left out by the grants of the principal. */
export function authorizeGateways(
  { principal, permission }: Context,
  fleet: string,
  gateways: readonly Resource<'gateway'>[],
): void {
  if (permission === undefined) return;
  for (const { spec } of gateways) authorize(principal, permission, { fleet, gateway: gatewayOf(spec) });
}

function isNarrowed({ principal }: Context): boolean {
  return principal.grants.some(({ credentials, instances }) => credentials !== undefined || instances !== undefined);
}

function gatewayOf({ credentials, target }: Resource<'gateway'>['spec']): NonNullable<Scope['gateway']> {
  if (target === undefined) return { credentials };
  return { credentials, instance: target.provider === 'alb' ? target.loadBalancerId : target.gatewayUniqueId };
}
