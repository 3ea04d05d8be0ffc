import { equal } from '../../../core/model/digest.ts';
import type { RouteSpec } from '../compile/canonical.ts';
import type { RouteChange } from '../compile/changes.ts';
import { POLICIES, type Policy } from '../compile/policies.ts';
import { GOING_OFFLINE, isOnline, PUBLISHED, PUBLISHING } from '../observe/status.ts';
import type { WriteAction } from '../permissions.ts';

/** One write to an existing route: to a policy, or else to its match and destination as a whole. */
export interface RouteEdit {
  action: WriteAction;
  policy?: Policy;
}

export const PUBLISH = 'ApplyGatewayRoute' as const;
export const TAKE_OFFLINE = 'OfflineGatewayRoute' as const;

/**
 * Returns the actions that a change of a route takes, in order. `status` is that of the route at the gateway; undefined
 * when there is no such route.
 */
export function routeActions({ before, after }: RouteChange, status: number | undefined): WriteAction[] {
  if (after === undefined) return [...(mustGoOffline(status) ? [TAKE_OFFLINE] : []), 'DeleteGatewayRoute'];
  if (before === undefined) return ['AddGatewayRoute', PUBLISH];
  const edits = routeEdits(before.spec, after.spec);
  return [...edits.map(({ action }) => action), ...(mustPublish(edits.length > 0, status) ? [PUBLISH] : [])];
}

/** Returns the writes to a route. Match and destination are replaced as a whole, and each policy on its own. */
export function routeEdits(current: RouteSpec, desired: RouteSpec): RouteEdit[] {
  const isMoved = !equal(withoutPolicies(current), withoutPolicies(desired));
  const policies = POLICIES.filter(({ field }) => !equal(current[field], desired[field]));
  return [
    ...(isMoved ? [{ action: 'UpdateGatewayRoute' as const }] : []),
    ...policies.map((policy) => ({ action: policy.action, policy })),
  ];
}

function withoutPolicies(spec: RouteSpec) {
  const { Domains, Predicates, DestinationType, Services, FallbackServices, DirectResponse, Redirect } = spec;
  return { Domains, Predicates, DestinationType, Services, FallbackServices, DirectResponse, Redirect };
}

/**
 * Tells whether a route must be published. A publication that is under way suffices when nothing has been written
 * since.
 */
export function mustPublish(isEdited: boolean, status: number | undefined): boolean {
  return isEdited || (status !== PUBLISHED && status !== PUBLISHING);
}

/** Tells whether a route must be taken offline, because a published route cannot be deleted. */
export function mustGoOffline(status: number | undefined): boolean {
  return status !== undefined && isOnline(status) && status !== GOING_OFFLINE;
}
