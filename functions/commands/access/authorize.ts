import type { Permission } from '../../../schemas/access.ts';
import { type Access, judge, mayDoSomewhere, type Names, scopeOfBody, scopeOfPath } from '../../core/access/access.ts';
import type { Principal, Scope } from '../../core/access/principal.ts';
import { rolesWith } from '../../core/access/roles.ts';
import { type AppError, Denied } from '../app-error.ts';
import { notFound } from '../load.ts';
import { theFleet } from '../refusals.ts';

/**
 * Decides from the path of a request. Throws `not-found`, as for a fleet that does not exist, when the principal may not
 * see the fleet, and `forbidden` when they see it but have no permission.
 */
export function authorizePath(principal: Principal, access: Access, path: Names): void {
  if (typeof access === 'string') return;
  const { permission, place } = access;
  if (place === 'some-fleet' && !mayDoSomewhere(principal, permission)) throw forbidden(permission, 'in any fleet');
  const scope = scopeOfPath(place, path);
  if (scope) authorize(principal, permission, scope);
}

/** Decides from the body, where the body says what a request concerns. Throws as `authorizePath` does. */
export function authorizeBody(principal: Principal, access: Access, path: Names, body: unknown): void {
  if (typeof access === 'string') return;
  const scope = scopeOfBody(access.place, path, Object(body));
  if (scope) authorize(principal, access.permission, scope);
}

/** Throws unless the principal has the permission in this scope. */
export function authorize(principal: Principal, permission: Permission, scope: Scope): void {
  const verdict = judge(principal, permission, scope);
  if (verdict === 'hidden') throw hidden(scope.fleet ?? '');
  if (verdict === 'forbidden') throw forbidden(permission, placeOf(scope));
}

/** Returns the same problem as for a fleet that does not exist. */
function hidden(fleet: string): AppError {
  return new Denied('not-found', notFound(theFleet(fleet)).detail);
}

function forbidden(permission: Permission, place: string): AppError {
  const roles = new Intl.ListFormat('en', { type: 'disjunction' }).format(rolesWith(permission));
  return new Denied(
    'forbidden',
    `This needs the permission ${permission} ${place}, which comes with the role ${roles}.`,
  );
}

function placeOf({ fleet, voter, gateway }: Scope): string {
  if (fleet === undefined) return 'in every fleet';
  if (gateway !== undefined) {
    const instance =
      gateway.instance === undefined ? 'an instance that is still to be created' : `instance ${gateway.instance}`;
    return `in fleet ${fleet} for ${instance} and credential set ${gateway.credentials}`;
  }
  return voter === undefined ? `in fleet ${fleet}` : `in fleet ${fleet} for voter ${voter}`;
}
