import type { Permission } from '../../../schemas/access.ts';
import type { Access } from '../../core/access/access.ts';

/** Returns the access of an operation that takes the permission in the fleet of its path. */
export function inFleet(permission: Permission): Access {
  return { permission, place: 'fleet' };
}
