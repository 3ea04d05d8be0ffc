import type { Permission } from '../../../schemas/access.ts';
import { say } from '../../../schemas/messages/index.ts';
import { type Access, judge, mayDoSomewhere, type Names, scopeOfBody, scopeOfPath } from '../../core/access/access.ts';
import type { Principal, Scope } from '../../core/access/principal.ts';
import { rolesWith } from '../../core/access/roles.ts';
import { type AppError, Denied } from '../app-error.ts';

/**
 * Decides from the path of a request. Throws `not-found`, as for a fleet that does not exist, when the principal may not
 * see the fleet, and `forbidden` when they see it but have no permission.
 */
export function authorizePath(principal: Principal, access: Access, path: Names): void {
  if (typeof access === 'string') return;
  const { permission, place } = access;
  if (place === 'some-fleet' && !mayDoSomewhere(principal, permission)) {
    throw new Denied('forbidden', say('NoPermissionAnywhere', { permission, roles: rolesOf(permission) }));
  }
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
  if (verdict === 'forbidden') throw forbidden(permission, scope);
}

/** Returns the same problem as for a fleet that does not exist. */
function hidden(fleet: string): AppError {
  return new Denied('not-found', say('NoSuch', { kind: 'fleet', name: fleet, fleet: undefined }));
}

function forbidden(permission: Permission, scope: Scope): AppError {
  return new Denied('forbidden', say('NoPermission', { permission, roles: rolesOf(permission), ...scope }));
}

function rolesOf(permission: Permission): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(rolesWith(permission));
}
