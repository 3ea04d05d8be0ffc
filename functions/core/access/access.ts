/** Declarations of who may use an operation, and their decisions. */

import type { Permission } from '../../../schemas/access.ts';
import { fleetsWith, mayDo, maySee, type Principal, type Scope } from './principal.ts';

/**
 * The access to an operation. public: nobody needs a token. anybody: everybody needs a token that is accepted. Otherwise it
 * takes a permission, in a place:
 * fleet: in the fleet that the path names.
 * path-voter: in the fleet and for the voter that the path names.
 * body-voter: in the fleet that the path names, and for the voter that the body names.
 * body-fleet: in the fleet that the body names, or in every fleet when it names none.
 * some-fleet: in one fleet at least; the answer leaves the other fleets out.
 * installation: in every fleet.
 */
export type Access = 'public' | 'anybody' | { permission: Permission; place: Place };
export type Place = 'fleet' | 'path-voter' | 'body-voter' | 'body-fleet' | 'some-fleet' | 'installation';

/** Returns the access of an operation that takes the permission in the fleet of its path. */
export function inFleet(permission: Permission): Access {
  return { permission, place: 'fleet' };
}

/** Returns the permission that an operation takes; undefined when it takes none. */
export function permissionOf(access: Access): Permission | undefined {
  return typeof access === 'string' ? undefined : access.permission;
}

/** The names by which a request tells what it concerns. */
export interface Names {
  fleet?: unknown;
  voter?: unknown;
}

/**
 * Returns what the path of a request tells of its scope; undefined when there is nothing to be decided before the body is
 * known.
 */
export function scopeOfPath(place: Place, { fleet, voter }: Names): Scope | undefined {
  switch (place) {
    case 'fleet':
    case 'body-voter':
      return { fleet: text(fleet) };
    case 'path-voter':
      return { fleet: text(fleet), voter: text(voter) };
    case 'installation':
      return {};
    case 'body-fleet':
    case 'some-fleet':
      return undefined;
  }
}

/** Returns the whole scope of a request whose body says more about it than its path; undefined for all other places. */
export function scopeOfBody(place: Place, path: Names, body: Names): Scope | undefined {
  if (place === 'body-voter') return { fleet: text(path.fleet), voter: text(body.voter) };
  return place === 'body-fleet' ? { fleet: text(body.fleet) } : undefined;
}

function text(name: unknown): string | undefined {
  return typeof name === 'string' ? name : undefined;
}

/** allowed: it may be done. forbidden: it is seen, but may not be done. hidden: the fleet does not exist for the principal. */
export type Verdict = 'allowed' | 'forbidden' | 'hidden';

export function judge(principal: Principal, permission: Permission, scope: Scope): Verdict {
  if (mayDo(principal, permission, scope)) return 'allowed';
  return scope.fleet !== undefined && !maySee(principal, scope.fleet) ? 'hidden' : 'forbidden';
}

/** Tells whether somebody has the permission in one fleet at least. */
export function mayDoSomewhere(principal: Principal, permission: Permission): boolean {
  return fleetsWith(principal, permission).length > 0;
}
