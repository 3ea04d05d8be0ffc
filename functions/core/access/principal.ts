import type { Grant, Me, Permission, Subject } from '../../../schemas/access.ts';
import { ROLES } from './roles.ts';

/** Stands for every fleet, those that are still to come included. */
export const EVERY_FLEET = '*';

/**
 * The place of what belongs to the whole installation, such as tokens, where the store asks for a fleet. No fleet has this name,
 * because it is not a DNS label.
 */
export const INSTALLATION = '-';

/** A role that somebody has, and where it holds: in which fleets, and there for which gateways or for which voter. */
export type HeldGrant = Pick<Grant, 'role' | 'fleets' | 'credentials' | 'instances' | 'voter'>;

/** Whoever sends a request, and everything that they may do. */
export interface Principal {
  /** The name under which audit events tell of them. */
  actor: string;
  /**
   * The way in which they are known. setting: by the token of the settings. token: by a stored token. oidc: by a token of
   * an identity provider. voter: by the token of an alert voter, or by the credential of
   * an agent. automation: Fairlead itself. anonymous: not at all.
   */
  kind: Me['kind'];
  grants: readonly HeldGrant[];
  /** The subject by which grants name them alone; absent for those who have no grants. */
  subject?: Subject | undefined;
  /** The time at which their token expires; absent when it does not. */
  expiresAt?: string | undefined;
}

/** The part of the installation that a request concerns. */
export interface Scope {
  /** The fleet; absent for the whole installation, which takes a grant for every fleet. */
  fleet?: string | undefined;
  /** The voter for which evidence is sent. */
  voter?: string | undefined;
  /** The gateway that is declared or pushed to: its credential set, and its instance once it has one. */
  gateway?: { credentials: string; instance?: string | undefined } | undefined;
}

/** Fairlead itself, which goes on with what people have begun. */
export const AUTOMATION: Principal = {
  actor: 'automation',
  kind: 'automation',
  grants: [{ role: 'admin', fleets: [EVERY_FLEET] }],
};

/** Whoever sends no token, which a few operations do not need. */
export const ANONYMOUS: Principal = { actor: 'anonymous', kind: 'anonymous', grants: [] };

/** Tells whether one of the grants gives the permission for all that the scope names. */
export function mayDo({ grants }: Principal, permission: Permission, scope: Scope): boolean {
  return grants.some((grant) => ROLES[grant.role].includes(permission) && covers(grant, scope));
}

/** Tells whether somebody may know that a fleet of this name exists, which takes any role in it. */
export function maySee({ grants }: Principal, fleet: string): boolean {
  return grants.some(({ fleets }) => isAmong(fleets, fleet));
}

/** Returns the fleets in which somebody has the permission, sorted, or `*` for every fleet. */
export function fleetsWith({ grants }: Principal, permission: Permission): readonly string[] | typeof EVERY_FLEET {
  const fleets = grants.filter(({ role }) => ROLES[role].includes(permission)).flatMap((grant) => grant.fleets);
  return fleets.includes(EVERY_FLEET) ? EVERY_FLEET : [...new Set(fleets)].sort();
}

function covers(grant: HeldGrant, { fleet, voter, gateway }: Scope): boolean {
  const isHere = fleet === undefined ? grant.fleets.includes(EVERY_FLEET) : isAmong(grant.fleets, fleet);
  const isForVoter = voter === undefined || grant.voter === undefined || grant.voter === voter;
  return isHere && isForVoter && (gateway === undefined || coversGateway(grant, gateway));
}

/** Tells whether a grant covers a gateway. One without an instance yet is covered by a grant without a list of instances only. */
function coversGateway({ credentials, instances }: HeldGrant, gateway: NonNullable<Scope['gateway']>): boolean {
  const isCredential = credentials === undefined || credentials.includes(gateway.credentials);
  const isInstance =
    instances === undefined || (gateway.instance !== undefined && instances.includes(gateway.instance));
  return isCredential && isInstance;
}

function isAmong(fleets: readonly string[], fleet: string): boolean {
  return fleets.includes(fleet) || fleets.includes(EVERY_FLEET);
}
